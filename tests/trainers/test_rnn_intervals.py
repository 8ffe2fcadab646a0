"""Intervals of trained networks: errors of their own loops, along rows that were held out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import forecast, load, next_step, save
from reservoirs.forecasting.held_out import find_residuals, plan_origins
from trainers import RNNRegressor


def noisy_sine(n):
    rng = np.random.default_rng(0)
    return np.sin(0.3 * np.arange(n)) + 0.1 * rng.standard_normal(n)


def network(**settings):
    return RNNRegressor(**{"n_units": 6, "max_iter": 2, "random_state": 0, **settings})


@pytest.mark.parametrize("settings", [{"cell": "gru"}, {"window": 7}])
@pytest.mark.parametrize("n", [120, 2300])
def test_errors_are_those_of_forecasts_from_the_whole_past(settings, n):
    series = noisy_sine(n)
    model = network(interval_origins=3, dtype="float64", **settings).fit(*next_step(series))
    residuals, kept = find_residuals(model), model.interval_rows_
    origins = plan_origins(model, kept, 3)
    for residual, first in zip(residuals, origins.firsts + kept.firsts[0], strict=True):
        values = model.forecast(origins.horizon, context=series[: first + 1])
        truth = series[first + 1 : first + 1 + origins.horizon]
        assert_allclose(residual[:, 0], truth - values, rtol=0, atol=1e-9)


def test_loops_run_along_rows_that_are_held_out():
    series = noisy_sine(400)
    model = network(validation_fraction=0.25).fit(*next_step(series))
    origins = plan_origins(model, model.interval_rows_, 40)
    assert origins.firsts.min() == 399 - 100
    assert len(origins.firsts) == 40


def test_containers_pipelines_and_files(tmp_path):
    series = [noisy_sine(60)[:, None], noisy_sine(70)[:, None]]
    _, low, high = network().fit(*next_step(series)).forecast(5, level=[80, 90])
    assert [v.shape for v in low] == [v.shape for v in high] == [(5, 1, 2)] * 2
    model = make_pipeline(StandardScaler(), network()).fit(*next_step(series[0]))
    save(model, tmp_path / "model")
    ends = forecast(model, 5, level=80)
    assert_array_equal(forecast(load(tmp_path / "model"), 5, level=80), ends)
    assert_array_equal(ends[0], forecast(model, 5))
    assert (ends[1] < ends[0]).all() and (ends[0] < ends[2]).all()


def test_what_has_no_errors_is_refused():
    X, y = next_step(noisy_sine(100))
    model = network().fit(X, y)
    with pytest.raises(ValueError, match="interval_origins=None keeps none"):
        network(interval_origins=None).fit(X, y).forecast(3, level=80)
    with pytest.raises(ValueError, match="learned by partial_fit"):
        model.partial_fit(X, y).forecast(3, level=80)
