"""scikit-learn's callbacks see every block and every epoch, also inside meta-estimators."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNClassifier, ESNRegressor, NVARRegressor
from trainers import RNNRegressor

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn before 1.9")

X = np.random.default_rng(0).normal(size=(2500, 1))
Y = X[:, 0] ** 2
ESN = ESNRegressor(n_units=10, solver="cholesky", random_state=0)
RNN = RNNRegressor(n_units=3, max_iter=4, truncation=500, random_state=0)


class Recorder:
    """Counts what it is told, and asks to stop after `stop_after` tasks."""

    max_propagation_depth = None

    def __init__(self, stop_after=10**9):
        self.names, self.stop_after, self.sizes = [], stop_after, []

    def setup(self, estimator, context):
        self.sizes.append(context.max_subtasks)

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.names.append(context.task_name)
        return len(self.names) >= self.stop_after

    def teardown(self, estimator, context):
        self.names.append("teardown")


def test_every_block_of_an_echo_state_network_is_a_task():
    seen = Recorder()

    clone(ESN).set_callbacks(seen).fit(X, Y)

    assert seen.names == ["block"] * 3 + ["fit", "teardown"]
    assert seen.sizes == [3]


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


@pytest.mark.parametrize("model", [ESN, ESNClassifier(n_units=10), RNN], ids=["esn", "cls", "rnn"])
def test_watching_changes_no_bit_and_is_not_kept_in_clones_attributes(model):
    targets = Y > 1 if isinstance(model, ESNClassifier) else Y
    watched = clone(model).set_params(random_state=1).set_callbacks(Recorder()).fit(X, targets)

    plain = clone(model).set_params(random_state=1).fit(X, targets)

    assert_array_equal(watched.predict(X), plain.predict(X))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_progress_bar_works_inside_a_search_over_a_pipeline(n_jobs, capsys):
    grid = {"esnregressor__alpha": [1e-6, 1e-2]}
    search = GridSearchCV(
        make_pipeline(StandardScaler(), clone(ESN)), grid, cv=TimeSeriesSplit(2), n_jobs=n_jobs
    )

    search.set_callbacks(callback.ProgressBar()).fit(X, Y)

    assert search.best_score_ > -np.inf


def test_an_estimator_without_tasks_of_its_own_accepts_callbacks():
    seen = Recorder()

    NVARRegressor().set_callbacks(seen).fit(X, Y)

    assert seen.names == ["fit", "teardown"]
