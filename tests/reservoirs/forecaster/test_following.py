"""A fitted Forecaster along other rows: contexts, backtests, gaps, scorers, bounds."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from reservoirs import (
    ForecastDivergedWarning,
    Forecaster,
    Log,
    NVARRegressor,
    SequenceScaler,
    backtest,
    forecast,
)

T = np.arange(110.0)
RNG = np.random.default_rng(0)
SALES = (100 + T) * (1 + 0.3 * np.sin(2 * np.pi * T / 12)) * np.exp(0.02 * RNG.standard_normal(110))
FORCE = np.cos(0.7 * T)[:, None]
MONTHS = pd.date_range("2015-01-01", periods=110, freq="MS")


def quick(**settings):
    wanted = {"season": 12, "horizon": 6, "n_members": 1, "random_state": 0, **settings}
    return Forecaster(**wanted)


@pytest.fixture(scope="module")
def fitted():
    return quick(n_members=2).fit(SALES[:90])


def test_a_context_that_is_the_training_series_changes_nothing(fitted):
    assert_allclose(forecast(fitted, 20, context=SALES[:90]), fitted.forecast(20), rtol=1e-10)


def test_a_backtest_is_a_forecast_after_each_origin(fitted):
    truth, found = fitted.backtest(SALES, horizon=6, step=30)

    assert truth.shape == found.shape == (3, 6, 1)
    for number, origin in enumerate((29, 59, 89)):
        ahead = forecast(fitted, 6, context=SALES[: origin + 1])
        assert_allclose(found[number, :, 0], ahead, rtol=1e-10)
        assert_array_equal(truth[number, :, 0], SALES[origin + 1 : origin + 7])


def test_a_backtest_of_a_panel_takes_the_ways_of_each_series():
    panel = pd.concat({"a": pd.DataFrame({"y": SALES}), "b": pd.DataFrame({"y": 5 - SALES[::-1]})})
    train = panel.groupby(level=0).head(90)
    model = quick().fit(train)

    truth, found = model.backtest(panel.loc[["b", "a"]], horizon=4, step=60)

    alone = quick().fit(train.loc["b"])
    assert_allclose(found.loc["b"], alone.backtest(panel.loc["b"], horizon=4, step=60)[1])
    assert_allclose(truth.loc["a"].iloc[:, 0], SALES[60:64])
    with pytest.raises(ValueError, match="none of them"):
        model.backtest(panel.loc[["a"]].rename({"a": "c"}), horizon=4, step=60)


def test_known_inputs_enter_a_context_as_they_did_in_fit():
    model = quick(season=None).fit(SALES[:90], exog=FORCE[:90])

    ahead = model.forecast(5, exog=FORCE[89:94])

    assert_allclose(forecast(model, 5, context=SALES[:90], exog=FORCE[:94]), ahead, rtol=1e-10)
    _, found = model.backtest(SALES, horizon=5, step=90, exog=FORCE)
    assert_allclose(found[0, :, 0], ahead, rtol=1e-10)


def test_gaps_of_a_context_are_filled_by_forecasts(fitted):
    gap = SALES[:90].copy()
    gap[70] = np.nan
    filled = SALES[:90].copy()
    filled[70] = forecast(fitted, 1, context=SALES[:70])[0]

    assert_allclose(
        forecast(fitted, 6, context=gap), forecast(fitted, 6, context=filled), rtol=1e-9
    )


def test_a_backtest_says_where_an_origin_has_too_few_rows(fitted):
    with pytest.raises(ValueError, match="larger step to backtest"):
        fitted.backtest(SALES, horizon=6, step=4)


def test_what_no_way_has_learned_meets_the_bound_and_says_so():
    growth = np.exp(0.05 * T)
    model = quick(season=None, bound=0.0, transforms="none", baselines=()).fit(growth)

    with pytest.warns(ForecastDivergedWarning, match="met its bound at step 0 of 20") as caught:
        held = model.forecast(20)

    assert_allclose(held, growth.max())
    assert caught[0].message.step == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        free = model.set_params(bound=None).forecast(20)
    assert free.max() > 1.2 * growth.max()


def test_a_bound_of_one_call_holds_the_levels():
    model = quick(season=None).fit(5 + 2 * T)

    with pytest.warns(ForecastDivergedWarning, match="met its bound"):
        held = forecast(model, 30, bound=0.0)

    assert held.max() == pytest.approx(5 + 2 * 109)
    assert backtest(model, 5 + 2 * T, horizon=3, step=50)[1].shape == (2, 3, 1)


@pytest.mark.parametrize("estimator", [None, NVARRegressor(degree=1)])
def test_no_bound_of_one_call_is_none_of_the_estimator(estimator):
    growth = np.exp(0.05 * T)
    settings = {"season": None, "transforms": "none", "baselines": (), "estimator": estimator}
    held, free = (quick(bound=b, **settings).fit(growth) for b in (0.0, None))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = forecast(held, 20, bound=None)

    assert_array_equal(found, free.forecast(20))
    assert held.bound == 0.0
    with pytest.warns(ForecastDivergedWarning) as caught:
        forecast(held, 20, bound=0.25)
    assert len(caught) == 1


@pytest.mark.parametrize(
    "step", [StandardScaler(), MinMaxScaler(), SequenceScaler(), Log(), FunctionTransformer()]
)
def test_behind_other_steps_it_is_refused_and_the_step_named(step):
    model = make_pipeline(step, quick()).fit(SALES[:, None])

    with pytest.raises(ValueError, match=f"behind step '{type(step).__name__.lower()}'"):
        forecast(model, 3)
    with pytest.raises(ValueError, match="fit it alone"):
        backtest(model, SALES, horizon=3, step=40)
    alone = make_pipeline("passthrough", quick()).fit(SALES[:, None])
    assert_array_equal(forecast(alone, 3), quick().fit(SALES[:, None]).forecast(3))


@pytest.mark.parametrize("verb", ["summary", "plot_forecast"])
def test_before_fit_it_says_so(verb):
    with pytest.raises(NotFittedError):
        getattr(quick(), verb)()


@pytest.mark.parametrize(
    ("name", "value"),
    [("series", 1), ("series", -1), ("series", "a"), ("output", 1), ("n_past", 0), ("n_past", -2)],
)
def test_a_picture_of_what_is_not_there_is_refused(name, value, fitted):
    with pytest.raises(ValueError, match=f"{name} must be an integer"):
        fitted.plot_forecast(3, **{name: value})


def test_a_season_that_the_series_is_too_short_for_is_told_if_it_was_given():
    with pytest.warns(UserWarning, match=r"season=12 is left out: it needs 30 rows.*got 29"):
        assert quick().fit(SALES[:29]).season_ == [1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert quick().fit(SALES[:30]).season_ == [12]
        assert quick(season="auto").fit(SALES[:29]).season_ == [1]


def test_a_series_too_short_for_one_loop_says_how_many_rows_it_needs():
    with pytest.raises(ValueError, match="3 rows is too short .* of 1 steps, which needs 5"):
        quick(season=None, horizon=None).fit(SALES[:3])
    assert quick(season=None, horizon=None).fit(SALES[:5]).forecast(2).shape == (2,)
