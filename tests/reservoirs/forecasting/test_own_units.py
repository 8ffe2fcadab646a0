"""Behind a scaler of each series by itself a regressor learns and forecasts in their own units."""

import warnings

import numpy as np
import pandas as pd
import pytest
from containers import naming
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, make_pipeline

from reservoirs import (
    ESNRegressor,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    backtest,
    forecast,
    load,
    next_step,
    save,
)
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer
from trainers import RNNRegressor

STEPS = np.arange(130)
EXOG = np.cos(0.1 * STEPS)[:, None]
SERIES = [10 * np.sin(0.2 * STEPS), 1000 + 50 * np.sin(0.2 * STEPS + 1) + EXOG[:, 0]]
KNOWN, AHEAD = [s[:100, None] for s in SERIES], 8
INDEX = pd.MultiIndex.from_product([["a", "b"], pd.date_range("2024", periods=100)])
FRAME = pd.DataFrame({"y": np.concatenate(KNOWN)[:, 0]}, INDEX)
ESN = ESNRegressor(n_units=30, alpha=1e-8, washout=10, random_state=0)
MODELS = [
    ESN,
    NVARRegressor(alpha=1e-6),
    RNNRegressor(n_units=3, max_iter=2, random_state=0),
]
SCALER = SequenceScaler(per_series=True)


def piped(model):
    return make_pipeline(clone(SCALER), clone(model))


def by_hand(model, exog=None):
    """Return forecasts of a model fitted on series that were scaled beforehand."""
    X, y = next_step(KNOWN, None if exog is None else [exog[:100]] * 2)
    means, scales = [x.mean(axis=0) for x in X], [x.std(axis=0) for x in X]
    scaled = [(x - m) / s for x, m, s in zip(X, means, scales, strict=True)]
    targets = [(v - m[:1]) / s[:1] for v, m, s in zip(y, means, scales, strict=True)]
    ahead = None
    if exog is not None:
        ahead = [
            (exog[99 : 99 + AHEAD] - m[1:]) / s[1:] for m, s in zip(means, scales, strict=True)
        ]
    found = forecast(clone(model).fit(scaled, targets), AHEAD, exog=ahead)
    return [f * s[:1] + m[:1] for f, m, s in zip(found, means, scales, strict=True)]


def test_a_forecast_is_that_of_series_scaled_by_hand_in_every_container():
    for model in MODELS:
        expected = by_hand(model)
        for container in (KNOWN, np.stack(KNOWN), FRAME):
            found = forecast(piped(model).fit(*next_step(container)), AHEAD)

            assert_allclose(
                np.concatenate([np.asarray(f).ravel() for f in found])
                if isinstance(found, list) else np.asarray(found).ravel(),
                np.concatenate(expected)[:, 0], rtol=1e-9,
            )  # fmt: skip
    assert list(found.index[:1]) == [("a", pd.Timestamp("2024-04-10"))]


def test_exogenous_inputs_are_scaled_with_their_series():
    expected = by_hand(ESN, EXOG)

    model = piped(ESN).fit(*next_step(KNOWN, [EXOG[:100]] * 2))

    found = forecast(model, AHEAD, exog=[EXOG[99 : 99 + AHEAD]] * 2)
    assert_allclose(np.concatenate(found), np.concatenate(expected), rtol=1e-9)
    assert_allclose(found[1][:, 0], SERIES[1][100 : 100 + AHEAD], atol=1.0)


def test_predictions_and_scores_are_in_the_units_of_each_series():
    X, y = next_step(KNOWN)
    for model in (piped(ESN).fit(X, y), piped(NVARRegressor()).fit(X, y)):
        assert_allclose(model.predict(X)[1][20:], y[1][20:], rtol=1e-3)
        assert model.score(X, y) > 0.99
    with pytest.raises(ValueError, match="predict with the whole Pipeline"):
        model[-1].predict(X)


def test_contexts_of_known_series_have_their_scale_and_new_ones_that_of_their_context():
    model = piped(ESN).fit(*next_step(KNOWN))
    new = 500 + 3 * np.sin(0.2 * STEPS + 2)[:, None]

    known = forecast(model, AHEAD, context=[s[:90, None] for s in SERIES])
    other = forecast(model, AHEAD, context=new[:100])
    alone = forecast(model, AHEAD, context=[SERIES[0][:90, None]])

    for f, s in zip(known, SERIES, strict=True):
        assert_allclose(f[:, 0], s[90 : 90 + AHEAD], atol=0.05 * s.std())
    assert_allclose(other, new[100 : 100 + AHEAD], atol=0.5)
    assert_allclose(alone[0][:, 0], SERIES[0][90 : 90 + AHEAD], atol=2.0)
    truth, found = backtest(model, new, horizon=AHEAD, step=60)
    assert_allclose(found, truth, atol=0.5)
    truth, found = backtest(model, KNOWN, horizon=AHEAD, step=50)
    assert_allclose(found[1], truth[1], rtol=0.02)
    with pytest.raises(ValueError, match="needs two rows at least, got 1"):
        forecast(model, 2, context=new[:1])


def test_a_backtest_of_a_new_series_never_looks_ahead():
    model, new = piped(ESN).fit(*next_step(KNOWN)), SERIES[1][:, None] + 300
    changed = new.copy()
    changed[61:] += 1e4

    first, again = (
        backtest(model, s, horizon=2, step=60, bound=None)[1][0] for s in (new, changed)
    )

    assert_allclose(first, again, rtol=1e-12)


def test_searches_scorers_and_files_keep_the_units(tmp_path):
    X, y = next_step(FRAME)
    folds = RollingOriginSplit(2, horizon=AHEAD)
    search = GridSearchCV(
        piped(ESN), {"esnregressor__alpha": [1e-8, 1e2]}, cv=folds, scoring=forecast_scorer()
    ).fit(X, y)

    save(search.best_estimator_, tmp_path / "model")

    assert search.best_params_ == {"esnregressor__alpha": 1e-8}
    assert_allclose(
        forecast(load(tmp_path / "model"), AHEAD).to_numpy(), forecast(search, AHEAD).to_numpy()
    )
    scores = cross_val_score(piped(ESN), X, y, cv=folds, scoring=forecast_scorer(context=4))
    assert (scores > -1).all()


def test_other_places_of_the_scaler_are_refused_by_name():
    X, y = next_step(KNOWN)
    later = [y[0], y[1] ** 2]
    cases = [
        (piped(ESN), later),  # not the next observation
        (make_pipeline(SequenceScaler(), clone(SCALER), ESN), y),
        (make_pipeline(clone(SCALER), Reservoir(n_units=9, random_state=0), ESN), y),
        (make_pipeline(FeatureUnion([("a", clone(SCALER))]), ESN), y),
    ]
    for model, targets in cases:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, targets)
        with pytest.raises(ValueError, match="the loop cannot close: .*SequenceScaler"):
            forecast(model, 3)
    single = X[0], y[0]
    voting = VotingRegressor([("a", piped(ESN)), ("b", Ridge())]).fit(single[0], single[1][:, 0])
    with pytest.raises((ValueError, TypeError)):
        forecast(voting, 3)


def test_one_series_is_one_of_its_own_too_and_a_refit_forgets_the_units():
    X, y = next_step(SERIES[1][:100])
    model = piped(ESN).fit(X, y)

    assert_allclose(forecast(model, AHEAD), SERIES[1][100 : 100 + AHEAD], atol=1.0)
    inside = model[-1].fit(X / 1000, y)
    assert not hasattr(inside, "own_units_")
    assert inside.predict(X / 1000).mean() == pytest.approx(y.mean(), rel=0.01)


def test_training_does_not_go_on_in_other_units():
    X, y = next_step(KNOWN)
    model = piped(RNNRegressor(n_units=3, max_iter=1, warm_start=True)).fit(X, y)

    with pytest.raises(ValueError, match="training cannot go on: targets were in the units"):
        model[-1].partial_fit(X, y)


def test_a_file_is_read_from_memory_as_it_was(tmp_path):
    scaler = clone(SCALER).fit(KNOWN)
    save(scaler, tmp_path / "scaler")

    found = load(tmp_path / "scaler")

    assert_allclose(found.transform(KNOWN)[1], scaler.transform(KNOWN)[1])


def test_a_part_of_a_scaled_panel_does_not_have_the_units_of_the_whole():
    wave = np.sin(0.2 * np.arange(120))
    panel = pd.concat({"a": pd.DataFrame({"y": wave}), "b": pd.DataFrame({"y": 9 + 5 * wave})})
    part = SequenceScaler(per_series=True).fit_transform(panel).loc[["b"]]
    X, y = next_step(part)
    model = ESNRegressor(n_units=30, random_state=0).fit(X, y)

    assert_allclose(model.predict(X)[-1], y.to_numpy()[-1, 0], atol=0.01)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_rows_that_were_changed_on_the_way_do_not_have_the_units_of_others():
    wave = np.sin(0.2 * np.arange(120))
    tables = {name: pd.DataFrame({"y": 5 * i + (1 + i) * wave}) for i, name in enumerate("abc")}
    panel, three = pd.concat(tables), [t.to_numpy() for t in tables.values()]
    X, y = next_step(panel)
    model = piped(ESN).fit(X, y)
    scaler, inside = model[0], model[-1]
    whole, stack, series = map(scaler.transform, (X, np.stack(three), three))
    ids = np.repeat(list("abc"), 119)
    flat = scaler.transform(X.to_numpy(), series_id=ids)
    doubled = flat.copy().view(type(flat))
    doubled.units = flat.units
    doubled *= 2
    series[0], series[1] = series[1], series[0]
    others = [
        pd.concat([whole.loc[["b", "c", "a"]]]), whole + 1.0, whole * 2,
        whole.rename(index={"a": "d"}).loc[["d", "c", "b"]], whole.groupby(level=0).head(50),
        whole.loc[["c"]], series, stack[::-1], stack * 1.0, doubled,
    ]  # fmt: skip

    for number, rows in enumerate(others):
        with naming(number), pytest.raises(ValueError, match="predict with the whole Pipeline"):
            inside.predict(rows)
    renamed = whole.rename(index={"a": "d"})  # the same rows, whatever they are called
    assert_allclose(inside.predict(renamed), model.predict(X))
    assert_allclose(inside.predict(flat, series_id=ids), model.predict(X))
    with pytest.raises(ValueError, match="predict with the whole Pipeline"):
        inside.predict(flat, series_id=np.repeat(list("abc"), [100, 119, 138]))
    for rows in (whole * 2, stack[::-1]):
        again = clone(ESN).fit(rows, np.zeros(rows.shape[:-1] if rows.ndim == 3 else len(rows)))
        assert not hasattr(again, "own_units_")


def test_series_of_any_unit_are_forecast_in_it():
    series = np.sin(0.2 * np.arange(80.0))[:, None]
    model = make_pipeline(SequenceScaler(per_series=True), ESNRegressor(n_units=20, random_state=0))
    expected = forecast(model.fit(*next_step([series, series])), 5)

    for unit in (1e-200, 1e160, 1e300):
        model.fit(*next_step([series, unit * series]))
        assert_allclose(forecast(model, 5)[1] / unit, expected[1], rtol=1e-9)
