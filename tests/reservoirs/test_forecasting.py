import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from reservoirs import (
    ESNRegressor,
    ForecastDivergedWarning,
    backtest,
    datasets,
    forecast,
    next_step,
)
from trainers import RNNRegressor

DATA = datasets.oscillator(700, eta=0.1, force="multi", random_state=0)
S, F = DATA.x[:, None], DATA.force[:, None]
T, N = 400, 50
ESN = ESNRegressor(n_units=40, input_scaling=0.1, leak_rate=0.5, alpha=1e-8, random_state=0)
RNN = RNNRegressor(n_units=8, max_iter=3, truncation=50, dtype="float64", random_state=0)
WINDOWED = RNNRegressor(n_units=8, max_iter=2, window=6, dtype="float64", random_state=0)
MODELS = [ESN, RNN, WINDOWED]


def fitted(model):
    from sklearn.base import clone

    return clone(model).fit(*next_step(S[:T], F))


def test_next_step_pairs_every_row_with_the_following_observation():
    X, y = next_step(S[:10], F)

    assert_array_equal(X, np.hstack([S[:9], F[:9]]))
    assert_array_equal(y, S[1:10])


def test_next_step_keeps_a_1d_series_1d():
    X, y = next_step(np.arange(5.0))

    assert X.shape == (4, 1)
    assert_array_equal(y, [1, 2, 3, 4])


def test_next_step_takes_many_series():
    inputs, targets = next_step([S[:5], S[5:12]], [F[:5], F[5:12]])
    stack, _ = next_step(np.ones((3, 5, 2)))

    assert [x.shape for x in inputs] == [(4, 2), (6, 2)]
    assert [y.shape for y in targets] == [(4, 1), (6, 1)]
    assert stack.shape == (3, 4, 2)


@pytest.mark.parametrize(
    ("series", "exog", "message"),
    [
        (np.ones(1), None, "at least 2 steps"),
        (np.ones(5), np.ones(3), "at least n_steps - 1 = 4 rows.*got 3"),
        ([np.ones((5, 1))], [], "one array per series, 1, got 0"),
    ],
)
def test_next_step_refuses_what_does_not_fit(series, exog, message):
    with pytest.raises(ValueError, match=message):
        next_step(series, exog)


@pytest.mark.parametrize("model", MODELS, ids=["esn", "rnn", "window"])
def test_going_on_from_training_equals_running_through_the_training_series_again(model):
    model = fitted(model)
    start = {} if model.get_params().get("window") else {"initial_state": "zero"}
    if isinstance(model, RNNRegressor):
        start = {}

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


@pytest.mark.parametrize("model", MODELS, ids=["esn", "rnn", "window"])
def test_backtest_equals_a_loop_of_forecasts(model):
    model = fitted(model)
    series, exog = S[:200], F[:200]

    truth, found = backtest(model, series, horizon=20, step=45, exog=exog)

    origins = range(44, 180, 45)
    assert found.shape == (len(origins), 20, 1)
    for i, o in enumerate(origins):
        one = model.forecast(20, context=series[: o + 1], exog=exog[: o + 20])
        assert_allclose(found[i], one, rtol=1e-12, atol=1e-12)
        assert_array_equal(truth[i], series[o + 1 : o + 21])


@pytest.mark.parametrize("model", MODELS, ids=["esn", "rnn", "window"])
def test_forecasting_never_changes_the_estimator(model):
    model = fitted(model)
    before = joblib.hash(vars(model))

    model.forecast(5, exog=F[:5])
    model.forecast(5, context=S[:9], exog=F[:13])
    model.backtest(S[:60], horizon=5, step=20, exog=F[:60])
    model.predict(np.hstack([S[:9], F[:9]]))

    assert joblib.hash(vars(model)) == before


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler((-1, 1))])
@pytest.mark.parametrize("model", MODELS, ids=["esn", "rnn", "window"])
def test_a_pipeline_forecasts_in_raw_units_as_if_scaled_by_hand(scaler, model):
    from sklearn.base import clone

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


def test_many_series_give_one_forecast_each_in_the_container_of_X():
    X, y = next_step([S[:200], S[200:330]], [F[:200], F[200:330]])
    model = fitted(ESN).fit(X, y)

    found = model.forecast(7, exog=[F[199:206], F[329:336]])
    contexts = model.forecast(7, context=[S[:200], S[200:330]], exog=[F[:206], F[200:336]])

    assert [f.shape for f in found] == [(7, 1), (7, 1)]
    assert_allclose(found[1], contexts[1], rtol=1e-9)


def test_a_3d_array_gives_a_3d_forecast():
    stack = np.stack([np.sin(0.2 * np.arange(150) + p) for p in (0, 1, 2)])[..., None]
    model = fitted(ESN).fit(*next_step(stack))

    assert model.forecast(5).shape == (3, 5, 1)


def test_1d_targets_give_a_1d_forecast():
    model = fitted(ESN).fit(*next_step(np.sin(0.2 * np.arange(300))))

    result = model.forecast(20)

    assert result.shape == (20,)
    assert_allclose(result, np.sin(0.2 * np.arange(300, 320)), atol=1e-3)


def test_a_data_frame_gives_a_data_frame_with_its_index_continued():
    index = pd.date_range("2020-01-01", periods=300, freq="h")
    frame = pd.DataFrame({"x": np.sin(0.2 * np.arange(300))}, index=index)
    model = fitted(ESN).fit(*next_step(frame))

    result = model.forecast(3)

    assert list(result.columns) == ["x"]
    assert result.index[0] == index[-1] + pd.Timedelta(hours=1)


def test_a_multi_index_frame_continues_every_series():
    ids = pd.MultiIndex.from_product([["a", "b"], range(150)], names=["series", "t"])
    frame = pd.DataFrame({"x": np.sin(0.2 * np.arange(300))}, index=ids)
    X = frame.groupby(level=0).head(149)
    y = frame.groupby(level=0).tail(149).to_numpy()
    model = fitted(ESN).fit(X, y)

    result = model.forecast(4)

    assert result.loc["a"].shape == (4, 1)
    assert result.loc["b"].index[0] == 150


def test_a_forecast_that_diverges_warns_and_ends_in_nan():
    model = fitted(ESN).fit(*next_step(S[:T]))
    model.coef_ = model.coef_ * 30

    with pytest.warns(ForecastDivergedWarning, match="diverged at step .* of 400"):
        result = model.forecast(400)

    first = int(np.argmax(np.isnan(result[:, 0])))
    assert first > 0
    assert np.isnan(result[first:]).all()


def test_targets_that_are_not_the_next_input_cannot_be_forecast():
    model = fitted(ESN).fit(np.hstack([S[:T], F[:T]]), F[:T] ** 2)

    with pytest.raises(ValueError, match="loop cannot close.*next_step"):
        model.forecast(5, exog=F[:5])


def test_targets_per_series_cannot_be_forecast():
    model = fitted(ESN).fit([S[:50], S[50:90]], [0.0, 1.0])

    with pytest.raises(ValueError, match="targets per step"):
        model.forecast(5)


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


def test_a_setting_that_became_nonsense_after_the_fit_is_refused_until_it_is_mended():
    model = fitted(ESN)
    model.forecast(5, exog=F[:5])

    model.set_params(leak_rate=-1.0)
    for _ in range(2):
        with pytest.raises(ValueError, match="'leak_rate' parameter"):
            model.forecast(5, exog=F[:5])
        with pytest.raises(ValueError, match="'leak_rate' parameter"):
            model.predict(np.hstack([S, F])[:5])

    assert np.isfinite(model.set_params(leak_rate=0.5).forecast(5, exog=F[:5])).all()


def test_superfluous_exog_is_refused():
    model = fitted(ESN).fit(*next_step(S[:T]))

    with pytest.raises(ValueError, match=r"exog must have shape \(5, 0\)"):
        model.forecast(5, exog=F[:5])


def test_only_our_models_can_be_forecast():
    with pytest.raises(TypeError, match="a regressor of this library.*got Ridge"):
        forecast(make_pipeline(StandardScaler(), Ridge()).fit(S[:9], S[1:10]), 3)


@pytest.mark.parametrize(("horizon", "step"), [(0, 1), (1, 0), (500, 10)])
def test_backtest_refuses_what_leaves_no_origin(horizon, step):
    model = fitted(ESN)

    with pytest.raises(ValueError, match="must"):
        model.backtest(S[:200], horizon=horizon, step=step, exog=F[:200])


def test_nothing_is_warned_about_on_the_way():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted(ESN).forecast(5, exog=F[:5])
