from typing import ClassVar

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator

from reservoirs.estimators import SeriesMixin
from reservoirs.sequences import flatten


class RunningSum(SeriesMixin, BaseEstimator):
    """The sum of all rows so far: the smallest estimator that carries a state."""

    _parameter_constraints: ClassVar = {}
    target_kind_ = "per_step"
    n_features_in_ = 1

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def _start_states(self, initial_state, n_series):
        start = np.zeros(1) if initial_state is None else np.asarray(initial_state)
        return np.broadcast_to(start, (n_series, 1))

    def _drive(self, rows, state):
        sums = state + np.cumsum(rows, axis=0)
        return sums, sums[-1]

    _read = _drive


ROWS = np.arange(1.0, 7.0)[:, None]


def test_each_series_starts_from_its_own_state():
    values, layout, ends = RunningSum()._outputs([ROWS[:2], ROWS[2:]], None, None, None)

    assert_array_equal(values[:, 0], [1, 3, 3, 7, 12, 18])
    assert layout.lengths == (2, 4)
    assert_array_equal(ends, [[3], [18]])


def test_a_context_is_run_first_and_not_returned():
    values, _, _ = RunningSum()._outputs(ROWS[2:], ROWS[:2], [10.0], None)

    assert_array_equal(values[:, 0], [16, 20, 25, 31])


def test_the_row_runner_carries_the_state_from_row_to_row():
    with RunningSum()._row_runner(np.zeros(1)) as step:
        values = [step(row) for row in ROWS]

    assert_allclose(np.ravel(values), np.cumsum(ROWS))


@pytest.mark.parametrize(("kind", "expected"), [("per_step", list), ("per_series", np.ndarray)])
def test_predictions_per_step_come_back_in_the_container_of_X(kind, expected):
    model = RunningSum()
    model.target_kind_ = kind
    _, layout = flatten([ROWS[:2], ROWS[2:]])

    assert isinstance(model._restored(ROWS, layout), expected)
