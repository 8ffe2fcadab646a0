import numpy as np
import pytest
from forecasters import ESN, F, N, S, T, each_model, fitted
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from reservoirs import forecast, next_step


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_steps": 0}, "n_steps must be an integer >= 1"),
        ({"n_steps": 5}, r"pass exog with shape \(5, 1\)"),
        ({"n_steps": 5, "exog": F[:4]}, r"exog must have shape \(5, 1\).*got \(4, 1\)"),
        ({"n_steps": 5, "exog": F[:6]}, r"exog must have shape \(5, 1\)"),
        ({"n_steps": 5, "exog": np.full((5, 1), np.nan)}, "exog contains NaN"),
        ({"n_steps": 5, "context": S[:9], "exog": F[:12]}, r"exog must have shape \(13, 1\)"),
        ({"n_steps": 5, "context": np.hstack([S, F])[:9]}, "observations only"),
        ({"n_steps": 5, "context": S[:9] * np.nan, "exog": F[:13]}, "context contains NaN"),
    ],
)
def test_a_bad_call_says_what_is_wrong(arguments, message):
    model = fitted(ESN)

    with pytest.raises(ValueError, match=message):
        model.forecast(**arguments)


def test_superfluous_exog_is_refused():
    model = fitted(ESN).fit(*next_step(S[:T]))

    with pytest.raises(ValueError, match=r"exog must have shape \(5, 0\)"):
        model.forecast(5, exog=F[:5])
