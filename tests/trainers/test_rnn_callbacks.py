"""scikit-learn's callbacks see every epoch, and can end training."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from recorder import Recorder
from sklearn.base import clone

from trainers import RNNRegressor

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn before 1.9")

X = np.random.default_rng(0).normal(size=(600, 1))
Y = X[:, 0] ** 2
RNN = RNNRegressor(n_units=3, max_iter=4, truncation=200, random_state=0)


def test_every_epoch_of_a_trained_network_is_a_task():
    seen = Recorder()

    clone(RNN).set_callbacks(seen).fit(X, Y)

    assert seen.names == ["epoch"] * 4 + ["fit", "teardown"]
    assert seen.sizes == [4]


def test_a_callback_can_stop_training():
    model = clone(RNN).set_callbacks(Recorder(stop_after=2)).fit(X, Y)

    assert model.n_iter_ == 2
    assert model.status_ == "stopped"


def test_a_score_is_logged_after_every_epoch():
    monitor = callback.ScoringMonitor(scoring="r2")

    model = clone(RNN).set_callbacks(monitor).fit(X, Y)

    found = [row["r2"] for row in monitor.get_logs().data]
    assert len(found) == 5  # the whole fit, and four epochs
    assert found[0] == found[-1] == model.score(X, Y)


def test_watching_changes_no_bit():
    watched = clone(RNN).set_callbacks(Recorder()).fit(X, Y)

    assert_array_equal(watched.predict(X), clone(RNN).fit(X, Y).predict(X))
