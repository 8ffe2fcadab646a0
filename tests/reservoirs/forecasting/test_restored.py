"""Log and Difference before a regressor: forecasts are those of transforms undone by hand."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from reservoirs import (
    Difference,
    ESNRegressor,
    ForecastDivergedWarning,
    Log,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    backtest,
    forecast,
    load,
    next_step,
    save,
)
from reservoirs.forecasting import closed_loop_model
from reservoirs.metrics import nrmse
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

T = np.arange(120.0)
RNG = np.random.default_rng(0)
SALES = (100 + T) * (1 + 0.3 * np.sin(2 * np.pi * T / 12)) * np.exp(0.02 * RNG.standard_normal(120))
MONTHS = pd.date_range("2015-01-01", periods=120, freq="MS")
FORCE = np.cos(0.7 * T)
ESN = {"n_units": 30, "alpha": 1e-2, "random_state": 0}
LAGS = {"log d12": (12,), "log d12 d1": (12, 1), "log": ()}


def pipeline(lags=(12,), **settings):
    steps = [Log(), *(Difference(lag=lag) for lag in lags), StandardScaler()]
    return make_pipeline(*steps, ESNRegressor(**{**ESN, **settings}))


@pytest.fixture(scope="module")
def fitted():
    return pipeline().fit(*next_step(SALES))


@pytest.mark.parametrize("lags", LAGS.values(), ids=LAGS)
@pytest.mark.parametrize("regressor", [ESNRegressor(**ESN), NVARRegressor(degree=1, alpha=1e-3)])
def test_a_forecast_is_the_slow_one(lags, regressor):
    steps = [Log(), *(Difference(lag=lag) for lag in lags), StandardScaler()]
    model = make_pipeline(*steps, clone(regressor)).fit(*next_step(SALES))

    ahead = forecast(model, 15)

    series = [np.log(SALES)]
    for lag in lags:
        series.append(series[-1][lag:] - series[-1][:-lag])
    inner = make_pipeline(StandardScaler(), regressor).fit(*next_step(series[-1]))
    values = list(forecast(inner, 15))
    for lag, levels in zip(reversed(lags), reversed(series[:-1]), strict=True):
        levels = list(levels)
        for value in values:
            levels.append(value + levels[-lag])
        values = levels[-15:]
    assert_allclose(ahead, np.exp(values), rtol=1e-10)
    assert_allclose(forecast(model, 15, context=SALES), ahead, rtol=1e-10)


def test_frames_panels_and_lists_come_back_with_their_dates():
    frame = pd.DataFrame({"a": SALES, "b": SALES[::-1]}, index=MONTHS)
    both = pipeline().set_output(transform="pandas").fit(*next_step(frame))
    ahead = forecast(both, 3)
    assert list(ahead.columns) == ["a", "b"] and ahead.index[0] == pd.Timestamp("2025-01-01")

    pieces = [SALES[:70, None], 2 * SALES[20:, None]]
    steps = [Log(), Difference(lag=12), SequenceScaler(), ESNRegressor(**ESN)]
    model = make_pipeline(*steps).fit(*next_step(pieces))
    of_each = forecast(model, 5)
    assert_allclose(of_each[1], forecast(model, 5, context=pieces[1], initial_state="zero"))
    panel = pd.concat({"x": frame[["a"]], "y": 3 * frame[["a"]]})
    of_panel = forecast(pipeline().set_output(transform="pandas").fit(*next_step(panel)), 4)
    assert_allclose(of_panel.loc["y"], 3 * of_panel.loc["x"], rtol=1e-9)


def test_a_backtest_is_a_forecast_after_each_origin(fitted):
    truth, found = backtest(fitted, SALES, horizon=6, step=50)

    assert_array_equal(truth[1, :, 0], SALES[100:106])
    for number, origin in enumerate((49, 99)):
        ahead = forecast(fitted, 6, context=SALES[: origin + 1])
        assert_allclose(found[number, :, 0], ahead, rtol=1e-10)


def test_gaps_of_a_context_are_filled_by_forecasts(fitted):
    gap, filled = SALES[:90].copy(), SALES[:90].copy()
    gap[70], filled[70] = np.nan, forecast(fitted, 1, context=SALES[:70])[0]

    assert_allclose(
        forecast(fitted, 6, context=gap), forecast(fitted, 6, context=filled), rtol=1e-9
    )


def test_a_search_scores_levels():
    X, y = next_step(SALES)
    folds = RollingOriginSplit(2, horizon=12)
    search = GridSearchCV(
        pipeline(), {"difference__lag": [1, 12]}, cv=folds, scoring=forecast_scorer()
    ).fit(X, y)

    train, test = list(folds.split(X))[1]
    ahead = forecast(pipeline().fit(X[train], y[train]), 12)
    assert search.best_params_ == {"difference__lag": 12}
    error = nrmse(y[test], ahead, scale=y[train].std())
    assert search.cv_results_["split1_test_score"][1] == pytest.approx(-error)


def test_a_saved_pipeline_forecasts_the_same(tmp_path, fitted):
    save(fitted, tmp_path / "model")

    assert_array_equal(forecast(load(tmp_path / "model"), 9), forecast(fitted, 9))


def test_a_trend_leaves_the_range_and_ends_far_away():
    line = 5 + 2 * T[:40]
    model = make_pipeline(Difference(), StandardScaler(), NVARRegressor(degree=1))
    model.fit(*next_step(line))
    assert_allclose(forecast(model, 30), 5 + 2 * np.arange(40.0, 70), rtol=1e-9)

    wild = make_pipeline(Log(), Difference(), NVARRegressor(degree=1)).fit(
        *next_step(2.0 ** T[:20])
    )
    with pytest.warns(ForecastDivergedWarning, match="diverged"):
        assert np.isnan(forecast(wild, 2000, bound=None)).any()


def test_a_series_that_doubles_goes_on_doubling_behind_its_logarithm():
    doubling = 2.0 ** np.arange(40)
    model = make_pipeline(Log(), Difference(), NVARRegressor(degree=1))
    model.fit(*next_step(doubling[:20]))

    assert_allclose(forecast(model, 18), doubling[20:38], rtol=1e-6)
    with pytest.warns(ForecastDivergedWarning, match="met its bound"):
        assert np.isfinite(forecast(model, 3000)).all()


def test_values_of_no_difference_seen_are_held_and_told():
    model = make_pipeline(Difference(), NVARRegressor(degree=1, bound=0.0)).fit(*next_step(T**2))

    with pytest.warns(ForecastDivergedWarning, match="Log and Difference leave of it"):
        held = forecast(model, 10)

    assert np.diff(held).max() <= 119**2 - 118**2 + 1e-3


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([StandardScaler(), Log(shift=9), ESNRegressor(**ESN)], "must be the first steps"),
        ([Log(), PolynomialFeatures(2), NVARRegressor(degree=1)], "must be the first steps"),
        ([Log(), Ridge()], "must be the first steps"),
    ],
)
def test_what_cannot_go_back_to_levels_is_refused(steps, message):
    with pytest.raises(ValueError, match=message):
        forecast(make_pipeline(*steps).fit(*next_step(SALES)), 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _: make_pipeline(Difference(), Ridge()).fit(*next_step(SALES)), "NaN"),
        (lambda fitted: fitted.predict(next_step(SALES)[0]), "forecast\\(pipeline, n\\)"),
        (lambda fitted: fitted.score(*next_step(SALES)), "forecast\\(pipeline, n\\)"),
        (lambda fitted: forecast(fitted, 3, context=SALES[:12]), "12 rows back"),
    ],
)
def test_mistakes_are_answered(call, message, fitted):
    with pytest.raises(ValueError, match=message):
        call(fitted)


@pytest.mark.parametrize("bound", [0.0, 0.1, 2.0, None])
@pytest.mark.parametrize("regressor", [ESNRegressor(**ESN), NVARRegressor(degree=1)])
def test_a_bound_of_one_call_is_that_of_the_regressor(regressor, bound):
    X, y = next_step(T**2)
    steps = Difference(), StandardScaler()
    own = make_pipeline(*steps, clone(regressor).set_params(bound=bound)).fit(X, y)
    other = make_pipeline(*steps, clone(regressor).set_params(bound=0.5)).fit(X, y)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ForecastDivergedWarning)
        expected, found = forecast(own, 30), forecast(other, 30, bound=bound)
        held = backtest(other, T**2, horizon=30, step=60, bound=bound)[1]

    assert_array_equal(found, expected)
    assert_array_equal(np.diff(found).max() > 240, bound is None or bound > 0)
    assert np.isfinite(held).all()
    assert other[-1].bound == 0.5


@pytest.mark.parametrize("n_known", [1, 7, 12])
def test_too_few_rows_are_refused_alone_and_beside_other_models(n_known):
    level_model, beside = pipeline(), NVARRegressor(degree=1, alpha=1e-3)
    for members in (
        [level_model],
        [level_model, beside],
        [beside, level_model],
        [pipeline((12, 1)), level_model],
    ):
        names = [(str(i), clone(member)) for i, member in enumerate(members)]
        model = VotingRegressor(names).fit(*next_step(SALES))

        with pytest.raises(ValueError, match="reaches 1[23] rows back from the last known one"):
            forecast(model, 3, context=SALES[-n_known:])
        with pytest.raises(ValueError, match="larger step to backtest"):
            backtest(model, SALES, horizon=3, step=n_known)
    assert np.isfinite(forecast(model, 3, context=SALES[-14:])).all()


def test_a_vote_is_held_where_its_most_careful_member_is():
    X, y = next_step(np.exp(T / 40))
    for bounds, expected in ([(0.0, 2.0), 0.0], [(2.0, 0.1), 0.1], [(None, 0.3), 0.3]):
        members = [NVARRegressor(degree=1, bound=bound) for bound in bounds]
        model = VotingRegressor([(str(i), m) for i, m in enumerate(members)]).fit(X, y)

        with pytest.warns(ForecastDivergedWarning, match="met its bound"):
            ahead = forecast(model, 200)

        assert ahead.max() == pytest.approx(y.max() + expected * np.ptp(y))


@pytest.mark.parametrize("lags", [(1,), (12,), (12, 1)])
@pytest.mark.parametrize("regressor", [ESNRegressor(**ESN), NVARRegressor(degree=1, alpha=1e-3)])
def test_gaps_are_those_of_the_differences(lags, regressor):
    gaps = np.log(SALES)
    gaps[[0, 50, 51, 52, 80]] = np.nan
    z = gaps
    for lag in lags:
        z = z[lag:] - z[:-lag]
    steps = [Difference(lag=lag) for lag in lags]

    found = make_pipeline(*steps, StandardScaler(), clone(regressor)).fit(*next_step(gaps))
    first = int(np.argmin(np.isnan(z)))
    by_hand = make_pipeline(StandardScaler(), clone(regressor)).fit(*next_step(z[first:]))

    assert_allclose(found[-1].coef_, by_hand[-1].coef_, rtol=1e-6, atol=1e-9)
    levels, ahead = list(np.log(SALES)), forecast(by_hand, 5)
    for value in ahead:
        past = [1.0]  # (1 - B^l1) (1 - B^l2) ... of the levels is the value
        for lag in lags:
            past = np.convolve(past, [1.0, *[0.0] * (lag - 1), -1.0])
        levels.append(value - np.dot(past[1:], levels[: -len(past) : -1]))
    assert_allclose(forecast(found, 5), levels[-5:], rtol=1e-9)
    assert_allclose(forecast(found, 5, context=gaps[1:]), levels[-5:], rtol=0.05)


def test_a_series_that_ends_in_a_gap_goes_on_from_its_context():
    for last in (-1, -2, -7):
        gap = SALES.copy()
        gap[last] = np.nan
        model = pipeline().fit(*next_step(gap))

        with pytest.raises(ValueError, match="as context|longer context"):
            forecast(model, 3)
        assert_allclose(
            forecast(model, 3, context=gap), forecast(model, 3, context=SALES), rtol=0.2
        )


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), Difference(), ESNRegressor(**ESN)),
        make_pipeline(StandardScaler(), Difference(lag=12), StandardScaler(), NVARRegressor()),
    ],
)
def test_behind_a_scaler_differences_are_refused_with_what_to_write(model):
    with pytest.raises(ValueError, match="Difference must be the first step, alone or with Log"):
        model.fit(*next_step(SALES))


@pytest.mark.parametrize("between", [PolynomialFeatures(), Reservoir(n_units=9, random_state=0)])
def test_a_step_behind_differences_that_is_no_scaler_is_told_of_their_first_rows(between):
    model = make_pipeline(Difference(), between, ESNRegressor(**ESN))
    with pytest.raises(ValueError, match="NaN"):
        model.fit(*next_step(SALES))
    with pytest.raises(ValueError, match="nothing but scalers of all series alike"):
        make_pipeline(Difference(), Reservoir(n_units=9), Ridge()).fit(*next_step(SALES))


def test_a_plain_list_of_targets_behind_differences_is_refused():
    X, y = next_step(SALES)
    with pytest.raises(TypeError, match=r"pass y as an array or DataFrame, numpy.asarray\(y\)"):
        make_pipeline(Difference(), StandardScaler(), NVARRegressor()).fit(X, list(y))


@pytest.mark.parametrize("seed", range(12))
def test_levels_behind_a_logarithm_have_as_much_room_in_it_again(seed):
    rng = np.random.default_rng(seed)
    rate, unit = rng.uniform(-0.1, 0.1), 10.0 ** rng.uniform(-9, 9)
    shift = unit * rng.choice([0.0, 0.5, 3.0])
    series = unit * np.exp(rate * T[:60] + 0.1 * rng.normal(size=60))
    low, high = np.array([series.min()]), np.array([series.max()])
    steps = [Log(shift=shift), Difference(lag=int(rng.integers(1, 4)))][: rng.integers(1, 3)]
    model = make_pipeline(*steps, NVARRegressor(degree=1, alpha=1e-3)).fit(*next_step(series))
    node = closed_loop_model(model).node

    for share in (0.0, 1.0, rng.uniform(0, 30), 1e6):
        found = np.ravel(node.widened(low, high, share))

        ends = np.log([low[0] + shift, high[0] + shift])
        room = share * np.ptp(ends)
        with np.errstate(over="ignore"):
            expected = np.exp([ends[0] - room, ends[1] + room]) - shift
        assert_allclose(
            found, np.minimum(expected, np.finfo(float).max), rtol=1e-9, atol=1e-12 * unit
        )
        assert found[0] <= low[0] * (1 + 1e-12) and found[1] >= high[0] * (1 - 1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ForecastDivergedWarning)
        far = forecast(model, 600)
    assert np.isfinite(far).all() and (far > -shift).all()


def test_a_scaler_of_each_series_behind_them_is_refused_of_several_series():
    panel = next_step([SALES[:, None], 9 * SALES[:80, None]])
    for step, match in ((Log(), "none that scales each by itself"), (Difference(), "alike")):
        model = make_pipeline(step, SequenceScaler(per_series=True), NVARRegressor(degree=1))
        with pytest.raises(ValueError, match=match):
            forecast(model.fit(*panel), 3)
        alike = make_pipeline(step, SequenceScaler(), NVARRegressor(degree=1))
        assert len(forecast(alike.fit(*panel), 3)) == 2
