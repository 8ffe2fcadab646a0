"""Intervals of forecasts: errors against slow refits, coverage, every container, refusals."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from reservoirs import (
    Difference,
    ESNRegressor,
    Log,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    forecast,
    load,
    next_step,
    save,
)
from reservoirs.forecasting.held_out import find_residuals, in_sample_residuals, plan_origins
from reservoirs.forecasting.interval_rows import kept_pieces
from reservoirs.forecasting.intervals import half_widths
from reservoirs.sequences import Layout

N = 160


def noisy_sine(n, seed=0, noise=0.1):
    rng = np.random.default_rng(seed)
    return np.sin(0.3 * np.arange(n) + rng.uniform(0, 6)) + noise * rng.standard_normal(n)


def esn(**settings):
    return ESNRegressor(**{"n_units": 30, "alpha": 1e-4 * N, "random_state": 0, **settings})


def refitted(model, series, exog, origins):
    """Return the errors of forecasts by new fits to the rows up to each origin."""
    errors = []
    for first in origins.firsts:
        known = None if exog is None else exog[: first + 1]
        twin = type(model)(**model.get_params())
        if getattr(model, "forgetting", 1) < 1:  # all weights, the penalty's too, by the same
            twin.set_params(alpha=model.alpha / model.forgetting ** (len(series) - 1 - first))
        twin.fit(*next_step(series[: first + 1], known))
        ahead = None if exog is None else exog[first : first + origins.horizon]
        values = twin.forecast(origins.horizon, exog=ahead)
        errors.append(series[first + 1 : first + 1 + origins.horizon] - values)
    return np.stack(errors).reshape(len(origins.firsts), origins.horizon, -1)


@pytest.mark.parametrize(
    ("settings", "n_exog"),
    [
        ({}, 0),
        ({"n_units": 200}, 1),  # more features than rows
        ({"washout": 20, "noise": 1e-3}, 0),
        ({"forgetting": 0.99, "readout_features": "state+input+squares"}, 0),
    ],
)
def test_errors_are_those_of_refits_at_each_origin(settings, n_exog):
    series = noisy_sine(N)
    exog = np.cos(0.1 * np.arange(N))[:, None] if n_exog else None
    model = esn(interval_origins=4, **settings).fit(*next_step(series, exog))

    residuals = find_residuals(model)

    origins = plan_origins(model, model.interval_rows_, 4)
    slow = refitted(model, series, exog, origins)
    assert_allclose(residuals, slow, rtol=0, atol=1e-10 * np.abs(slow).max())


@pytest.mark.parametrize(("n", "degree"), [(N, 1), (2300, 2)])
def test_errors_of_monomials_are_those_of_refits_at_each_origin(n, degree):
    series, exog = noisy_sine(n, noise=0.02), np.cos(0.1 * np.arange(n))[:, None]
    model = NVARRegressor(n_delays=5, degree=degree, alpha=1e-12, interval_origins=4)
    model.fit(*next_step(series, exog))
    residuals, kept = find_residuals(model), model.interval_rows_
    origins = plan_origins(model, kept, 4)
    later = replace(origins, firsts=origins.firsts + kept.firsts[0])
    # the rows that are left out are few, but the kept ones are some only
    tolerance = 1e-9 if n == N else 0.1
    slow = refitted(model, series, exog, later)
    assert_allclose(residuals, slow, rtol=0, atol=tolerance * np.abs(slow).max())


def test_several_series_are_left_out_one_by_one():
    series = [noisy_sine(50, seed)[:, None] for seed in range(3)]
    model = esn(interval_origins=6).fit(*next_step(series))
    residuals, origins = find_residuals(model), plan_origins(model, model.interval_rows_, 6)
    for residual, first in zip(residuals, origins.firsts, strict=True):
        number, row = first // 49, first % 49
        parts = [s[: row + 1] if i == number else s for i, s in enumerate(series)]
        slow = esn().fit(*next_step(parts)).forecast(origins.horizon)[number]
        truth = series[number][row + 1 : row + 1 + origins.horizon]
        assert_allclose(residual, truth - slow, rtol=0, atol=1e-9)


def test_errors_along_rows_that_were_learned_are_smaller():
    series = noisy_sine(90)
    model = esn(n_units=200, alpha=1e-6).fit(*next_step(series))
    residuals, origins = find_residuals(model), plan_origins(model, model.interval_rows_, 40)
    seen = in_sample_residuals(model, origins)
    assert np.mean(seen[:, 0] ** 2) < 0.5 * np.mean(residuals[:, 0] ** 2)


def test_a_long_series_keeps_its_last_rows_and_the_state_before():
    series = noisy_sine(4000)
    model = esn(n_units=50, alpha=0.4, washout=10).fit(*next_step(series))
    kept = model.interval_rows_
    assert kept.rows.shape == (2048, 1)
    assert_array_equal(kept.rows[:, 0], series[-2049:-1])
    before = model.predict(next_step(series)[0][:-2048], initial_state="zero", return_state=True)
    assert_allclose(kept.starts, before[1], rtol=1e-12)
    residuals, origins = find_residuals(model), plan_origins(model, kept, 40)
    some = [0, 20, 39]
    shifted = replace(origins, firsts=origins.firsts[some] + 4000 - 2049)
    slow = refitted(model, series, None, shifted)
    assert_allclose(residuals[some], slow, atol=0.02 * slow.std())


@pytest.mark.parametrize("settings", [{}, {"washout": 30}, {"noise": 1e-3}])
def test_pieces_of_series_that_share_a_block_begin_where_they_were(settings):
    series = [noisy_sine(400, seed)[:, None] for seed in range(12)]
    X, y = next_step(series)
    model = esn(n_units=10, **settings).fit(X, y)
    kept = model.interval_rows_
    assert len(kept.starts) == len(kept.series) == 8
    for number, first, start in zip(kept.series, kept.firsts, kept.starts, strict=True):
        cut = [x[:first] if i == number else x for i, x in enumerate(X)]
        there = esn(n_units=10, **settings).fit(
            cut, [t[: len(x)] for t, x in zip(y, cut, strict=True)]
        )
        assert_allclose(start, there.last_states_[number], rtol=1e-12, atol=1e-15)


def test_many_series_keep_pieces_of_some():
    pieces = kept_pieces(Layout("list", (1000,) * 40), 1)
    assert len(pieces) == 8
    assert min(pieces) == 0 and max(pieces) == 39
    assert set(pieces.values()) == {744}


@pytest.mark.parametrize("level", [80, 90])
@pytest.mark.parametrize("model", [esn(n_units=60, alpha=0.1), NVARRegressor(degree=1, n_delays=9)])
def test_intervals_of_a_noisy_sine_hold_as_many_values_as_they_say(model, level):
    inside = []
    for seed in range(12):
        series = noisy_sine(330, seed)
        model.fit(*next_step(series[:300]))
        _, low, high = model.forecast(30, level=level)
        inside.append(np.mean((series[300:] >= low) & (series[300:] <= high)))
    assert abs(np.mean(inside) - level / 100) < 0.07


def test_forecasts_with_a_level_are_those_without():
    model = esn().fit(*next_step(noisy_sine(N)))
    before = pickle.dumps(model)
    alone = model.forecast(7)
    mean, low, high = model.forecast(7, level=80)
    many, lower, upper = model.forecast(7, level=[80, 90])

    assert_array_equal(mean, alone)
    assert_array_equal(many, alone)
    assert lower.shape == upper.shape == (7, 2)
    assert_array_equal(lower[:, 0], low)
    assert_array_equal(model.forecast(3, level=80)[2], high[:3])
    assert (lower[:, 1] < low).all() and (low < mean).all() and (mean < high).all()
    assert pickle.dumps(model) == before
    assert_array_equal(pickle.loads(before).forecast(7, level=80)[1], low)


def test_frames_get_columns():
    days = pd.date_range("2024-01-01", periods=N, freq="D")
    frame = pd.DataFrame({"a": noisy_sine(N), "b": noisy_sine(N, 1)}, index=days)
    model = esn().fit(*next_step(frame))
    ahead = model.forecast(4, level=[80, 90])
    names = [f"{c}_{end}{level}" for c in "ab" for level in (80, 90) for end in ("lo", "hi")]
    assert list(ahead.columns) == ["a", "b", *names]
    pd.testing.assert_frame_equal(ahead[["a", "b"]], model.forecast(4))
    arrays = esn().fit(*next_step(frame.to_numpy())).forecast(4, level=[80, 90])
    assert arrays[1].shape == (4, 2, 2)
    assert_allclose(ahead["b_lo90"], arrays[1][:, 1, 1], rtol=1e-12)


def test_panels_come_back_in_their_container():
    series = [noisy_sine(60, seed)[:, None] for seed in range(3)]
    listed = esn(washout=5).fit(*next_step(series))
    mean, low, high = listed.forecast(4, level=[80, 90])
    assert [v.shape for v in mean] == [(4, 1)] * 3
    assert [v.shape for v in low] == [v.shape for v in high] == [(4, 1, 2)] * 3
    stacked = esn(washout=5).fit(*next_step(np.stack(series)))
    assert stacked.forecast(4, level=80)[1].shape == (3, 4, 1)
    frame = pd.concat([pd.DataFrame({"y": s[:, 0]}) for s in series], keys=["a", "b", "c"])
    ahead = esn(washout=5).fit(*next_step(frame)).forecast(4, level=80)
    assert list(ahead.columns) == ["y", "y_lo80", "y_hi80"] and len(ahead) == 12
    assert_allclose(ahead["y_lo80"], np.concatenate(low)[:, 0, 0], rtol=1e-9)
    assert len(listed.forecast(4, level=80, context=series[0])) == 3


def test_a_scaler_or_a_transformed_target_changes_no_interval():
    series = 50 + 10 * noisy_sine(N)
    X, y = next_step(series)
    z = (series - X.mean()) / X.std()
    pipeline = make_pipeline(StandardScaler(), esn()).fit(X, y)
    expected = forecast(pipeline, 5, level=80)
    by_hand = esn().fit(z[:-1, None], y).forecast(5, level=80)
    assert_allclose(expected, by_hand, rtol=1e-9)
    target = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), esn()), transformer=StandardScaler()
    )
    mean, low, high = forecast(target.fit(X, y), 5, level=80)
    assert (low < mean).all() and (mean < high).all()
    # in logarithms the interval is a factor up and down
    logs = make_pipeline(FunctionTransformer(np.log, np.exp), esn())
    target = TransformedTargetRegressor(logs, func=np.log, inverse_func=np.exp).fit(X, y)
    mean, low, high = forecast(target, 5, level=80)
    inside = esn().fit(*next_step(np.log(series))).forecast(5, level=80)
    assert_allclose(np.log([mean, low, high]), inside, rtol=1e-6)


@pytest.mark.parametrize("steps", [[Difference(lag=3)], [Log(), Difference(), Difference(lag=4)]])
def test_intervals_around_levels_are_of_errors_of_levels(steps):
    series = 6 + 0.02 * np.arange(N) + noisy_sine(N)
    model = make_pipeline(*steps, esn(interval_origins=4))
    mean, low, high = forecast(model.fit(*next_step(series)), 5, level=80)
    reach = sum(getattr(step, "lag", 0) for step in steps)
    origins = plan_origins(model[-1], model[-1].interval_rows_, 4)
    errors = []
    for first in origins.firsts + reach:
        twin = clone(model).fit(*next_step(series[: first + 1]))
        values = forecast(twin, origins.horizon)
        truth = series[first + 1 : first + 1 + origins.horizon]
        errors.append(np.log(truth / values) if len(steps) > 1 else truth - values)
    widths = half_widths(np.stack(errors)[:, :, None], 5, [80.0])[0, :, 0]
    found = np.log(high / mean) if len(steps) > 1 else high - mean
    assert_allclose(found, widths, rtol=1e-6)


def test_series_in_units_of_their_own_have_widths_of_their_own():
    series = [noisy_sine(80)[:, None], 100 * noisy_sine(80, 1)[:, None]]
    model = make_pipeline(SequenceScaler(per_series=True), esn()).fit(*next_step(series))
    _, low, high = forecast(model, 4, level=80)
    widths = [upper - lower for lower, upper in zip(low, high, strict=True)]
    scale = model[0].scale_[:, 0]
    assert_allclose(widths[1] / scale[1], widths[0] / scale[0], rtol=1e-9)


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(Reservoir(n_units=20, random_state=0), Ridge()),
        VotingRegressor([("a", esn()), ("b", esn(random_state=1))]),
        make_pipeline(PolynomialFeatures(2, include_bias=False), esn()),
    ],
)
def test_other_models_are_refused(model):
    model.fit(*next_step(noisy_sine(N)))
    with pytest.raises(ValueError, match="level needs the errors of the regressor's own loops"):
        forecast(model, 3, level=80)


@pytest.mark.parametrize("level", [0, 100, -5, True, "80", [], [[80]], [80, None]])
def test_levels_are_checked(level):
    model = esn().fit(*next_step(noisy_sine(N)))
    with pytest.raises(ValueError, match="level must be a number between 0 and 100"):
        model.forecast(3, level=level)


def test_what_has_no_errors_is_refused_with_the_way_out():
    X, y = next_step(noisy_sine(N))
    model = esn().fit(X, y)
    with pytest.raises(ValueError, match=r"level must be in \(0, 97.56\].*raise interval_origins"):
        model.forecast(3, level=99)
    assert model.set_params(interval_origins=60).forecast(3, level=98)[1].shape == (3,)
    with pytest.raises(ValueError, match="interval_origins=None keeps none"):
        esn(interval_origins=None).fit(X, y).forecast(3, level=80)
    with pytest.raises(ValueError, match="learned by partial_fit"):
        esn().partial_fit(X, y).forecast(3, level=80)
    with pytest.raises(ValueError, match="learned by partial_fit"):
        model.partial_fit(X, y).forecast(3, level=80)
    assert esn(interval_origins=None).fit(X, y).interval_rows_ is None
    assert esn().fit(X, np.cos(y)).interval_rows_ is None


@pytest.mark.parametrize("model", [esn(n_units=100), NVARRegressor()])
def test_files_hold_what_intervals_need_and_little_more(model, tmp_path):
    X, y = next_step(noisy_sine(5000))
    model = clone(model).fit(X, y)
    save(model, tmp_path / "model")
    save(clone(model).set_params(interval_origins=None).fit(X, y), tmp_path / "without")
    sizes = [(tmp_path / name).stat().st_size for name in ("model", "without")]
    assert sizes[0] - sizes[1] < 22_000
    assert_array_equal(load(tmp_path / "model").forecast(9, level=80), model.forecast(9, level=80))


@pytest.mark.parametrize("model", [esn(n_units=20), NVARRegressor()])
@pytest.mark.parametrize(
    "series",
    [np.full(60, 3.0), 2.0 * np.arange(60), np.exp(0.1 * np.arange(60)), np.arange(8.0) % 3],
)
def test_odd_series_have_finite_intervals(model, series):
    model.fit(*next_step(series))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isfinite(model.forecast(20, level=60)).all()


@pytest.mark.parametrize("step", [PowerTransformer(), QuantileTransformer(n_quantiles=50)])
def test_behind_a_step_that_is_no_scaler_a_level_is_refused_with_the_reason(step):
    model = make_pipeline(step, ESNRegressor(n_units=9, random_state=0))
    model.fit(*next_step(np.exp(np.sin(0.3 * np.arange(200.0)))))

    with pytest.raises(ValueError, match="take scalers, Log or Difference in place of the step"):
        forecast(model, 3, level=80)


@pytest.mark.parametrize("power", [-1000, -600, 600, 1000])
def test_widths_have_the_unit_of_the_errors_however_large(power):
    residuals = np.random.default_rng(0).normal(size=(20, 6, 2)) * [1.0, 3.0]

    found = half_widths(np.ldexp(residuals, power), 9, [80.0, 90.0])

    assert_array_equal(found, np.ldexp(half_widths(residuals, 9, [80.0, 90.0]), power))
    assert not half_widths(np.zeros((20, 6, 1)), 9, [80.0]).any()


@pytest.mark.parametrize(
    ("names", "level"),
    [(["y", "y_lo80"], 80), (["y_hi90", "y"], [80, 90]), (["a", "b"], [80, 80.0])],
)
def test_columns_of_one_name_are_refused(names, level):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=names)
    model = ESNRegressor(n_units=9, random_state=0).fit(*next_step(frame))

    with pytest.raises(ValueError, match="rename a column of the series, or give every level once"):
        model.forecast(3, level=level)
    assert model.forecast(3, level=70).columns.is_unique
