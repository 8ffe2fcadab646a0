"""What is fed back stays near the range of the data, in every model, and it is said."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
)

from reservoirs import (
    Difference,
    ESNRegressor,
    ForecastDivergedWarning,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    backtest,
    forecast,
    next_step,
)

WILD = {"n_units": 30, "alpha": 1e-14, "spectral_radius": 1.4, "random_state": 0}
LOG = FunctionTransformer(np.log, np.exp, check_inverse=False)


def random_walk(seed, n_rows=60, n_outputs=1):
    """Return a walk that grows, which models run away on."""
    steps = 0.5 + np.random.default_rng(seed).standard_normal((n_rows, n_outputs))
    return 50 + steps.cumsum(axis=0)


def wild_esn(**settings):
    return ESNRegressor(**{**WILD, "input_scaling": 0.01, **settings})


def cubic():
    return NVARRegressor(n_delays=3, degree=3, alpha=1e-12)


MODELS = {
    "esn": wild_esn,
    "identity": lambda: wild_esn(activation="identity", spectral_radius=1.2),
    "nvar": cubic,
    "scaled esn": lambda: make_pipeline(StandardScaler(), wild_esn(input_scaling=1.0)),
    "scaled nvar": lambda: make_pipeline(StandardScaler(), cubic()),
    "own units": lambda: make_pipeline(SequenceScaler(per_series=True), cubic()),
    "polynomials": lambda: make_pipeline(
        StandardScaler(), PolynomialFeatures(2), NVARRegressor(n_delays=2, alpha=1e-12)
    ),
    "states and ridge": lambda: make_pipeline(
        StandardScaler(), Reservoir(n_units=30, random_state=0), Ridge(1e-12)
    ),
    "average": lambda: VotingRegressor([("one", cubic()), ("two", wild_esn())]),
    "logarithms": lambda: TransformedTargetRegressor(cubic(), transformer=LOG),
    "search": lambda: GridSearchCV(cubic(), {"degree": [3]}, cv=2),
}


def quietly(call, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(*args, **kwargs)


def runaway(data):
    """Return a model whose forecasts grow by a tenth a step."""
    model = NVARRegressor(n_delays=1, degree=1).fit(*next_step(data))
    model.coef_ = 1.1 * model.coef_
    return model


def range_of(*parts, margin):
    rows = np.vstack(parts)
    low, high = rows.min(axis=0), rows.max(axis=0)
    slack = np.multiply(margin, high - low) + 1e-8 * np.abs(rows).max()
    return low - slack, high + slack


@pytest.mark.parametrize("name", MODELS)
def test_no_forecast_leaves_the_range_of_training_and_context(name):
    n_met = 0
    for seed in range(2):
        series, context = random_walk(seed), random_walk(seed + 10, 20) + 20
        model = quietly(MODELS[name]().fit, *next_step(series))
        for given in (None, context):
            low, high = range_of(series[1:], *([] if given is None else [given]), margin=0.25)
            values = np.asarray(quietly(forecast, model, 80, context=given)).reshape(80, -1)
            assert ((values >= low) & (values <= high)).all(), (name, seed)
            n_met += bool(((values < low * 1.0001) | (values > high * 0.9999)).any())
    assert n_met, "none was tested"


def test_a_forecast_within_its_bounds_is_that_without():
    series = np.sin(0.2 * np.arange(300))
    model = ESNRegressor(n_units=50, random_state=0).fit(*next_step(series))

    assert_array_equal(model.forecast(200), model.forecast(200, bound=None))
    assert_array_equal(model.forecast(200, bound=1e9), model.forecast(200, bound=None))


def test_the_loop_goes_on_from_what_is_held():
    series = random_walk(1)
    model = runaway(series)
    values = quietly(model.forecast, 30)
    low, high = range_of(series[1:], margin=0.25)

    past = list(series[:, 0])
    for _ in range(30):
        predicted = np.ravel(model.predict(np.array(past)[:, None]))[-1]
        past.append(np.clip(predicted, low[0], high[0]))
    assert_allclose(np.ravel(values), past[-30:], rtol=1e-6)


@pytest.mark.parametrize("name", ["esn", "nvar", "scaled nvar", "logarithms"])
def test_a_forecast_that_meets_its_bound_says_so_once_with_the_step(name):
    for seed in range(20):
        model = quietly(MODELS[name]().fit, *next_step(random_walk(seed)))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            values = np.ravel(forecast(model, 80))
        assert len(caught) <= 1
        if caught:
            step = caught[0].message.step
            assert f"met its bound at step {step} of 80" in str(caught[0].message)
            free = np.ravel(quietly(forecast, model, 80, bound=None))
            assert_array_equal(values[:step], free[:step])
            assert not values[step] == free[step]
            return
    pytest.fail("no forecast met its bound")


def test_a_warning_names_the_line_that_asked():
    series = random_walk(1, 200)
    model = runaway(series)
    pipeline = make_pipeline(FunctionTransformer(), model).fit(*next_step(series))
    pipeline[-1].coef_ = 1.1 * pipeline[-1].coef_

    for call in (
        lambda: model.forecast(100),
        lambda: forecast(model, 100),
        lambda: forecast(pipeline, 100),
        lambda: model.backtest(series, horizon=50, step=100),
        lambda: backtest(model, series, horizon=50, step=100),
    ):
        with pytest.warns(ForecastDivergedWarning) as caught:
            call()
        assert caught[0].filename == __file__


def test_a_backtest_and_several_series_warn_once():
    series = [random_walk(seed) for seed in range(5)]
    model = runaway(series)

    for call in (
        lambda: forecast(model, 100),
        lambda: backtest(model, series, horizon=20, step=10),
    ):
        with pytest.warns(ForecastDivergedWarning, match=r"of \d+ forecasts met their bound") as w:
            call()
        assert len(w) == 1


@pytest.mark.parametrize("step", [FunctionTransformer(np.log), PowerTransformer("box-cox")])
def test_a_step_that_takes_positive_values_only_is_given_no_others(step):
    series = 1.2 + np.sin(np.arange(60.0))[:, None] + [0.0, 50.0]
    model = make_pipeline(step, NVARRegressor(degree=1)).fit(*next_step(series))
    model[-1].intercept_ = model[-1].intercept_ - 100.0

    found, (_, backtested) = (
        quietly(forecast, model, 9),
        quietly(backtest, model, series, horizon=9, step=40),
    )

    # a quarter more would be below zero in the first column
    low, _ = range_of(series[1:], margin=[0.0, 0.25])
    assert_allclose(found, np.tile(low, (9, 1)), rtol=1e-5)
    assert_allclose(backtested[0], np.tile(low, (9, 1)), rtol=1e-5)


def test_a_backtest_knows_the_range_up_to_each_origin():
    series = random_walk(2, 100)
    model = quietly(cubic().fit, *next_step(series[:40]))
    _, found = quietly(backtest, model, series, horizon=15, step=20)

    for values, origin in zip(found, range(19, 85, 20), strict=True):
        expected = quietly(forecast, model, 15, context=series[: origin + 1])
        assert_allclose(values, expected, rtol=1e-12)


LEVELS = np.array([0.0, 1.0, 1e6, -3e-6])


@pytest.mark.parametrize("model", [ESNRegressor(n_units=20, random_state=0), NVARRegressor()])
def test_a_constant_series_is_forecast_without_a_word(model):
    for level in LEVELS:
        series = np.full(50, level)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # inputs that are not scaled
            warnings.simplefilter("error", ForecastDivergedWarning)
            values = model.fit(*next_step(series)).forecast(20)
        assert_allclose(values, level, rtol=1e-8)


@pytest.mark.parametrize("model", [ESNRegressor(n_units=20, random_state=0), NVARRegressor()])
def test_constant_columns_are_held_to_their_values_without_a_word(model):
    series = np.hstack([np.tile(LEVELS, (80, 1)), np.sin(np.arange(80.0))[:, None]])
    model = make_pipeline(StandardScaler(), model).fit(*next_step(series))

    assert_allclose(forecast(model, 20)[:, :-1], np.tile(LEVELS, (20, 1)), rtol=1e-8)


GROWING = {"n_units": 20, "activation": "identity", "spectral_radius": 1e5, "random_state": 0}


@pytest.mark.parametrize(
    "model",
    [
        ESNRegressor(**GROWING),
        make_pipeline(FunctionTransformer(np.tanh), ESNRegressor(**GROWING)),
        make_pipeline(Reservoir(**GROWING), Ridge()),
        make_pipeline(Difference(), ESNRegressor(**GROWING)),
        VotingRegressor([("esn", ESNRegressor(**GROWING)), ("nvar", NVARRegressor())]),
    ],
)
def test_states_that_overflow_end_no_forecast_in_an_error(model):
    model = quietly(model.fit, *next_step(np.sin(np.arange(20.0))))

    assert np.isfinite(quietly(forecast, model, 150)).all()
    assert np.isnan(quietly(forecast, model, 150, bound=None)[-1])


@pytest.mark.parametrize("model", [NVARRegressor(degree=1), ESNRegressor(n_units=9, noise=0.1)])
def test_a_logarithm_of_a_negative_value_ends_a_free_forecast_in_nan(model):
    model = make_pipeline(FunctionTransformer(np.log), model)
    model.fit(*next_step(1.2 + np.sin(np.arange(60.0))))
    model[-1].intercept_ = model[-1].intercept_ - 100.0

    found = quietly(forecast, model, 9, bound=None)

    assert np.isfinite(found[0]) and np.isnan(found[1:]).all()


def test_the_bound_may_change_after_fit_and_labels_stay():
    index = pd.date_range("2020-01-01", periods=60, freq="D")
    frame = pd.DataFrame({"load": random_walk(1)[:, 0]}, index=index)
    model = runaway(frame)

    quietly(model.forecast, 5)
    wide, narrow = (quietly(model.set_params(bound=b).forecast, 100) for b in (3.0, 0.0))
    assert list(wide.columns) == ["load"] and wide.index[0] == index[-1] + index.freq
    assert np.ptp(narrow.to_numpy()) < np.ptp(wide.to_numpy())


@pytest.mark.parametrize("bound", [-0.1, np.nan, np.inf, "wide", True, False])
def test_another_bound_is_refused(bound):
    X, y = next_step(np.sin(np.arange(60.0)))
    model = ESNRegressor(n_units=20, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="bound must be"):
        model.forecast(3, bound=bound)
    for estimator in (model, NVARRegressor()):  # False is not the way to None
        with pytest.raises(ValueError, match="'bound' parameter"):
            clone(estimator).set_params(bound=bound).fit(X, y)
    with pytest.raises(ValueError, match="'bound' parameter"):
        model.set_params(bound=bound).forecast(3)


def test_a_bound_wider_than_any_number_holds_nothing():
    model = ESNRegressor(n_units=20, random_state=0).fit(*next_step(9 * np.sin(np.arange(60.0))))

    assert_array_equal(model.forecast(9, bound=1.7e308), model.forecast(9, bound=None))
