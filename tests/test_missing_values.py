"""Gaps are filled by the model's own forecast, in every container, verb and Pipeline."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pytest
from containers import CASES, Case, assert_verbs_are_those_of_each_series
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler

from reservoirs import (
    NVAR,
    ESNRegressor,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    backtest,
    forecast,
    next_step,
)
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

ESN = ESNRegressor(n_units=20, random_state=0, washout=5, alpha=1e-4)
LINEAR = NVARRegressor(n_delays=2, degree=1, alpha=1e-6)
T = np.arange(160)
WHOLE = 3.0 + np.stack([np.sin(0.31 * T), np.cos(0.23 * T)], axis=1)
FORCE = np.sin(0.21 * np.arange(180))[:, None]


def holed(whole, seed=0, share=0.1):
    """Return a series with missing values, single ones and a stretch, not in its first rows."""
    rng, series = np.random.default_rng(seed), whole.copy()
    series[8:][rng.random(series[8:].shape) < share] = np.nan
    series[60:66] = np.nan
    return series


S = holed(WHOLE)


@dataclass(frozen=True)
class Holed(Case):
    """A container of series with gaps."""

    def draw(self):
        observed, forces = super().draw()
        observed = [holed(series, seed) for seed, series in enumerate(observed)]
        for series in observed:  # its last row is the context of a forecast
            series[-1] = 0.5
        return observed, forces


def cases(n_quick):
    everything = [
        (model, Holed(c.kind, c.n_outputs, c.n_exog)) for c in CASES for model in (ESN, LINEAR)
    ]
    quick = np.random.default_rng(1).permutation(len(everything))[:n_quick]
    rest = [case for i, case in enumerate(everything) if i not in quick]
    return [
        pytest.param([everything[i] for i in quick], id="some"),
        pytest.param(rest, id="all", marks=pytest.mark.slow),
    ]


@pytest.mark.filterwarnings("ignore:the forecast that fills a gap leaves:UserWarning")
@pytest.mark.filterwarnings("ignore::reservoirs.ForecastDivergedWarning")  # wild models
@pytest.mark.parametrize("drawn", cases(10))
def test_every_verb_of_a_container_with_gaps_is_that_of_its_series(drawn):
    for model, case in drawn:
        assert_verbs_are_those_of_each_series(model, case)


def test_nan_nulls_na_and_masks_are_the_same_missing_values():
    filled = np.nan_to_num(S, nan=-9999.0)
    reference = clone(ESN).fit(*next_step(S))
    frame = pd.DataFrame(S, columns=["a", "b"])
    same = [
        np.ma.array(filled, mask=np.isnan(S)),
        pl.DataFrame(S, schema=["a", "b"]).fill_nan(None),
        frame.astype("Float64"),
        S.astype(object),
        [np.ma.array(filled, mask=np.isnan(S))],
        np.ma.array(filled, mask=np.isnan(S))[None],
    ]
    for container in same:
        model = clone(ESN).fit(*next_step(container))

        assert_array_equal(model.coef_, reference.coef_)
        ahead = reference.forecast(5, context=S)
        context = container if model.layout_.kind != "list" else container[0]
        assert_allclose(np.squeeze(model.forecast(5, context=context)), ahead, rtol=1e-12)
        assert_allclose(np.squeeze(model.forecast(5)), reference.forecast(5), rtol=1e-12)


@pytest.mark.parametrize("exog", [None, FORCE], ids=["alone", "exog"])
@pytest.mark.parametrize("model", [ESN, LINEAR], ids=["esn", "nvar"])
def test_a_forecast_after_a_fit_is_the_one_with_the_series_as_context(model, exog):
    series = holed(WHOLE, seed=3)
    series[-2:, 0] = np.nan
    fitted = clone(model).fit(*next_step(series, exog))
    start = {"initial_state": "zero"} if model is ESN else {}

    ahead = fitted.forecast(8, exog=None if exog is None else exog[159:167])

    along = None if exog is None else exog[:167]
    known = fitted.forecast(8, context=series, exog=along, **start)
    assert_allclose(ahead, known, rtol=1e-9, atol=1e-9)


def slow_fill(model, series, exog=None):
    """Fill every missing value by what the whole model says of the filled rows before."""
    filled = series.copy()
    for t, missing in enumerate(np.isnan(series)):
        if missing.any():
            rows = filled[:t] if exog is None else np.hstack([filled[:t], exog[:t]])
            value = np.reshape(model.predict(rows)[-1], -1)
            filled[t] = np.where(missing, value, filled[t])
    return filled


PIPELINES = {
    "standard": lambda: make_pipeline(StandardScaler(), clone(ESN)),
    "sequence": lambda: make_pipeline(SequenceScaler(), clone(ESN)),
    "minmax": lambda: make_pipeline(MinMaxScaler(), clone(LINEAR)),
    "two": lambda: make_pipeline(RobustScaler(), SequenceScaler(), clone(ESN)),
    "voting": lambda: VotingRegressor([("a", clone(LINEAR)), ("b", LINEAR.set_params())]),
}


@pytest.mark.filterwarnings("ignore::reservoirs.ForecastDivergedWarning")  # wild models
@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_fills_gaps_in_fit_predict_forecast_and_backtest(name):
    series, exog = (S[:, 0], None) if name == "voting" else (S, FORCE)
    column = series.reshape(len(series), -1)
    X, y = next_step(series, exog)

    model = PIPELINES[name]().fit(X, y)

    assert np.isfinite(model.predict(X)).all()
    filled = slow_fill(model, column, exog)
    n_known = 100
    along = None if exog is None else exog[: n_known + 5]
    known = forecast(model, 6, context=column[:n_known], exog=along)
    assert_allclose(
        known, forecast(model, 6, context=filled[:n_known], exog=along), rtol=1e-9, atol=1e-9
    )
    whole = None if exog is None else exog[:160]
    truth, predicted = backtest(model, column, horizon=6, step=33, exog=whole)
    origins = range(32, 160 - 6, 33)
    for i, origin in enumerate(origins):
        along = None if exog is None else exog[: origin + 6]
        ahead = forecast(model, 6, context=column[: origin + 1], exog=along)
        assert_allclose(predicted[i], ahead.reshape(6, -1), rtol=1e-9, atol=1e-9)
        assert_array_equal(truth[i], column[origin + 1 : origin + 7])


@pytest.mark.filterwarnings("ignore::reservoirs.ForecastDivergedWarning")  # wild models
def test_a_scaled_pipeline_is_the_fit_on_scaled_rows():
    X, y = next_step(S, FORCE)
    scaler = StandardScaler().fit(X)

    pipelines = [PIPELINES["standard"]().fit(X, y), PIPELINES["sequence"]().fit(X, y)]

    by_hand = clone(ESN).fit(scaler.transform(X), y)
    for model in pipelines:
        assert_allclose(model.predict(X), by_hand.predict(scaler.transform(X)), rtol=1e-9)
        ahead = by_hand.forecast(5, exog=(FORCE[159:164] - scaler.mean_[2]) / scaler.scale_[2])
        assert_allclose(forecast(model, 5, exog=FORCE[159:164]), ahead, rtol=1e-9)


@pytest.mark.parametrize("step", [Reservoir(n_units=15, random_state=0), NVAR()])
def test_a_transformer_refuses_gaps_and_a_forecast_fills_its_context(step):
    model = make_pipeline(clone(step), Ridge(1e-4))
    with pytest.raises(ValueError, match="X contains NaN: .*transformers.*need every row"):
        model.fit(*next_step(S))

    model.fit(*next_step(WHOLE))

    context = S[:50]
    filled = slow_fill(model, context)
    expected = forecast(model, 5, context=filled)
    assert_allclose(forecast(model, 5, context=context), expected, rtol=1e-9, atol=1e-9)


def test_a_step_that_bends_the_series_hides_its_gaps_from_the_loop():
    model = make_pipeline(FunctionTransformer(np.cbrt), clone(ESN))
    with pytest.raises(ValueError, match="X contains NaN"):
        model.fit(*next_step(S))

    model.fit(*next_step(WHOLE))

    filled = slow_fill(model, S[:50])
    expected = forecast(model, 5, context=filled)
    assert_allclose(forecast(model, 5, context=S[:50]), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scaler", [SequenceScaler(), SequenceScaler(with_mean=False)])
def test_a_scaler_measures_what_is_there(scaler):
    known = [column[~np.isnan(column)] for column in S.T]

    scaled = clone(scaler).fit(S)

    assert_allclose(scaled.scale_, [k.std() for k in known], rtol=1e-12)
    assert_allclose(scaled.mean_, scaler.with_mean * np.array([k.mean() for k in known]))
    assert_array_equal(np.isnan(scaled.transform(S)), np.isnan(S))
    assert_allclose(scaled.inverse_transform(scaled.transform(S)), S, rtol=1e-12)
    with pytest.raises(ValueError, match="column 1 of X has no value but NaN"):
        clone(scaler).fit(np.where([False, True], np.nan, S))
    with pytest.raises(ValueError, match="infinity"):
        clone(scaler).fit(np.where(np.isnan(S), np.inf, S))


@pytest.mark.parametrize("context", [0, 12])
def test_a_scorer_leaves_out_what_was_not_observed(context):
    X, y = next_step(S)
    y[-3], X[-2] = np.nan, np.nan
    search = GridSearchCV(
        clone(ESN),
        {"alpha": [1e-6, 1e-2]},
        cv=RollingOriginSplit(2, horizon=20),
        scoring=forecast_scorer(context=context),
        error_score="raise",
    ).fit(X, y)
    model = clone(ESN).fit(X[:-20], y[:-20])

    scored = forecast_scorer(context=context)(model, X[-20:], y[-20:])

    assert np.isfinite(search.best_score_)
    if context:
        ahead = model.forecast(8, context=y[-20:-8])
    else:
        ahead = model.forecast(20)
    truth = y[-20 + context :]
    known = ~np.isnan(truth).any(axis=1)
    errors = (ahead - truth)[known] / model.training_end_.target_deviation
    assert scored == pytest.approx(-np.sqrt(np.mean(errors**2)), rel=1e-9)
    with pytest.raises(ValueError, match="no test row without NaN"):
        forecast_scorer()(model, X[-20:], y[-20:] * np.nan)


def test_series_scaled_each_by_itself_are_filled_in_their_own_units():
    series = [1000.0 + S, holed(WHOLE, seed=5) / 100]
    masked = [np.ma.array(np.nan_to_num(x, nan=-9999.0), mask=np.isnan(x)) for x in series]
    model = make_pipeline(SequenceScaler(per_series=True), clone(ESN)).fit(*next_step(series))

    again = clone(model).fit(*next_step(masked))

    ahead = forecast(model, 5)
    for values, same, x in zip(ahead, forecast(again, 5), series, strict=True):
        assert_allclose(values, same, rtol=1e-12)
        assert (np.abs(values - np.nanmean(x, axis=0)) < 3 * np.nanstd(x, axis=0)).all()
    with_context = forecast(model, 5, context=series)
    assert_allclose(with_context, forecast(again, 5, context=masked), rtol=1e-12)


def test_folds_that_begin_in_a_gap_are_scored_after_it():
    X, y = next_step(S)
    model = clone(ESN).fit(X, y)
    first = int(np.argmax(~np.isnan(X[60:]).any(axis=1)))
    assert first > 2

    scores = cross_val_score(clone(ESN), X, y, cv=[(np.arange(60), np.arange(60, 100))])
    behind_scaler = make_pipeline(StandardScaler(), clone(ESN)).fit(X, y)

    expected = clone(ESN).fit(X[:60], y[:60]).score(X[60 + first : 100], y[60 + first : 100])
    assert scores[0] == pytest.approx(expected, rel=1e-12)
    both = model.score([X[60:], X[:30], X[60:62]], [y[60:], y[:30], y[60:62]])
    assert both == model.score([X[60 + first :], X[:30]], [y[60 + first :], y[:30]])
    assert np.isfinite(behind_scaler.score(X[60:], y[60:]))
    scored = forecast_scorer(context=20)
    from_y = 60 + first - 1  # the context is made of targets
    later = forecast_scorer(context=21 - first)(model, X[from_y:], y[from_y:])
    assert scored(model, X[60:], y[60:]) == pytest.approx(later, rel=1e-9)
    with pytest.raises(ValueError, match="where a series begins.*drop the series"):
        model.score(X[60:62], y[:2])


FRAME = pd.DataFrame(S, columns=["a", "b"], index=pd.date_range("2024", periods=160, freq="D"))
HEAT = pd.DataFrame(FORCE[:160], columns=["heat"], index=FRAME.index)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m, gap: m.forecast(3, context=FRAME.iloc[60:100], exog=HEAT),
            r"context contains NaN where a series begins, at row 0 \(2024-03-01.*first 8 row",
        ),
        (
            lambda m, gap: m.backtest(S[60:], horizon=2, step=9, exog=FORCE[60:160]),
            "series contains NaN where a series begins, at row 0: .*first 8 row",
        ),
        (
            lambda m, gap: m.forecast(3, context=FRAME.iloc[:9], exog=gap),
            r"exog contains NaN: 1 row.*row 4 \(2024-01-05.*column 'heat'.*ffill",
        ),
        (
            lambda m, gap: m.forecast(3, context=S[:9], exog=gap.to_numpy()[:11]),
            "exog contains NaN: 1 row.*row 4, column 0.*ffill",
        ),
        (
            lambda m, gap: m.predict(FRAME.join(HEAT), context=FRAME.join(HEAT)[60:62]),
            r"context contains NaN where a series begins, at row 0 \(2024-03-01.*drop the series",
        ),
        (lambda m, gap: m.forecast(3, context=np.full((4, 2), np.inf), exog=FORCE[:6]), "infinity"),
    ],
)
def test_what_no_forecast_reaches_is_refused_by_name(call, message):
    model = clone(ESN).fit(*next_step(FRAME, HEAT))
    gap = HEAT.copy()
    gap.iloc[4] = np.nan

    with pytest.raises(ValueError, match=message):
        call(model, gap)
