import numpy as np
import pytest
from numpy.testing import assert_array_equal

from reservoirs import metrics


def test_an_output_that_is_not_finite_is_a_wrong_symbol():
    assert metrics.symbol_error_rate([3.0, -3.0, 1.0, 1.0], [np.nan, -9.0, 0.9, 2.5]) == 0.5
    with pytest.raises(ValueError, match=r"same shape, got \(1,\) and \(2,\)"):
        metrics.symbol_error_rate([3.0], [3.0, 1.0])


def test_errors_are_counted_above_the_tolerance_and_other_labels():
    truth, labels = np.array([0.5, 0.5, 0.5]), np.array([[0, 1, 1], [2, 1, 0]])

    assert_array_equal(metrics.count_errors(truth, np.array([0.53, 0.55, np.nan])), [0, 1, 1])
    assert_array_equal(
        metrics.count_errors(labels, np.array([[2, 1, 0], [2, 1, 1]]), n_scored=2), [1, 1]
    )
    assert metrics.sequence_error_rate(labels, labels) == 0.0
    with pytest.raises(ValueError, match="same shape"):
        metrics.count_errors(truth, labels)


def test_the_names_of_the_first_release_mean_the_same():
    assert metrics.wrong_steps is metrics.count_errors
    assert metrics.wrong_sequences is metrics.sequence_error_rate
