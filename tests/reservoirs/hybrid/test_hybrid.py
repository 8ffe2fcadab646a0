import pickle

import numpy as np
import pandas as pd
import pytest
from hybrid_steps import last_row, lorenz, oscillator, run, without_friction, wrong_lorenz
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from reservoirs import (
    ESNRegressor,
    HybridForecaster,
    LocalForecaster,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    backtest,
    forecast,
    load,
    next_step,
    save,
)
from reservoirs.forecasting import plan_origins
from reservoirs.hybrid.network import scaled
from reservoirs.metrics import valid_prediction_time
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

FORCE = np.sin(0.13 * np.arange(240))[:, None] + np.sin(0.31 * np.arange(240))[:, None]
S = run(oscillator, [0.3, 0.1], 240, FORCE)
NET = ESNRegressor(n_units=20, input_scaling=0.3, alpha=1e-8, random_state=0)
HYBRID = HybridForecaster(NET, model=without_friction)
T = 160


@pytest.fixture(scope="module")
def fitted():
    return clone(HYBRID).fit(S[:T], exog=FORCE)


@pytest.mark.parametrize("model_in", ["readout", "both"])
def test_it_is_ridge_regression_on_states_inputs_and_the_model(model_in):
    X, y = next_step(S[:T], FORCE)
    model = clone(HYBRID).set_params(model_in=model_in, bound=None).fit(X, y)

    columns = np.hstack([X, without_friction(X[:, :2], X[:, 2:])])
    W_in = model.estimator_.reservoir_.input_weights_
    reservoir = Reservoir(
        n_units=20, input_scaling=W_in, bias_scaling=model.estimator_.reservoir_.bias_,
        topology=model.estimator_.reservoir_.recurrent_weights_,
    ).fit(columns)  # fmt: skip
    z = np.hstack([reservoir.transform(columns), columns])
    centred, targets = z - z.mean(axis=0), y - y.mean(axis=0)
    C = np.linalg.solve(centred.T @ centred + 1e-8 * np.eye(len(z.T)), centred.T @ targets).T
    c = y.mean(axis=0) - C @ z.mean(axis=0)
    assert_allclose(model.predict(X, initial_state="zero"), z @ C.T + c, atol=1e-7)

    state, observation, rows = reservoir.transform(columns)[-1], S[T - 1], []
    for t in range(T - 1, T + 19):
        u = np.concatenate([observation, FORCE[t]])
        u = np.concatenate([u, without_friction(u[None, :2], u[None, 2:])[0]])
        state = reservoir.transform(u[None], initial_state=state)[0]
        observation = C @ np.concatenate([state, u]) + c
        rows.append(observation)
    assert_allclose(model.forecast(20, exog=FORCE[T - 1 : T + 19]), rows, atol=1e-6)
    assert (W_in[:, 3:] == 0).all() == (model_in == "readout")


def test_what_the_model_lacks_is_learned_from_few_rows(fitted):
    alone = clone(NET).fit(*next_step(S[:T], FORCE))
    X, y = next_step(S[T:], FORCE[T:])

    knows, guesses = (abs(m.predict(X)[3:] - y[3:]).max() for m in (fitted, alone))

    assert 100 * knows < guesses
    ahead = fitted.forecast(80, exog=FORCE[T - 1 : 239])
    assert_allclose(ahead, S[T:], atol=1e-3)


def test_fifty_units_and_200_rows_forecast_chaos_that_a_wrong_model_cannot():
    series, dt, times = run(lorenz, [1.0, 1.0, 20.0], 8000), 0.02, []
    net = ESNRegressor(
        n_units=50,
        spectral_radius=0.1,
        input_scaling=0.03,
        bias_scaling=0.5,
        leak_rate=1.0,
        alpha=1e-12,
        readout_features="state+input+squares",
        random_state=0,
    )

    for first in (2000, 3500, 5000):
        hybrid = HybridForecaster(
            make_pipeline(SequenceScaler(), net), model=wrong_lorenz, interval_origins=None
        ).fit(series[first : first + 201])
        for start in (6500, 7300):
            truth = series[start + 1 : start + 401]
            predicted = hybrid.forecast(400, context=series[start - 30 : start + 1])
            times.append(valid_prediction_time(truth, predicted, dt=dt, threshold=0.5))

    assert np.median(times) * 0.9056 > 6.8  # the model alone: 0.5


def test_a_series_with_exog_is_what_next_step_makes_of_it(fitted):
    again = clone(HYBRID).fit(*next_step(S[:T], FORCE))

    ahead = FORCE[T - 1 : T + 9]
    assert_array_equal(fitted.forecast(10, exog=ahead), again.forecast(10, exog=ahead))


def test_forecasts_go_on_from_a_context_as_from_training(fitted):
    n = 15
    whole = fitted.forecast(n, context=S[:T], exog=FORCE[: T + n - 1], initial_state="zero")

    assert_allclose(fitted.forecast(n, exog=FORCE[T - 1 : T + n - 1]), whole, atol=1e-11)


def test_a_backtest_is_a_loop_of_forecasts(fitted):
    truth, values = fitted.backtest(S, horizon=6, step=60, exog=FORCE)

    for i, origin in enumerate(range(59, 234, 60)):
        ahead = fitted.forecast(6, context=S[: origin + 1], exog=FORCE[: origin + 6])
        assert_allclose(values[i], ahead, atol=1e-11)
        assert_array_equal(truth[i], S[origin + 1 : origin + 7])


def test_intervals_are_those_of_fits_to_the_rows_before():
    model = HybridForecaster(NET, model=without_friction, interval_origins=9, bound=None)
    noise = 0.01 * np.random.default_rng(0).standard_normal(S.shape)
    series = S + noise
    model.fit(series, exog=FORCE)
    _, lower, upper = model.forecast(3, exog=FORCE[-3:], level=80)

    kept = model.interval_rows_
    origins = plan_origins(model, kept, 9)
    first = int(origins.firsts[0])
    before = clone(model).fit(series[: first + 1], exog=FORCE)
    ahead = before.forecast(origins.horizon, exog=FORCE[first : first + origins.horizon])
    truth = series[first + 1 : first + 1 + origins.horizon]
    assert_allclose(model._loop_residuals(origins)[0], truth - ahead, atol=1e-5)
    assert (upper > lower).all()
    with pytest.raises(ValueError, match="interval_origins=None"):
        clone(model).set_params(interval_origins=None).fit(series, exog=FORCE).forecast(
            3, exog=FORCE[-3:], level=80
        )


@pytest.mark.parametrize("cuts", [[50], [1, 2, 90]])
def test_any_cut_into_chunks_gives_the_same_model(cuts):
    X, y = next_step(S[:T], FORCE)
    whole = clone(HYBRID).partial_fit(X, y)
    chunks = clone(HYBRID)
    for piece in np.split(np.arange(len(X)), cuts):
        chunks.partial_fit(X[piece], y[piece])

    assert_array_equal(chunks.estimator_.coef_, whole.estimator_.coef_)
    solved = clone(HYBRID).set_params(estimator__solver="qr").fit(X, y)
    ahead = FORCE[T - 1 : T + 9]
    assert_allclose(chunks.forecast(10, exog=ahead), solved.forecast(10, exog=ahead), atol=1e-8)
    with pytest.raises(ValueError, match="cannot fit the scalers"):
        HybridForecaster(make_pipeline(SequenceScaler(), NET), model=last_row).partial_fit(X, y)


def test_series_of_any_container_are_learned_side_by_side():
    pieces, forces = [S[:70], S[80:150]], [FORCE[:70], FORCE[80:150]]
    listed = clone(HYBRID).fit(pieces, exog=forces)
    stacked = clone(HYBRID).fit(np.stack(pieces), exog=np.stack(forces))
    ahead = [FORCE[69:79], FORCE[149:159]]

    values = listed.forecast(10, exog=ahead)

    assert_array_equal(np.stack(values), stacked.forecast(10, exog=np.stack(ahead)))
    assert_allclose(values[0], S[70:80], atol=1e-5)
    together = listed.predict([next_step(S[:70], FORCE[:70])[0]] * 2)
    assert_allclose(together[0], together[1], atol=1e-12)


def test_frames_come_back_with_their_labels_going_on():
    days = pd.date_range("2024-01-01", periods=240)
    frame = pd.DataFrame(S, days, columns=["place", "speed"])
    force = pd.DataFrame(FORCE, days, columns=["force"])
    model = clone(HYBRID).fit(frame[:T], exog=force)

    ahead = model.forecast(5, exog=force)

    assert list(ahead.columns) == ["place", "speed"]
    assert_array_equal(ahead.index, days[T : T + 5])
    assert_allclose(ahead, S[T : T + 5], atol=1e-5)


def test_gaps_are_filled_by_the_forecast(fitted):
    holes = S[:T].copy()
    holes[50:53, 0] = np.nan

    model = clone(HYBRID).fit(holes, exog=FORCE)

    ahead = FORCE[T - 1 : T + 9]
    assert_allclose(model.forecast(10, exog=ahead), S[T : T + 10], atol=1e-3)


SCALERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    MinMaxScaler((-1, 1)),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False, with_scaling=False),
    SequenceScaler(),
]


def test_scalers_are_applied_as_they_apply_themselves():
    rows = S * [3.0, 0.1] + [5.0, -2.0]
    for scaler in SCALERS:
        fitted = clone(scaler).fit(rows)
        assert_allclose(scaled([fitted, fitted], rows), fitted.transform(fitted.transform(rows)))


def test_the_model_sees_rows_in_their_own_units_whatever_the_network_reads():
    net = make_pipeline(StandardScaler(), NET)
    unit = 1000.0
    model = HybridForecaster(net, model=without_friction).fit(S[:T], exog=FORCE)
    milli = HybridForecaster(net, model=lambda X, F: unit * without_friction(X / unit, F))

    values = milli.fit(unit * S[:T], exog=FORCE).forecast(20, exog=FORCE[T - 1 : T + 19])

    assert_allclose(values / unit, model.forecast(20, exog=FORCE[T - 1 : T + 19]), atol=1e-6)


def test_in_a_pipeline_the_model_sees_what_the_steps_made():
    pipe = make_pipeline(StandardScaler(), HybridForecaster(NET, model=last_row))
    pipe.fit(*next_step(S[:T]))
    alone = clone(pipe[-1]).fit(pipe[:-1].transform(S[: T - 1]), S[1:T])
    start = pipe[:-1].transform(S[T - 20 : T])

    values = forecast(pipe, 5, context=S[T - 20 : T])

    row, expected = alone.predict(start)[-1], []
    rows = list(start)
    for _ in range(5):
        expected.append(row)
        rows.append(pipe[:-1].transform(row[None])[0])
        row = alone.predict(np.array(rows))[-1]
    assert_allclose(values, expected, atol=1e-8)
    truth, _ = backtest(pipe, S, horizon=3, step=100)
    assert truth.shape == (2, 3, 2)


def test_a_search_judges_it_by_its_forecasts():
    search = GridSearchCV(
        HYBRID, {"estimator__n_units": [5, 10]}, scoring=forecast_scorer(),
        cv=RollingOriginSplit(n_splits=2, horizon=20),
    )  # fmt: skip

    search.fit(*next_step(S, FORCE))

    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_files_hold_the_name_of_the_model_and_load_is_given_it(fitted, tmp_path):
    save(fitted, tmp_path / "model")
    ahead = FORCE[T - 1 : T + 9]

    again = load(tmp_path / "model", callables={"model": without_friction})

    assert_array_equal(again.forecast(10, exog=ahead), fitted.forecast(10, exog=ahead))
    with pytest.raises(ValueError, match=r"load\(path, callables=\{.model.: without_friction\}\)"):
        load(tmp_path / "model")
    with pytest.raises(ValueError, match="must hold functions"):
        load(tmp_path / "model", callables={"model": 3})
    copied = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(copied.forecast(10, exog=ahead), fitted.forecast(10, exog=ahead))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"estimator": NVARRegressor()}, TypeError, "must be an ESNRegressor, a Pipeline"),
        ({"estimator": make_pipeline(PCA(), NET)}, ValueError, "step 'pca' of estimator"),
        ({"estimator__alpha": "closed_loop"}, ValueError, "give a number or a grid"),
        ({"estimator__readout_features": "state"}, ValueError, "take 'state[+]input'"),
        ({"model": lambda X, exog: X[0]}, ValueError, r"shape \(159, n_columns\)"),
        ({"model": lambda X, exog: np.log(-abs(X))}, ValueError, "NaN or infinity for row 0"),
        ({"model": 3}, ValueError, "'model' parameter"),
    ],
)
def test_what_it_cannot_use_is_refused_in_words(changes, error, message):
    with pytest.raises(error, match=message):
        clone(HYBRID).set_params(**changes).fit(S[:T], exog=FORCE)


def test_targets_per_series_and_exog_beside_targets_are_refused(fitted):
    X, y = next_step(S[:T], FORCE)
    with pytest.raises(ValueError, match="goes with a series alone"):
        clone(HYBRID).fit(X, y, exog=FORCE)
    with pytest.raises(ValueError, match="one target per series"):
        clone(HYBRID).fit([X, X], [0.0, 1.0])
    with pytest.raises(ValueError, match="estimator was changed after fit"):
        clone(fitted).fit(X, y).set_params(estimator__n_units=3).predict(X)


def test_a_field_is_learned_by_windows_that_hold_the_model_too(tmp_path):
    x, t = 2 * np.pi * np.arange(16) / 16, 0.2 * np.arange(120)[:, None]
    wave = np.sin(x - t) + 0.5 * np.sin(2 * (x - t)) + 0.1 * np.sin(3 * (x - t)) ** 2
    network = ESNRegressor(n_units=20, spectral_radius=0.1, leak_rate=1.0, random_state=0)
    local = LocalForecaster(network, patch=4, halo=2, random_state=0)

    model = HybridForecaster(local, model=last_row).fit(wave[:60])

    assert_allclose(model.forecast(30), wave[60:90], atol=0.02)
    assert model.estimator_.n_features_in_ == 32  # the field, and the model beside it
    W_in = model.estimator_.model_.features.reservoir.input_weights_
    assert not W_in[:, 8:].any() and W_in[:, :8].any()
    again = model.forecast(5, context=wave[:80])
    assert_allclose(again, wave[80:85], atol=0.02)
    save(model, tmp_path / "model")
    assert_array_equal(
        load(tmp_path / "model", callables={"model": last_row}).forecast(5), model.forecast(5)
    )
    with pytest.raises(ValueError, match="must return the 16 columns of the next field"):
        HybridForecaster(local, model=lambda X: X[:, :3]).fit(wave[:60])
    with pytest.raises(ValueError, match="cannot fit the scalers of estimator, or fields"):
        clone(model).partial_fit(*next_step(wave[:60]))


def test_a_model_that_overflows_in_a_loop_leaves_the_forecast_within_its_bounds(recwarn):
    model = HybridForecaster(NET, model=lambda X: np.exp(np.exp(9 * abs(X)))[:, :1]).fit(S[:T] / 9)

    assert np.isfinite(model.forecast(300)).all()
