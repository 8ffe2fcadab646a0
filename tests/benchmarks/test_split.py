import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.tasks import TASKS, Simulation, Split


@pytest.mark.parametrize("name", ["sine_clean", "oscillator_eta0.1_multi", "lagged_sine"])
def test_tuning_sees_no_test_row(name):
    split = TASKS[name].make(0)
    hidden = dataclasses.replace(split, series=split.series.copy())
    hidden.series[split.n_train + split.n_valid :] = np.nan

    seen = hidden.for_tuning()

    assert np.isfinite(seen.series).all()
    assert seen.n_train + seen.horizons[-1] == len(seen.series)


def test_standardising_uses_training_rows_only():
    split = TASKS["oscillator_eta0.1_multi"].make(0)
    standard = split.standardised()

    assert_allclose(standard.series[: split.n_train].mean(), 0.0, atol=1e-12)
    assert_allclose(standard.series[: split.n_train].std(), 1.0)
    assert_allclose(standard.scale, 1.0)


def test_a_standardised_split_knows_its_own_units():
    split = TASKS["oscillator_eta0.1_multi"].make(0)
    standard = split.standardised()

    assert standard.original is split
    assert_allclose(standard.series * standard.deviation + standard.mean, split.series, atol=1e-15)
    assert_array_equal(split.series * split.deviation + split.mean, split.series)


def test_a_simulation_needs_its_known_inputs():
    with pytest.raises(ValueError, match="driven by exog, got None"):
        Simulation(np.zeros((10, 1)), n_train=5)


def test_a_simulation_never_sees_what_it_computes():
    data = TASKS["oscillator_eta0.1_hold_simulation"].make(0)

    X, y = data.examples(50)

    assert_array_equal(X, data.exog[:50])
    assert_array_equal(y, data.series[:50])
    assert isinstance(data.for_tuning(), Simulation)


def test_a_split_without_training_rows_is_refused():
    with pytest.raises(ValueError, match="1 < n_train < rows - n_valid, got n_train=0"):
        Split(np.zeros((10, 1)))
