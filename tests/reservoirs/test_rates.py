"""The rate form: laws of motion learned from equal steps, and integrated."""

import numpy as np
import pandas as pd
import pytest
from containers import CASES, assert_verbs_are_those_of_each_series, sampled
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import (
    Difference,
    Forecaster,
    NVARRegressor,
    SequenceScaler,
    forecast,
    load,
    next_step,
    save,
)
from reservoirs.forecasting import ForecastMixin, held_out, plan_origins

DT, ETA = 0.1, 0.2
LONG = np.finfo(np.longdouble).eps <= 1e-18


def push(t):
    return 0.5 * np.cos(1.3 * t) + 0.3 * np.sin(0.4 * t + 1)


def driven(t, z):
    return [z[1], push(t) - ETA * z[1] - z[0]]


def pendulum(t, z):
    return [z[1], -z[0] + z[0] ** 3 / 6 - ETA * z[1]]


def solve(slope, n_steps=300, start=(0.3, 1.0), dt=DT):
    t = dt * np.arange(n_steps)
    return solve_ivp(slope, (0, t[-1]), start, "DOP853", t, rtol=1e-12, atol=1e-12).y.T


PENDULUM, DRIVEN = solve(pendulum), solve(driven)
FORCE = push(DT * np.arange(320))[:, None]


def rate(**settings):
    return NVARRegressor(**{"form": "rate", "dt": DT, "degree": 1, "alpha": 0.0, **settings})


@pytest.fixture(scope="module")
def swinging():
    return rate(degree=3, order=12).fit(*next_step(PENDULUM))


@pytest.fixture(scope="module")
def pushed():
    return rate(order=12).fit(*next_step(DRIVEN, FORCE[:300]))


def test_the_law_of_the_driven_oscillator_comes_out(pushed):
    law = [[0, 1, 0], [-1, -ETA, 1]]

    assert_allclose(pushed.coef_, law, atol=1e-8)
    assert_allclose(pushed.intercept_, 0, atol=1e-8)


def test_a_cubic_term_comes_out(swinging):
    names = [tuple(index) for index in swinging.features_.exponents_]

    law = dict(zip(names, swinging.coef_.T, strict=True))

    assert_allclose(law[0, 0, 0], [0, 1 / 6], atol=1e-7)
    assert_allclose(law[(0,)], [0, -1], atol=1e-7)


def test_forecasts_follow_the_truth(swinging, pushed):
    assert_allclose(swinging.forecast(3, context=PENDULUM[:200]), PENDULUM[200:203], atol=1e-8)
    free = pushed.forecast(100, context=DRIVEN[:200], exog=FORCE[:299])
    assert_allclose(free, DRIVEN[200:], atol=2e-4)  # of a force that is not known ahead


def test_a_prediction_is_the_law_integrated_over_one_step(swinging):
    swinging = clone(swinging).set_params(substeps=6).fit(*next_step(PENDULUM))
    C, c, monomials = swinging.coef_, swinging.intercept_, swinging.features_.monomials

    predicted = swinging.predict(PENDULUM[[5, 80]])

    for row, got in zip(PENDULUM[[5, 80]], predicted, strict=True):
        exact = solve_ivp(
            lambda t, z: C @ monomials(z[None])[0] + c,
            (0, DT),
            row,
            "DOP853",
            rtol=1e-13,
            atol=1e-13,
        )
        assert_allclose(got, exact.y[:, -1], atol=1e-11)


@pytest.mark.parametrize("n_known", [0, 1, 2, 50])
@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("order", [2, 4, 12])
def test_a_compiled_loop_is_the_loop_row_by_row(n_known, bounded, order):
    model = rate(order=order, degree=2, alpha=1e-3).fit(*next_step(DRIVEN, FORCE[:300]))
    rows = np.hstack([DRIVEN, FORCE[:300]])
    _, state = model._drive(rows[:n_known], model._start_states(None, 1)[0])
    bounds = (np.array([-0.4, -0.2]), np.array([0.3, 0.5])) if bounded else None
    ahead = DRIVEN[n_known], FORCE[n_known : n_known + 30], model.loop_, state, bounds

    fast, slow = model._closed_loop(*ahead), ForecastMixin._closed_loop(model, *ahead)

    assert_allclose(fast, slow, rtol=1e-9, atol=1e-10)


def test_a_loop_in_several_calls_is_that_in_one(swinging, monkeypatch):
    from reservoirs.compiled import rate_loops

    whole = swinging.forecast(50)

    monkeypatch.setattr(rate_loops, "STEPS_PER_CALL", 7)

    assert_array_equal(swinging.forecast(50), whole)


def test_a_forecast_goes_on_where_training_ended(pushed):
    ahead = pushed.forecast(10, exog=FORCE[299:309])

    with_context = pushed.forecast(10, context=DRIVEN, exog=FORCE[:309])
    assert_allclose(ahead, with_context, rtol=1e-10)


def test_a_prefix_and_a_context_change_nothing(pushed):
    X = np.hstack([DRIVEN, FORCE[:300]])
    whole = pushed.predict(X)

    assert_allclose(pushed.predict(X[:30]), whole[:30], rtol=1e-11, atol=1e-14)
    assert_allclose(pushed.predict(X[30:], context=X[:30]), whole[30:], rtol=1e-11, atol=1e-14)
    assert_allclose(pushed.predict(X[:1]), whole[:1], rtol=1e-11, atol=1e-14)


def test_a_backtest_is_a_loop_of_forecasts(pushed):
    _, together = pushed.backtest(DRIVEN, exog=FORCE[:300], horizon=5, step=90)

    for values, n_known in zip(together, [90, 180, 270], strict=True):
        context, exog = DRIVEN[:n_known], FORCE[: n_known + 4]
        alone = pushed.forecast(5, context=context, exog=exog)
        assert_allclose(values, alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scaler", [StandardScaler(), SequenceScaler(per_series=True)])
def test_a_scaler_before_it_changes_units_only(scaler, pushed):
    X, y = next_step(DRIVEN, FORCE[:300])
    model = make_pipeline(clone(scaler), rate(order=12)).fit(X, y)

    free = forecast(model, 50, context=DRIVEN[:200], exog=FORCE[:249], bound=None)

    plain = pushed.forecast(50, context=DRIVEN[:200], exog=FORCE[:249], bound=None)
    # a scaler of each series by itself takes the units of the context
    assert_allclose(free, plain, atol=1e-6 if isinstance(scaler, StandardScaler) else 0.3)


@pytest.mark.parametrize("box", [list, np.stack])
def test_series_are_learned_together_and_forecast_each(box):
    many = [solve(pendulum, 60, start) for start in [(0.3, 1.0), (1.2, 0.0), (-0.5, 0.2)]]
    series = box(many)

    model = rate(degree=3, alpha=1e-12).fit(*next_step(series))

    for ahead, one in zip(model.forecast(4), many, strict=True):
        truth = solve(pendulum, 64, one[0])[60:]
        assert_allclose(ahead, truth, atol=2e-5)
    predicted = model.predict(series)
    for values, one in zip(predicted, many, strict=True):
        assert_allclose(values, model.predict(one), rtol=1e-11, atol=1e-14)


def test_frames_come_back_as_frames():
    index = pd.date_range("2024-01-01", periods=300, freq="h")
    frame = pd.DataFrame(PENDULUM, columns=["x", "v"], index=index)

    ahead = rate(degree=3).fit(*next_step(frame)).forecast(3)

    assert list(ahead.columns) == ["x", "v"]
    assert ahead.index[0] == index[-1] + pd.Timedelta("1h")


@pytest.mark.parametrize("dtype", ["float64", "longdouble"])
def test_files_and_clones_are_the_same_model(dtype, tmp_path):
    if dtype == "longdouble" and not LONG:
        pytest.skip("long double is float64 here")
    model = rate(order=12, dtype=dtype).fit(*next_step(DRIVEN, FORCE[:300]))

    save(model, tmp_path / "law")

    ahead = model.forecast(20, exog=FORCE[299:319])
    assert_array_equal(load(tmp_path / "law").forecast(20, exog=FORCE[299:319]), ahead)
    assert clone(model).get_params() == model.get_params()


def test_gaps_of_a_context_are_filled(swinging):
    context = PENDULUM[:200].copy()
    context[150, 0] = np.nan

    ahead = swinging.forecast(5, context=context)

    assert_allclose(ahead, PENDULUM[200:205], atol=1e-6)


def test_intervals_are_of_laws_that_have_not_seen_their_rows():
    noisy = PENDULUM + np.random.default_rng(0).normal(scale=0.01, size=PENDULUM.shape)
    model = rate(order=4, interval_origins=3, alpha=1e-3).fit(*next_step(noisy))
    origins = plan_origins(model, model.interval_rows_, 3)

    residuals = held_out.find_residuals(model)

    for first, errors in zip(origins.firsts, residuals, strict=True):
        # rows before `first` are known, and the target of the last of them
        refit = clone(model).fit(noisy[:first], noisy[1 : first + 1])
        ahead = refit.forecast(origins.horizon, context=noisy[first][None], bound=None)
        truth = noisy[first + 1 : first + 1 + origins.horizon]
        # up to the sizes by which monomials are scaled, and so penalised
        assert_allclose(errors, truth - ahead, atol=2e-5)
    mean, low, high = model.forecast(5, level=50)
    assert (low < mean).all() and (mean < high).all()


def test_intervals_know_the_force(pushed):
    model = clone(pushed).set_params(interval_origins=5).fit(*next_step(DRIVEN, FORCE[:300]))

    mean, low, high = model.forecast(5, exog=FORCE[299:304], level=50)

    assert (low < mean).all() and (high - low).max() < 1e-3


def test_fewer_terms_are_those_of_the_largest_size():
    model = rate(degree=5, n_terms=7).fit(*next_step(PENDULUM))

    assert len(model.features_.exponents_) == model.coef_.shape[1] == 7
    mapped = NVARRegressor(degree=4, n_terms=30, n_delays=3).fit(*next_step(PENDULUM))
    free = mapped.forecast(2, context=PENDULUM[:200])
    assert mapped.coef_.shape == (2, 30)
    assert_allclose(free, PENDULUM[200:202], atol=1e-3)


def irregular():
    hours = pd.to_timedelta(np.cumsum(1 + np.arange(60) % 7 / 7.3) ** 1.1, unit="h")
    return pd.DataFrame(PENDULUM[:60], index=pd.Timestamp("2024-01-01") + hours)


def holed():
    index = pd.date_range("2024-01-01", periods=61, freq="h").delete(30)
    return pd.DataFrame(PENDULUM[:60], index=index)


def with_gap():
    gap = PENDULUM.copy()
    gap[40, 1] = np.nan
    return gap


@pytest.mark.parametrize(
    ("settings", "data", "message"),
    [
        ({}, lambda: next_step(with_gap()), "contains NaN; put the series on a regular grid"),
        ({}, lambda: next_step(irregular()), "follow no frequency; put the series"),
        ({}, lambda: next_step(holed()), "2024-01-02 06:00:00 is missing among the labels"),
        ({}, lambda: (PENDULUM, PENDULUM[:, 0] ** 2), "y is not the next observation"),
        ({}, lambda: next_step(PENDULUM[:8]), "needs 8 rows of every series, got one of 7"),
        ({"order": 7}, lambda: next_step(PENDULUM), "even number >= 2.*got 7; take 6"),
        ({"n_delays": 2}, lambda: next_step(PENDULUM), "n_delays=2, leave it out"),
        ({"alpha": "closed_loop"}, lambda: next_step(PENDULUM), "a number or a grid as alpha"),
        ({"noise": 0.1}, lambda: next_step(PENDULUM), "no noise penalty, got noise=0.1"),
        (
            {"exog_align": "target"},
            lambda: next_step(DRIVEN, FORCE[:300], align="target"),
            "known input beside the observation of its own time",
        ),
        ({"n_terms": 4, "degree": (1, 3)}, lambda: next_step(PENDULUM), "highest as a number"),
        ({"dtype": "longdouble", "alpha": [1, 2]}, lambda: next_step(PENDULUM), "one number"),
        ({"dtype": "longdouble", "noise": 0.1}, lambda: next_step(PENDULUM), "need no more digits"),
        ({}, lambda: next_step(1e200 * PENDULUM), "too large for float64"),
    ],
)
def test_what_it_cannot_learn_from_is_refused_with_the_remedy(settings, data, message):
    settings = {"degree": 2, **settings}
    with pytest.raises(ValueError, match=message):
        rate(**settings).fit(*data())


def test_a_grid_of_penalties_is_judged_by_cross_validation():
    noisy = PENDULUM + np.random.default_rng(0).normal(scale=0.01, size=PENDULUM.shape)

    model = rate(alpha=[1e-8, 1e-2, 1e6]).fit(*next_step(noisy))

    assert model.alpha_ < 1e6


def test_a_forecaster_and_differences_may_have_it_inside():
    model = Forecaster(rate(degree=3), n_members=1).fit(PENDULUM[:60])
    differenced = make_pipeline(Difference(), rate(alpha=1e-9)).fit(*next_step(PENDULUM))

    assert_allclose(model.forecast(3), PENDULUM[60:63], atol=1e-6)
    assert forecast(differenced, 3).shape == (3, 2)


@pytest.mark.filterwarnings("ignore::reservoirs.ForecastDivergedWarning")  # wild models
@pytest.mark.parametrize("cases", sampled(CASES, 2))
def test_every_verb_of_a_container_is_that_of_its_series(cases):
    for case in cases:
        assert_verbs_are_those_of_each_series(rate(order=4, alpha=1e-3), case)
