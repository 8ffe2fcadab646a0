import numpy as np
import pytest

from benchmarks.methods import peers
from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.running.suites import load_suite
from benchmarks.tasks import TASKS
from reservoirs import ESNRegressor


@pytest.mark.parametrize("name", peers.PEERS)
def test_a_peer_forecasts_or_says_what_it_needs(name):
    task = TASKS["lagged_sine"]
    module = {"reservoirpy": "reservoirpy", "pyrcn": "pyrcn", "echoes": "echoes"}[name]
    pytest.importorskip(module)

    outcome = evaluate(task, task.data("test", 0), METHODS[name], {"n_units": 30}, 0)

    assert outcome.status == "ok"
    assert outcome.metrics["one_step"] < 0.05
    assert outcome.costs["n_params_trained"] == 31


def test_a_peer_that_is_absent_is_skipped_with_the_remedy(monkeypatch):
    with pytest.raises(ImportError, match=r"needs no_such_peer: pip install 'reservoirs\[peers\]'"):
        peers.load("no_such_peer.nodes")


def test_peers_run_only_where_they_are_named():
    assert not set(peers.PEERS) & set(load_suite("oscillators").methods)
    assert set(peers.PEERS) <= set(load_suite("peers").methods)


class Echo:
    """A peer whose output is the last input plus one tenth of the one before."""

    def learn(self, X, y, washout):
        return 2

    def outputs(self, X):
        return X[:, :1] + 0.1 * np.vstack([np.zeros((1, 1)), X[:-1, :1]])


def test_a_free_run_feeds_outputs_back_beside_the_known_inputs():
    model = peers.PeerForecaster(Echo(), washout=2).fit(np.zeros((5, 2)), np.zeros((5, 1)))
    context, exog = np.array([[1.0], [2.0]]), np.zeros((4, 1))

    forecast = model.forecast(3, context=context, exog=exog)

    assert forecast[:, 0] == pytest.approx([2.1, 2.3, 2.51])
    assert model.n_weights == 2
    rows = np.hstack([np.vstack([context, forecast[:-1]]), exog])
    assert model.predict(rows[1:], context=rows[:1]) == pytest.approx(forecast)


def test_a_peer_has_our_settings(monkeypatch):
    built = []
    monkeypatch.setitem(peers.PEERS, "echo", ("Echo", lambda s, seed: built.append(s) or Echo()))
    task = TASKS["narma10"]

    peers.builder("echo")({"leak_rate": 0.3}, task, task.data("test", 0), 0)

    ours = ESNRegressor(n_units=task.n_units, leak_rate=0.3).get_params()
    assert built == [ours]
