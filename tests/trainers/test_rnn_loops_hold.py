import numpy as np
import pytest
from drawn_loops import run_all
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import next_step
from trainers import RNNRegressor

HARDLY_TRAINED = RNNRegressor(n_units=4, max_iter=2, random_state=0)


def trained_loop(rng, series):
    """Return a network that hardly learned, itself or behind a scaler."""
    network = RNNRegressor(
        cell=str(rng.choice(["rnn", "lstm", "gru"])),
        n_units=int(rng.integers(2, 10)),
        max_iter=2,
        learning_rate=10.0 ** rng.uniform(-3, 0),
        random_state=0,
    )
    if rng.random() < 0.5:
        return "network", network
    return "network, scaled", make_pipeline(StandardScaler(), network)


def test_loops_of_networks_hold():
    run_all(trained_loop, range(2), 30)


@pytest.mark.slow
def test_many_loops_of_networks_hold():
    run_all(trained_loop, range(100), 1000)


def test_constant_columns_are_held_to_their_values_without_a_word():
    levels = [0.0, 5.0, -3e-6]
    series = np.column_stack([np.tile(levels, (60, 1)), np.sin(np.arange(60.0))])

    found = clone(HARDLY_TRAINED).fit(*next_step(series)).forecast(9)

    assert_allclose(found[:, :3], np.tile(levels, (9, 1)), rtol=1e-8)


@pytest.mark.parametrize("bound", [True, False, -1.0, np.inf])
def test_another_bound_is_refused(bound):
    with pytest.raises(ValueError, match="'bound' parameter"):
        clone(HARDLY_TRAINED).set_params(bound=bound).fit(*next_step(np.arange(60.0)))
