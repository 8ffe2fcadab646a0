import pytest
from drawn_loops import run_all
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trainers import RNNRegressor


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
