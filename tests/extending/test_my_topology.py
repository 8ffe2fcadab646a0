"""The topology of one file does all that the built-in ones do."""

import numpy as np
import pytest
from extending.my_topology import TOPOLOGIES, layered
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from reservoirs import ESNClassifier, ESNRegressor, Reservoir, load, next_step, save, topology

X, Y = next_step(np.sin(0.3 * np.arange(200.0)))
SMALL = ESNRegressor(n_units=40, topology="layered", random_state=0)


@pytest.fixture(autouse=True)
def entered(monkeypatch):
    monkeypatch.setitem(TOPOLOGIES, "layered", layered)


def test_it_is_scaled_to_the_spectral_radius():
    W = topology.draw("layered", 40, degree=3, spectral_radius=0.8, seed=0)

    assert np.abs(np.linalg.eigvals(W.toarray())).max() == pytest.approx(0.8)


def test_it_fits_predicts_forecasts_and_draws_states():
    model = SMALL.fit(X, Y)

    assert model.score(X, Y) > 0.99
    assert np.isfinite(model.forecast(20)).all()
    assert Reservoir(n_units=40, topology="layered").fit_transform(X).shape == (199, 40)


def test_it_learns_labels():
    series = [np.sin(f * np.arange(60.0))[:, None] for f in (0.1, 0.9, 0.12, 0.8)]
    model = ESNClassifier(n_units=40, topology="layered", random_state=0)

    assert model.fit(series, [0, 1, 0, 1]).score(series, [0, 1, 0, 1]) == 1.0


def test_a_saved_model_predicts_and_forecasts_the_same(tmp_path):
    model = SMALL.fit(X, Y)
    save(model, tmp_path / "layered.model")

    again = load(tmp_path / "layered.model")

    assert_array_equal(again.predict(X), model.predict(X))
    assert_array_equal(again.forecast(9), model.forecast(9))


def test_a_grid_search_compares_it_with_the_others():
    grid = {"topology": sorted(TOPOLOGIES)}

    search = GridSearchCV(SMALL, grid, cv=TimeSeriesSplit(2)).fit(X, Y)

    assert "layered" in grid["topology"]
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_without_an_entry_the_name_is_refused_and_the_others_listed(monkeypatch):
    monkeypatch.delitem(TOPOLOGIES, "layered")

    with pytest.raises(ValueError, match="'topology' parameter.*'cycle'"):
        ESNRegressor(n_units=40, topology="layered").fit(X, Y)
