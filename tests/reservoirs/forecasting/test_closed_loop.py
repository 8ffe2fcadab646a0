import warnings

import joblib
import numpy as np
import pytest
import reference
from forecasters import ESN, F, N, S, T, each_model, fitted
from numpy.testing import assert_allclose

from reservoirs import ESNRegressor, ForecastDivergedWarning, next_step


@each_model
def test_going_on_from_training_equals_running_through_the_training_series_again(model):
    model = fitted(model)
    start = {"initial_state": "zero"} if isinstance(model, ESNRegressor) else {}

    from_the_end = model.forecast(N, exog=F[T - 1 : T + N - 1])
    again = model.forecast(N, context=S[:T], exog=F[: T + N - 1], **start)

    assert_allclose(from_the_end, again, rtol=1e-9, atol=1e-10)


def test_the_closed_loop_equals_the_slow_loop():
    model = fitted(ESN)

    result = model.forecast(N, exog=F[T - 1 : T + N - 1])

    start = model.last_states_[0]
    slow = reference.closed_loop(
        S[T - 1], F[T - 1 : T + N - 1], start, model.reservoir_, model.coef_, model.intercept_
    )
    assert_allclose(result, slow, rtol=1e-8, atol=1e-9)


@each_model
def test_forecasting_never_changes_the_estimator(model):
    model = fitted(model)
    before = joblib.hash(vars(model))

    model.forecast(5, exog=F[:5])
    model.forecast(5, context=S[:9], exog=F[:13])
    model.backtest(S[:60], horizon=5, step=20, exog=F[:60])
    model.predict(np.hstack([S[:9], F[:9]]))

    assert joblib.hash(vars(model)) == before


def test_a_forecast_that_diverges_warns_and_ends_in_nan():
    model = fitted(ESN).fit(*next_step(S[:T]))
    model.coef_ = model.coef_ * 30

    with pytest.warns(ForecastDivergedWarning, match="diverged at step .* of 400"):
        result = model.forecast(400, bound=None)

    first = int(np.argmax(np.isnan(result[:, 0])))
    assert first > 0
    assert np.isnan(result[first:]).all()


def test_nothing_is_warned_about_on_the_way():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted(ESN).forecast(5, exog=F[:5])
