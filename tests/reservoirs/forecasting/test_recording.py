import numpy as np
import pytest
from numpy.testing import assert_array_equal

from reservoirs import NVAR, Reservoir, next_step

SERIES = [np.sin(0.3 * np.arange(40)), np.cos(0.2 * np.arange(40))]
PAIRS = [next_step(series) for series in SERIES]
STEPS = [Reservoir(n_units=7, random_state=0), NVAR(n_delays=3, degree=1)]


@pytest.mark.parametrize("step", STEPS, ids=["reservoir", "nvar"])
@pytest.mark.parametrize("container", ["single", "list", "stack"])
def test_the_state_remembered_is_that_after_the_last_row(step, container):
    X, y = PAIRS[0] if container == "single" else map(list, zip(*PAIRS, strict=True))
    if container == "stack":
        X, y = np.stack(X), np.stack(y)

    step.fit_transform(X, y)

    for i, rows in enumerate([X] if container == "single" else X):
        _, last = step._drive(rows, step._start_states(None, 1)[0])
        assert_array_equal(step.last_states_[i], last)
    assert_array_equal(step.training_end_.last_observations[0], SERIES[0][-1:])


@pytest.mark.parametrize("step", STEPS, ids=["reservoir", "nvar"])
@pytest.mark.parametrize("y", [None, np.array(["a"] * 39), np.zeros(3)])
def test_labels_and_no_targets_leave_nothing_to_remember(step, y):
    step.fit_transform(*PAIRS[0])

    step.fit_transform(PAIRS[0][0], y)

    assert not hasattr(step, "training_end_")
    assert not hasattr(step, "last_states_")
