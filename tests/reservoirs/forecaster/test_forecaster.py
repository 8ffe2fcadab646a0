"""Forecaster: what a person would draw, in every container, with intervals; parts against twins."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from reservoirs import (
    ESNRegressor,
    ForecastDivergedWarning,
    Forecaster,
    Reservoir,
    forecast,
    next_step,
)
from reservoirs.forecaster.branch import Branch, Inputs
from reservoirs.forecaster.search import loop_origins, plan_origins, score_branch
from reservoirs.forecaster.seasons import find_season
from reservoirs.forecaster.training import Training
from reservoirs.forecaster.transforms import Transform, possible_transforms
from reservoirs.forecasting.loop_choice import PENALTIES
from reservoirs.metrics import nrmse
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

T = np.arange(96.0)
RNG = np.random.default_rng(0)
SALES = (100 + T) * (1 + 0.3 * np.sin(2 * np.pi * T / 12)) * np.exp(0.02 * RNG.standard_normal(96))
MONTHS = pd.date_range("2015-01-01", periods=96, freq="MS")
NO_EXOG = np.zeros((96, 0))


def quick(**settings):
    return Forecaster(**{"horizon": 6, "n_members": 1, "random_state": 0, **settings})


@pytest.mark.parametrize(
    ("series", "ahead", "tolerance"),
    [
        (np.full(60, 3.0), np.full(6, 3.0), 1e-9),
        (np.zeros(60), np.zeros(6), 1e-12),
        (5 + 2 * T[:60], 5 + 2 * np.arange(60.0, 66), 1e-6),
        (np.exp(0.05 * T[:60]), np.exp(0.05 * np.arange(60.0, 66)), 0.05),
        (1e-6 * np.sin(0.3 * T), 1e-6 * np.sin(0.3 * np.arange(96, 102)), 1e-8),
        (1e6 + np.sin(0.3 * T), 1e6 + np.sin(0.3 * np.arange(96, 102)), 1e-2),
        ((T > 80) * 1.0, np.ones(6), 1e-6),
    ],
)
def test_it_draws_what_a_person_would(series, ahead, tolerance):
    assert_allclose(quick().fit(series).forecast(6), ahead, atol=tolerance)


@pytest.mark.parametrize("series", [RNG.standard_normal(50), RNG.standard_normal(50).cumsum()])
def test_what_cannot_be_forecast_stays_near_the_series(series):
    far = quick().fit(series).forecast(500)
    assert np.isfinite(far).all()
    assert np.abs(far - series.mean()).max() <= 31 * np.ptp(series)


def test_a_trend_may_leave_the_range_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ahead = forecast(quick().fit(5 + 2 * T[:60]), 40)
    assert_allclose(ahead, 5 + 2 * np.arange(60.0, 100), rtol=1e-6)


def test_a_seasonal_series_is_forecast_better_than_by_its_last_season():
    found = quick(season=12, horizon=12).fit(SALES[:84]).forecast(12)
    errors = [np.sqrt(np.mean((f - SALES[84:]) ** 2)) for f in (found, SALES[72:84])]
    assert errors[0] < 0.5 * errors[1]


def test_frames_panels_lists_and_several_columns_keep_their_form():
    frame = pd.DataFrame({"a": SALES, "b": SALES[::-1]}, index=MONTHS)
    ahead = quick(season=12).fit(frame).forecast(3)
    assert list(ahead.columns) == ["a", "b"] and ahead.index[0] == pd.Timestamp("2023-01-01")

    panel = pd.concat({"x": frame[["a"]], "y": 3 * frame[["a"]]})
    of_both = quick(season=12).fit(panel).forecast(2)
    alone = quick(season=12).fit(frame["a"]).forecast(2)
    assert_allclose(of_both.loc["x"].to_numpy().ravel(), alone.to_numpy().ravel(), rtol=1e-9)
    assert_allclose(of_both.loc["y"], 3 * of_both.loc["x"], rtol=1e-6)

    model = quick(season=12).fit([SALES[:, None], SALES[:50, None]])
    assert [values.shape for values in model.forecast(4)] == [(4, 1), (4, 1)]
    assert model.season_ == [12, 12] and len(model.residuals_) == 2
    lines = model.summary().splitlines()
    assert lines[0].startswith("series 0: 96 rows") and sum("weight" in line for line in lines) > 4


def test_series_of_a_panel_have_seasons_of_their_own():
    frame = pd.DataFrame({"y": SALES})
    panel = pd.concat({"x": frame, "y": frame})

    model = quick(season={"y": 12, "x": None}, transforms="none").fit(panel)

    assert model.season_ == [1, 12]
    assert quick(season=[7, 12], transforms="none").fit(panel).season_ == [7, 12]


def test_a_search_compares_forecasts_after_each_origin():
    frame = pd.DataFrame({"y": SALES[:80]}, MONTHS[:80])
    folds = RollingOriginSplit(2, horizon=6)
    settings = {"season": [7, 12]}
    search = GridSearchCV(quick(transforms="none"), settings, cv=folds, scoring=forecast_scorer())

    search.fit(frame)

    assert search.best_params_ == {"season": 12}
    train, test = list(folds.split(frame))[1]
    ahead = search.best_estimator_.fit(frame.iloc[train]).forecast(6)
    error = nrmse(frame.iloc[test], ahead, scale=SALES[1:74].std())
    assert search.cv_results_["split1_test_score"][1] == pytest.approx(-error)
    with pytest.raises(ValueError, match="do not follow the training rows"):
        forecast_scorer()(search, frame)


@pytest.mark.parametrize("align", ["target", "observation"])
def test_known_inputs_are_taken_by_date(align):
    days = pd.date_range("2024-01-01", periods=110)
    promo = pd.DataFrame({"p": (RNG.random(110) < 0.3) * 1.0}, index=days)
    shift = {"target": 0, "observation": 1}[align]
    effect = 10 * promo["p"].shift(shift).fillna(0.0)
    y = pd.DataFrame({"y": 20 + effect[:100]})

    model = quick(exog_align=align).fit(y, exog=promo)

    assert_allclose(model.forecast(6, exog=promo)["y"], 20 + effect[100:106], atol=0.2)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    inside = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        series = 10 * np.sin(0.4 * np.arange(106)) + rng.standard_normal(106)
        _, low, high = quick(season=1).fit(series[:100]).forecast(6, level=80)
        inside += list((low <= series[100:]) & (series[100:] <= high))
    assert 0.6 < np.mean(inside) < 0.97


def test_intervals_have_the_form_of_the_forecast():
    model = quick(season=12).fit(SALES)
    mean, low, high = model.forecast(8, level=[80, 90])
    assert_array_equal(mean, model.forecast(8))
    assert low.shape == high.shape == (8, 2)
    assert (low[:, 1] < low[:, 0]).all() and (high[:, 1] > high[:, 0]).all()
    for end, ours in zip(forecast(model, 8, level=[80, 90]), (mean, low, high), strict=True):
        assert_array_equal(end, ours)
    frame = quick(season=12).fit(pd.DataFrame({"y": SALES}, index=MONTHS)).forecast(3, level=80)
    assert list(frame.columns) == ["y", "y_lo80", "y_hi80"]
    with pytest.raises(ValueError, match="level must be in"):
        model.forecast(3, level=99)


def test_it_is_an_estimator():
    model = quick(estimator=ESNRegressor(n_units=25, leak_rate=0.5), combine="best", season=12)
    again = clone(model).fit(SALES)
    model.fit(SALES)
    assert model.models_[0].ways[0].weight in (0.0, 1.0)
    assert_array_equal(model.forecast(5), again.forecast(5))
    assert_array_equal(pickle.loads(pickle.dumps(model)).forecast(5), model.forecast(5))
    assert model.get_params()["estimator__leak_rate"] == 0.5
    assert len(pickle.dumps(model)) < 200_000
    table = model.cv_results_
    assert len({len(column) for column in table.values()}) == 1
    assert sum(table["weight"]) == pytest.approx(1.0)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="infinity"):
        model.fit(np.append(SALES, np.inf))
    assert vars(model) == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: quick().fit(*next_step(SALES)), "y must be None"),
        (lambda: quick(season=[12, 4]).fit(SALES), "one for each of 1"),
        (lambda: quick(season={"a": 12}).fit(SALES), "got none for 0"),
        (lambda: quick(season=["12"]).fit(SALES), "season must be an integer"),
        (lambda: quick().fit(SALES[:3]), "too short"),
        (lambda: quick(horizon=90).fit(SALES), "lower horizon"),
        (lambda: quick(baselines=("mean",)).fit(SALES), "baselines must be of"),
        (lambda: quick(season=0).fit(SALES), "season"),
        (lambda: forecast(quick().fit(SALES), 3, context=SALES[:2]), "rows back"),
        (lambda: forecast(quick().fit(SALES), 3, initial_state="zero"), "no meaning"),
        (lambda: forecast(quick().fit([SALES[:40, None]] * 2), 3, context=SALES), "none of them"),
        (lambda: quick(bound=-1).fit(SALES), "bound"),
        (lambda: quick().fit(SALES).forecast(0), "n_steps"),
    ],
)
def test_mistakes_are_answered(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("lags", [(), (1,), (12,), (12, 1)])
@pytest.mark.parametrize("log", [False, True])
def test_levels_follow_from_transformed_values(lags, log):
    transform = Transform(lags, log)
    z, g = transform.forward(SALES[:, None]), transform.levels(SALES[:, None])
    for t in range(transform.reach, 96):
        earlier = g[t - 1 :: -1][: transform.reach] if t else g[:0]
        level = z[t - transform.reach] + transform.weights @ earlier
        assert_allclose(level, g[t], rtol=1e-12)


def test_transforms_are_those_that_the_series_allows():
    assert len(possible_transforms(SALES[:, None], 12, 12)) == 8
    assert len(possible_transforms(-SALES[:, None], 12, 12)) == 4
    assert len(possible_transforms(SALES[:40, None], 12, 12)) == 4


def test_loops_are_those_of_refits_row_by_row():
    y, reservoir = SALES[:, None], Reservoir(n_units=20, random_state=0).drawn(1, 0)
    branch = Branch.measured(Transform((1,), log=True), Inputs(3, 12, 2), [reservoir], y)
    starts = plan_origins(96, 6, 20)
    scored = score_branch(Training(branch, y, NO_EXOG), y, NO_EXOG, starts, 6, 0.25)
    loops = loop_origins(starts, 6)

    z = np.diff(np.log(SALES))
    mean, scale = z.mean(), z.std()
    z = (z - mean) / scale
    room = 0.25 * np.ptp(z)
    states = reservoir.transform(z[:, None])

    def row(state, values, t):
        angles = 2 * np.pi * (t + 1) / 12 * np.array([1, 2])
        return np.concatenate([state, 10 * np.r_[values, np.cos(angles), np.sin(angles)]])

    rows = np.array(
        [row(states[i], z[i : i - 3 : -1] if i > 2 else z[2::-1], i + 1) for i in range(2, len(z))]
    )
    for loop, a in ((3, 6), (10, 10)):
        kept = np.ones(len(rows) - 1, dtype=bool)
        first = starts[loop // 2] - 1 - 2
        kept[first : first + 9] = False
        targets = z[3:]
        Z, Y = rows[:-1][kept], targets[kept]
        alpha = (len(z) - 1) * PENALTIES[a]
        centred = Z - Z.mean(axis=0)
        C = np.linalg.solve(
            centred.T @ centred + alpha * np.eye(Z.shape[1]), centred.T @ (Y - Y.mean())
        )
        c = Y.mean() - Z.mean(axis=0) @ C
        origin = loops[loop]
        i, level = origin - 1, np.log(SALES[origin])
        state, values = states[i - 1], list(z[i : i - 3 : -1])
        for step in range(6):
            state = reservoir.transform([[values[0]]], initial_state=state)[0]
            out = np.clip(row(state, values, origin + step) @ C + c, z.min() - room, z.max() + room)
            level += out * scale + mean
            assert_allclose(scored.values[loop, a, step, 0], np.exp(level), rtol=1e-6)
            values = [out, *values[:-1]]


@pytest.mark.parametrize(("period", "n_rows"), [(12, 144), (7, 100), (24, 400)])
def test_the_season_is_found(period, n_rows):
    t = np.arange(n_rows)
    series = np.sin(2 * np.pi * t / period) ** 3 + 0.02 * t + 0.1 * RNG.standard_normal(n_rows)
    assert find_season(series[:, None]) == period
    assert find_season(RNG.standard_normal((n_rows, 1))) == 1
    assert find_season(np.ones((n_rows, 1))) == 1


@pytest.mark.parametrize("combine", ["weights", "best"])
@pytest.mark.parametrize(
    ("season", "horizon", "n_lags"), [(12, 30, "auto"), (12, 9, 30), (7, 40, 3)]
)
def test_no_way_is_judged_by_values_after_its_origin(season, horizon, n_lags, combine):
    shortest = max(horizon + horizon // 2 + 4, 2 * season + horizon)
    for n_rows in range(shortest, 3 * season + 2 * horizon, 17):
        series = RNG.standard_normal(n_rows).cumsum() + 50
        model = quick(season=season, horizon=horizon, n_lags=n_lags, combine=combine).fit(series)
        last = n_rows - 1 - (horizon + horizon // 2)

        # what is repeated is known before the last loop, and what reaches further is not tried
        assert model.models_[0].n_before <= last
        assert all(way.lag <= last + 1 for way in model.models_[0].ways)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ForecastDivergedWarning)
            assert np.isfinite(model.forecast(horizon)).all()


@pytest.mark.parametrize("season", [None, 12])
def test_a_positive_value_near_0_explodes_no_forecast(season):
    for smallest in (1e-300, 1e-30, 5e-324):
        series = np.where(np.arange(96) == 3, smallest, SALES)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = quick(season=season).fit(series)
            ahead = model.forecast(6, level=80)
        assert np.isfinite(ahead).all()
        assert np.abs(ahead[0] / quick(season=season).fit(SALES).forecast(6) - 1).max() < 0.5
