import pytest
import torch
from numpy.testing import assert_array_equal

from reservoirs.sequences import Layout
from trainers.data.split import split_examples


def split(lengths, window=None, n_last=None, fraction=None):
    layout = Layout("list" if len(lengths) > 1 else "single", tuple(lengths))
    rows = torch.arange(float(sum(lengths)))[:, None]
    return split_examples(rows, -rows, layout, n_last=n_last, window=window, fraction=fraction)


def test_without_a_fraction_every_row_is_trained_on():
    training, validation = split([5, 2])

    assert validation is None
    assert training.as_one_batch().weight == 7.0
    assert_array_equal(training.starts, [0, 5])


def test_targets_per_series_with_a_window_use_the_last_rows():
    batch = split([5, 2], window=3, n_last=1)[0].as_one_batch()

    assert_array_equal(batch.inputs[:, 0, 0], [2, 3, 4])
    assert_array_equal(batch.inputs[:2, 1, 0], [5, 6])


def test_the_tail_is_held_out():
    training, validation = split([10], fraction=0.3)

    assert_array_equal(training.lengths, [7])
    assert validation.as_one_batch().weight == 3.0
    assert_array_equal(validation.lengths, [10])  # run through from the start


def test_windows_that_end_in_the_tail_are_held_out():
    training, validation = split([10], window=4, fraction=0.3)

    assert_array_equal(training.starts, [0, 1, 2, 3])
    assert_array_equal(validation.starts, [4, 5, 6])


def test_the_last_series_are_held_out():
    training, validation = split([5, 2, 4], fraction=0.3)

    assert_array_equal(training.lengths, [5, 2])
    assert_array_equal(validation.lengths, [4])


@pytest.mark.parametrize(("lengths", "fraction"), [([5], 0.99), ([5, 5], 0.9)])
def test_a_fraction_that_leaves_nothing_is_refused(lengths, fraction):
    with pytest.raises(ValueError, match="leaves none to train on"):
        split(lengths, fraction=fraction)
