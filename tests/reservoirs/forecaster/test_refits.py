"""Forecaster around any regressor: one refit for each transform, its own loops, all members."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import Difference, Forecaster, Log, NVARRegressor, forecast, load, next_step, save

T = np.arange(110.0)
RNG = np.random.default_rng(0)
SALES = (100 + T) * (1 + 0.3 * np.sin(2 * np.pi * T / 12)) * np.exp(0.02 * RNG.standard_normal(110))


def around(estimator, **settings):
    return Forecaster(estimator, **{"season": 12, "horizon": 6, "random_state": 0, **settings})


@pytest.fixture(scope="module")
def nvars():
    return around(NVARRegressor(n_delays=2, degree=1, alpha=1e-3)).fit(SALES[:98])


def test_a_season_is_forecast_better_than_by_its_last(nvars):
    errors = [
        np.sqrt(np.mean((found - SALES[98:]) ** 2)) for found in (nvars.forecast(12), SALES[86:98])
    ]
    assert errors[0] < 0.8 * errors[1]
    assert sum(nvars.cv_results_["weight"]) == pytest.approx(1.0)
    assert len(nvars.residuals_[0]) == 20


def test_the_best_way_is_its_pipeline_on_all_rows(nvars):
    model = around(nvars.estimator, combine="best", baselines=()).fit(SALES)
    (way,) = model.models_[0].used

    first = [Log()] if way.refit.transform.log else []
    steps = [*first, *(Difference(lag=lag) for lag in way.refit.transform.lags)]
    alone = make_pipeline(*steps, StandardScaler(), nvars.estimator).fit(*next_step(SALES))

    assert_allclose(model.forecast(9), forecast(alone, 9), rtol=1e-10)


def test_it_goes_along_other_rows_and_into_files(tmp_path, nvars):
    assert_allclose(forecast(nvars, 7, context=SALES[:98]), nvars.forecast(7), rtol=1e-9)
    truth, found = nvars.backtest(SALES, horizon=4, step=50)
    assert_allclose(found[1, :, 0], forecast(nvars, 4, context=SALES[:100]), rtol=1e-9)

    save(nvars, tmp_path / "model")
    assert_array_equal(load(tmp_path / "model").forecast(7), nvars.forecast(7))


def test_a_trained_network_may_stand_inside():
    trainers = pytest.importorskip("trainers")
    network = trainers.RNNRegressor(n_units=4, max_iter=2)
    settings = {"transforms": "none", "n_members": 2, "baselines": ()}

    model = around(network, **settings).fit(SALES[:60])

    assert len(model.models_[0].used[0].refit.models) == 2
    assert np.isfinite(model.forecast(8)).all()
