"""The readout of one file does all that the built-in ones do."""

import numpy as np
import pytest
from extending.my_readout import SOLVERS, MomentSums
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from reservoirs import ESNClassifier, ESNRegressor, load, next_step, save

X, Y = next_step(np.sin(0.3 * np.arange(2600.0)))
OURS = ESNRegressor(n_units=30, solver="moments", alpha=1e-3, washout=20, random_state=0)
THEIRS = clone(OURS).set_params(solver="cholesky")


@pytest.fixture(autouse=True)
def entered(monkeypatch):
    monkeypatch.setitem(SOLVERS, "moments", MomentSums)


@pytest.mark.parametrize(
    "settings", [{}, {"alpha": [1e-4, 1e-2, 1.0]}, {"alpha": [1e-4, 1e-2], "alpha_cv": 3}], ids=str
)
def test_it_finds_what_the_cholesky_solver_finds(settings):
    ours, theirs = clone(OURS).set_params(**settings), clone(THEIRS).set_params(**settings)

    assert_allclose(ours.fit(X, Y).predict(X), theirs.fit(X, Y).predict(X), atol=1e-8)
    assert ours.alpha_ == theirs.alpha_
    assert ours.readout_.method == "moments"


def test_chunks_give_what_the_whole_series_gives():
    whole, chunks = clone(OURS).fit(X, Y), clone(OURS)
    for rows in np.array_split(np.arange(len(X)), 7):
        chunks.partial_fit(X[rows], Y[rows])

    assert_array_equal(chunks.coef_, whole.coef_)


def test_many_series_in_threads_give_what_one_thread_gives():
    pairs = [next_step(np.sin(0.3 * np.arange(80.0 + i))[:, None]) for i in range(5)]
    inputs, targets = [x for x, _ in pairs], [y for _, y in pairs]

    one, two = clone(OURS), clone(OURS).set_params(n_jobs=2)

    assert_array_equal(one.fit(inputs, targets).coef_, two.fit(inputs, targets).coef_)


def test_it_forecasts_and_learns_labels():
    series = [np.sin(f * np.arange(60.0))[:, None] for f in (0.1, 0.9, 0.12, 0.8)]
    labels = ESNClassifier(n_units=30, solver="moments", random_state=0)

    assert np.isfinite(clone(OURS).fit(X, Y).forecast(20)).all()
    assert labels.fit(series, [0, 1, 0, 1]).score(series, [0, 1, 0, 1]) == 1.0


def test_a_saved_stream_goes_on_as_if_never_stopped(tmp_path):
    model = clone(OURS).partial_fit(X[:1500], Y[:1500])
    save(model, tmp_path / "moments.model")

    again = load(tmp_path / "moments.model").partial_fit(X[1500:], Y[1500:])

    assert_array_equal(again.coef_, model.partial_fit(X[1500:], Y[1500:]).coef_)


def test_a_grid_search_compares_it_with_the_others():
    grid = {"solver": ["auto", *sorted(SOLVERS)]}

    search = GridSearchCV(OURS, grid, cv=TimeSeriesSplit(2)).fit(X, Y)

    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own, of the overflow
def test_what_overflows_is_refused():
    with pytest.raises(ValueError, match="too large|overflow|finite"):
        clone(OURS).fit(X, Y * 1e200)


def test_weights_of_classes_need_an_add_that_takes_them(monkeypatch):
    series = [np.sin(f * np.arange(60.0))[:, None] for f in (0.1, 0.9, 0.12, 0.8)]
    model = ESNClassifier(n_units=9, solver="moments", class_weight={0: 2.0}, random_state=0)

    class Weighed(MomentSums):
        def add(self, features, targets, weights=None):
            assert weights is not None
            super().add(features, targets)

    with pytest.raises(TypeError, match=r"MomentSums.add.*weights=None\).*class_weight=None"):
        model.fit(series, [0, 1, 0, 1])
    monkeypatch.setitem(SOLVERS, "moments", Weighed)
    model.fit(series, [0, 1, 0, 1])


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_readout_that_cannot_forget_is_told_what_to_write(method):
    X, y = next_step(np.sin(0.3 * np.arange(60)))
    model = ESNRegressor(n_units=5, solver="moments", forgetting=0.9)

    with pytest.raises(TypeError, match="MomentSums has no discount; write discount"):
        getattr(model, method)(X, y)
