"""scikit-learn's callbacks see every block, also inside meta-estimators."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from recorder import Recorder
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNClassifier, ESNRegressor, NVARRegressor

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn before 1.9")

X = np.random.default_rng(0).normal(size=(2500, 1))
Y = X[:, 0] ** 2
ESN = ESNRegressor(n_units=10, solver="cholesky", random_state=0)


def test_every_block_of_an_echo_state_network_is_a_task():
    seen = Recorder()

    clone(ESN).set_callbacks(seen).fit(X, Y)

    assert seen.names == ["block"] * 3 + ["fit", "teardown"]
    assert seen.sizes == [3]


@pytest.mark.parametrize("model", [ESN, ESNClassifier(n_units=10)], ids=["esn", "cls"])
def test_watching_changes_no_bit_and_is_not_kept_in_clones_attributes(model):
    targets = Y > 1 if isinstance(model, ESNClassifier) else Y
    watched = clone(model).set_params(random_state=1).set_callbacks(Recorder()).fit(X, targets)

    plain = clone(model).set_params(random_state=1).fit(X, targets)

    assert_array_equal(watched.predict(X), plain.predict(X))


def test_a_progress_bar_works_inside_a_search_over_a_pipeline(capsys):
    grid = {"esnregressor__alpha": [1e-6, 1e-2]}
    search = GridSearchCV(make_pipeline(StandardScaler(), clone(ESN)), grid, cv=TimeSeriesSplit(2))

    search.set_callbacks(callback.ProgressBar()).fit(X, Y)

    assert search.best_score_ > -np.inf


def test_an_estimator_without_tasks_of_its_own_accepts_callbacks():
    seen = Recorder()

    NVARRegressor().set_callbacks(seen).fit(X, Y)

    assert seen.names == ["fit", "teardown"]
