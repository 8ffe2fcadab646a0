"""Gaps inside the series of a Forecaster: filled by forecasts, and no loop judged along them."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import ESNRegressor, Forecaster, NVARRegressor, forecast, load, save
from reservoirs.forecaster.filling import drawn_straight, forecast_gaps

T = np.arange(96.0)
RNG = np.random.default_rng(0)
SALES = (100 + T) * (1 + 0.3 * np.sin(2 * np.pi * T / 12)) * np.exp(0.02 * RNG.standard_normal(96))
MONTHS = pd.date_range("2015-01-01", periods=96, freq="MS")
HOLES = {"one": [50], "long": range(40, 53), "end": [94, 95], "near the start": [1, 2, 5]}


def quick(**settings):
    return Forecaster(**{"season": 12, "horizon": 6, "n_members": 1, "random_state": 0, **settings})


def with_holes(rows, values=SALES):
    values = np.array(values)
    values[list(rows)] = np.nan
    return values


@pytest.mark.parametrize("holes", HOLES.values(), ids=HOLES)
@pytest.mark.parametrize("estimator", [ESNRegressor(n_units=20), NVARRegressor(degree=1, alpha=1)])
def test_a_forecast_hardly_misses_what_is_missing(holes, estimator):
    models = [quick(estimator=estimator).fit(y) for y in (with_holes(holes), SALES)]

    found, whole = (model.forecast(12) for model in models)

    assert np.abs(found / whole - 1).max() < 0.1
    assert_allclose(models[0].models_[0].y[:, 0], SALES, rtol=0.25)
    assert np.isfinite(models[0].residuals_[0]).all()


def test_a_gap_is_filled_by_the_forecast_from_the_row_before():
    gaps, exog = with_holes([*range(60, 66), 80])[:, None], np.zeros((96, 0))
    straight = drawn_straight(gaps)
    model = quick().fit(straight[:, 0])

    filled = forecast_gaps(model.models_[0], gaps, straight, exog, model.bound)[:, 0]

    assert_allclose(filled[60:66], forecast(model, 6, context=straight[:60, 0]), rtol=1e-9)
    assert_allclose(filled[80], forecast(model, 1, context=filled[:80])[0], rtol=1e-9)
    known = ~np.isnan(gaps[:, 0])
    assert_array_equal(filled[known], SALES[known])


def test_no_loop_is_compared_along_what_was_filled():
    gaps = with_holes(range(50, 60))
    whole, found = quick().fit(SALES), quick().fit(gaps)

    assert len(found.residuals_[0]) < len(whole.residuals_[0])
    far = gaps.copy()
    far[np.isnan(far)] = 1e4  # where it is said to be missing, nobody is told of it
    _, model, _ = quick()._fit_one(far[:, None], np.zeros((96, 0)), 12, 0, np.isnan(gaps))
    assert np.abs(model.residuals).max() < 5e3


def test_straight_lines_join_what_is_known_and_end_level():
    found = drawn_straight(np.array([[0.0, 1], [np.nan, 2], [4, np.nan], [np.nan, np.nan]]))

    assert_array_equal(found, [[0, 1], [2, 2], [4, 2], [4, 2]])


def test_every_container_is_filled_as_its_series(tmp_path):
    gaps = with_holes([30, 31, 70])
    alone = quick().fit(gaps)
    ahead = alone.forecast(4)
    series = pd.Series(gaps, MONTHS, name="a")
    panel = pd.concat({"x": series, "y": pd.Series(SALES, MONTHS, name="a")}).to_frame()

    assert_array_equal(quick().fit(series).forecast(4).to_numpy()[:, 0], ahead)
    assert_array_equal(quick().fit(np.ma.masked_invalid(gaps)).forecast(4), ahead)
    assert_array_equal(quick().fit([gaps[:, None], SALES[:, None]]).forecast(4)[0][:, 0], ahead)
    assert_array_equal(quick().fit(panel).forecast(4).loc["x"].to_numpy()[:, 0], ahead)
    both = quick().fit(np.column_stack([gaps, SALES]))
    assert_array_equal(both.models_[0].y[:, 1], SALES)
    save(alone, tmp_path / "model")
    assert_array_equal(load(tmp_path / "model").forecast(4), ahead)


def test_a_series_without_gaps_is_fitted_once_and_gaps_in_what_is_known_are_refused():
    force = np.cos(0.7 * T)
    with pytest.raises(ValueError, match="contains NaN"):
        quick().fit(SALES, exog=with_holes([7], force))
    with pytest.raises(ValueError, match=r"leave out its first 2 row\(s\)"):
        quick().fit(with_holes([0, 1]))
    with pytest.raises(ValueError, match="NaN in every row"):
        quick().fit(np.full(96, np.nan))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ahead = quick().fit(with_holes([50]), exog=force).forecast(3, exog=np.cos(0.7 * T[-3:]))
    assert np.isfinite(ahead).all()
