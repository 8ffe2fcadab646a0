import numpy as np
import pytest
from forecasters import ESN, F, N, S, T, each_model, fitted
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from reservoirs import forecast, next_step
from reservoirs.forecasting.runs import feed_back


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler((-1, 1))])
@each_model
def test_a_pipeline_forecasts_in_raw_units_as_if_scaled_by_hand(scaler, model):
    raw, force = 40.0 + 7.0 * S, 3.0 * F - 1.0
    pipeline = make_pipeline(clone(scaler), clone(model)).fit(*next_step(raw[:T], force))
    result = forecast(pipeline, N, exog=force[T - 1 : T + N - 1])

    X, y = next_step(raw[:T], force)
    by_hand = clone(scaler).fit(X)
    alone = clone(model).fit(by_hand.transform(X), y)
    known = np.hstack([np.zeros((N, 1)), force[T - 1 : T + N - 1]])
    expected = alone.forecast(N, exog=by_hand.transform(known)[:, 1:])
    assert_allclose(result, expected, rtol=1e-8)
    assert abs(result.mean() - 40.0) < 15.0


def test_a_pipeline_with_context_equals_one_without():
    pipeline = make_pipeline(StandardScaler(), fitted(ESN)).fit(*next_step(5 + S[:T], F))

    from_the_end = forecast(pipeline, N, exog=F[T - 1 : T + N - 1])
    again = forecast(pipeline, N, context=5 + S[:T], exog=F[: T + N - 1], initial_state="zero")

    assert_allclose(from_the_end, again, rtol=1e-9)


def doubled(X):
    return 2.0 * X + 1.0


def test_a_step_that_is_no_scaler_is_run_row_by_row():
    X, y = next_step(S[:T], F)
    pipeline = make_pipeline(FunctionTransformer(doubled), fitted(ESN)).fit(X, y)
    by_hand = fitted(ESN).fit(doubled(X), y)

    row_by_row = forecast(pipeline, 30, exog=F[T - 1 : T + 29])
    compiled = by_hand.forecast(30, exog=doubled(F[T - 1 : T + 29]))

    assert_allclose(row_by_row, compiled, rtol=1e-7)


def test_a_step_may_be_switched_off():
    X, y = next_step(S[:T], F)
    pipeline = make_pipeline("passthrough", None, fitted(ESN)).fit(X, y)

    found = forecast(pipeline, 30, exog=F[T - 1 : T + 29])

    assert_allclose(found, fitted(ESN).fit(X, y).forecast(30, exog=F[T - 1 : T + 29]))


def test_a_run_feeds_every_value_back_and_ends_at_the_limit():
    def double(row):
        return 2.0 * row[:1]

    values = feed_back(
        double, lambda y, exog: np.concatenate([y, exog]), np.ones(1), np.zeros((6, 1)), limit=10.0
    )

    assert_array_equal(values[:, 0], [2.0, 4.0, 8.0, 16.0, np.nan, np.nan])
