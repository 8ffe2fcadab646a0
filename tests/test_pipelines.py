"""A Pipeline of any steps forecasts as the slow loop does, or is refused by the step's name."""

import itertools
import warnings

import numpy as np
import pytest
from containers import naming, sampled
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler

from reservoirs import (
    NVAR,
    ESNRegressor,
    ForecastDivergedWarning,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    backtest,
    forecast,
    next_step,
)

STEPS = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler((-1, 1)),
    "sequence": SequenceScaler(),
    "reservoir": Reservoir(n_units=15, random_state=0),
    "nvar": NVAR(n_delays=2, degree=1),
    "union": FeatureUnion(
        [("states", Reservoir(n_units=12, random_state=1)), ("delays", NVAR(n_delays=3, degree=1))]
    ),
    "polynomial": PolynomialFeatures(2, include_bias=False),
    "side by side": FeatureUnion([("powers", PolynomialFeatures(2)), ("scale", StandardScaler())]),
    "nested": Pipeline([("scale", StandardScaler()), ("range", MinMaxScaler((-1, 1)))]),
}
REGRESSORS = {
    "esn": ESNRegressor(n_units=15, random_state=2, initial_state="zero"),
    "nvar": NVARRegressor(n_delays=2, degree=1, alpha=1e-4),
    "ridge": Ridge(1e-4),
}
CASES = [
    (*steps, regressor, n_exog)
    for size in (1, 2, 3)
    for steps in itertools.product(STEPS, repeat=size)
    for regressor in REGRESSORS
    for n_exog in (0, 1)
    if regressor != "ridge" or {"reservoir", "nvar", "union"} & set(steps)
]
N, LENGTH = 10, 150
T = np.arange(LENGTH + N)
SERIES = 0.7 + 0.5 * np.sin(0.31 * T)[:, None] + 0.2 * np.cos(0.83 * T + 1.0)[:, None]
FORCE = np.sin(0.21 * T)[:, None]


def slow_forecast(model, context, exog, n_steps):
    """Call the whole model on the whole past at every step."""
    observed, found = list(context), []
    for _ in range(n_steps):
        rows = np.array(observed)
        if exog is not None:
            rows = np.hstack([rows, exog[: len(rows)]])
        found.append(np.ravel(model.predict(rows))[-1])
        observed.append(np.array([found[-1]]))
    return np.array(found)


@pytest.mark.parametrize("cases", sampled(CASES, 15))
def test_a_forecast_is_the_slow_loop(cases):
    for case in cases:
        with naming(case):
            assert_the_forecast_is_the_slow_loop(*case)


def assert_the_forecast_is_the_slow_loop(*case):
    *names, regressor, n_exog = case
    steps = [(f"{i}: {name}", clone(STEPS[name])) for i, name in enumerate(names)]
    model = Pipeline([*steps, ("regressor", clone(REGRESSORS[regressor]))])
    exog = FORCE if n_exog else None
    model.fit(*next_step(SERIES[:LENGTH], exog))

    ahead = None if exog is None else exog[LENGTH - 1 : LENGTH - 1 + N]
    along = None if exog is None else exog[: LENGTH - 1 + N]
    expected = slow_forecast(model, SERIES[:LENGTH], exog, N)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ForecastDivergedWarning)  # its rows are compared below
        from_the_end = np.ravel(forecast(model, N, exog=ahead, bound=None))
        after_context = np.ravel(
            forecast(model, N, context=SERIES[:LENGTH], exog=along, bound=None)
        )
    assert_same_until_divergence(from_the_end, expected)
    assert_same_until_divergence(after_context, expected)

    _, found = backtest(model, SERIES[:60], horizon=4, step=25, exog=exog, bound=None)
    second = slow_forecast(model, SERIES[:50], exog, 4)
    assert_allclose(found[1].ravel(), second, rtol=1e-9, atol=1e-9)


def assert_same_until_divergence(found, expected):
    """Compare to 1e-10; where the slow loop runs away, rounding grows with it, then comes NaN."""
    limit = 1e6 * np.abs(SERIES[1:LENGTH]).max()
    n_rows = int(np.argmax(np.abs(expected) >= limit)) if np.abs(expected).max() >= limit else N
    growth = np.maximum.accumulate(np.maximum(np.abs(expected[:n_rows]), 1.0))
    assert (np.abs(found[:n_rows] - expected[:n_rows]) <= 1e-10 * growth**2).all()
    assert np.isnan(found[n_rows:]).all()
