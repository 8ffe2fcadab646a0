"""What the readout reads: every way of learning and predicting against a loop over NumPy rows."""

import itertools

import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNClassifier, ESNRegressor, forecast, load, next_step, save
from reservoirs.diagnostics import closed_loop_lyapunov, reservoir_report
from reservoirs.esn.reading import READINGS
from reservoirs.esn.upgrades import upgrade_names
from reservoirs.leak_rates import unit_rates

NAMES = sorted(READINGS)
STACK = {
    "state": lambda x, u: x,
    "state+input": lambda x, u: np.hstack([x, u]),
    "state+input+squares": lambda x, u: np.hstack([x, u, x**2]),
}
SETTINGS = {"n_units": 12, "random_state": 0, "alpha": 1e-3}


@pytest.fixture
def series():
    rng = np.random.default_rng(3)
    time = np.arange(400)
    return np.column_stack([np.sin(0.3 * time), np.cos(0.17 * time)]) + rng.normal(0, 0.1, (400, 2))


def states_of(model, rows, start=None):
    r = model.reservoir_
    start = np.zeros(r.n_units) if start is None else start
    W = r.recurrent_weights_.toarray()
    return reference.states(rows, W, r.input_weights_, r.bias_, unit_rates(r), start)


def read(model, rows, start=None):
    return STACK[model.readout_features](states_of(model, rows, start), rows)


def check_readout(model, features, targets, rtol):
    C, c = reference.ridge(features, targets, model.alpha_)
    assert model.coef_.shape == C.shape
    assert_allclose(features @ model.coef_.T + model.intercept_, features @ C.T + c, rtol, rtol)


@pytest.mark.parametrize("name", NAMES)
def test_every_way_of_learning_is_the_ridge_of_stacked_rows(name, series):
    X, y = next_step(series)
    parts, targets = [X[:150], X[150:]], [y[:150], y[150:]]
    grid = {"alpha": [1e-4, 1e-2]}
    options = itertools.product(
        ("cholesky", "qr"),
        ({}, {"dtype": "float32"}, grid, {**grid, "alpha_cv": 3}, {"forgetting": 0.99}),
    )
    for solver, more in options:
        dtype = more.get("dtype", "float64")
        model = ESNRegressor(**{**SETTINGS, **more}, solver=solver, washout=5)
        model.set_params(readout_features=name).fit(parts, targets)
        features = np.concatenate([read(model, part)[5:] for part in parts])
        expected = np.concatenate([t[5:] for t in targets])
        roots = np.sqrt(model.forgetting ** np.arange(len(features) - 1.0, -1, -1))[:, None]
        rtol = 1e-8 if dtype == "float64" else 1e-3

        if model.forgetting == 1:
            check_readout(model, features, expected, rtol)
        else:  # an intercept of weighted rows is one more column without a penalty
            Z = np.hstack([features, np.ones((len(features), 1))])
            D = np.diag([model.alpha_] * features.shape[1] + [0.0])
            solved = np.linalg.solve(
                (roots * Z).T @ (roots * Z) + D, (roots * Z).T @ (roots * expected)
            )
            assert_allclose(features @ model.coef_.T + model.intercept_, Z @ solved, rtol, rtol)
        predicted = model.predict(X[:50], initial_state="zero")
        by_hand = read(model, X[:50]) @ model.coef_.T + model.intercept_
        assert_allclose(predicted, by_hand, rtol, rtol)
        if "alpha_cv" in more:
            continue
        chunked = ESNRegressor(**model.get_params()).set_params(n_jobs=2)
        assert_array_equal(chunked.fit(parts, targets).coef_, model.coef_)
        if np.size(model.alpha) == 1:
            chunked.partial_fit(X[:70], y[:70]).partial_fit(X[70:150], y[70:150])
            chunked.partial_fit(X[150:], y[150:], new_series=True)
            assert_allclose(chunked.predict(X), model.predict(X), 1e-7, 1e-7)
        several = model.predict([X[:9], X[9:40], X[40:45]])
        assert_allclose(several[1], model.predict(X[9:40]), 1e-6 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_fewer_rows_than_columns_are_solved_in_dual_form(name, series):
    X, y = next_step(series[:12])
    model = ESNRegressor(**SETTINGS, readout_features=name).fit(X, y)

    assert model.readout_.method == "dual"
    check_readout(model, read(model, X), y, 1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [ESNRegressor, ESNClassifier])
def test_pooled_rows_are_pooled_after_they_are_read(name, kind, series):
    parts, labels = np.split(series, 20), np.tile([0, 1], 10)
    pools = {"last": [-1], "mean": [slice(None)], "both": [-1, slice(None)]}
    plain = {} if kind is ESNRegressor else {"standardize": False}
    for pooling, bidirectional in itertools.product(pools, (False, True)):
        model = kind(**SETTINGS, **plain, pooling=pooling, bidirectional=bidirectional)
        model.set_params(readout_features=name).fit(parts, labels)
        runs = [[read(model, p), read(model, p[::-1])][: 1 + bidirectional] for p in parts]
        rows = [
            np.concatenate([np.atleast_2d(z[k]).mean(axis=0) for z in run for k in pools[pooling]])
            for run in runs
        ]

        coded = labels[:, None] if kind is ESNRegressor else 2.0 * labels[:, None] - 1
        check_readout(model, np.array(rows), coded, 1e-8)
        assert len(model.predict(parts[:2], context=parts[2:4])) == 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("dtype", "alpha"), [("float64", 1e-3), ("float32", 1e-3), ("float64", "closed_loop")]
)
def test_a_forecast_feeds_back_what_was_read(name, dtype, alpha, series):
    X, y = next_step(series[:, :1], series[:, 1:])
    settings = {**SETTINGS, "alpha": alpha, "dtype": dtype, "readout_features": name}
    pipeline = make_pipeline(StandardScaler(), ESNRegressor(**settings)).fit(X, y)
    model, scaler = pipeline[-1], pipeline[0]
    exog = np.cos(0.17 * np.arange(399, 419))[:, None]
    rtol = 1e-9 if dtype == "float64" else 1e-3

    values = forecast(pipeline, len(exog), exog=exog)

    x, observation = model.last_states_[0], y[-1]
    for t in range(20):
        u = scaler.transform([[observation.item(), exog[t, 0]]])
        z = read(model, u, x)
        x = states_of(model, u, x)[0]
        observation = (z @ model.coef_.T + model.intercept_)[0]
        assert_allclose(values[t], observation, rtol, rtol)


def test_a_readout_of_states_alone_is_bounded(series):
    X, y = next_step(series)
    model = ESNRegressor(**{**SETTINGS, "alpha": 1e-12}, readout_features="state", bound=None)
    model.fit(X, y)
    most = np.abs(model.intercept_) + np.abs(model.coef_).sum(axis=1)

    for size in (1.0, 1e3, 1e9):
        values = model.forecast(300, context=size * series[:50])
        assert (np.abs(values) <= most).all()


@pytest.mark.parametrize("name", NAMES)
def test_files_and_reports_know_what_is_read(name, series, tmp_path):
    X, y = next_step(series)
    model = ESNRegressor(**SETTINGS, readout_features=name).partial_fit(X[:200], y[:200])
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model")

    for one in (model, loaded):
        one.partial_fit(X[200:], y[200:])

    assert_array_equal(loaded.forecast(30), model.forecast(30))
    assert "a free run" in reservoir_report(loaded)
    assert upgrade_names({})["readout_features"] == "state+input"
    loaded.stream_.readout_features = loaded.readout_features = "all"
    with pytest.raises(ValueError, match="readout_features must be one of"):
        save(loaded, tmp_path / "other")


@pytest.mark.parametrize("name", NAMES)
def test_exponents_of_the_loop_are_those_of_its_differences(name, series):
    X, y = next_step(series)
    model = ESNRegressor(**SETTINGS, readout_features=name, bound=None).fit(X, y)
    found = closed_loop_lyapunov(model, n_steps=50, n_exponents=4)

    def step(z):
        x = states_of(model, z[None, 12:], z[:12])[0]
        return np.concatenate(
            [x, model.coef_ @ STACK[name](x[None], z[None, 12:])[0] + model.intercept_]
        )

    z, growth = np.concatenate([model.last_states_[0], y[-1]]), []
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((14, 4)))[0]
    for _ in range(50):
        h = 1e-6
        Q, R = np.linalg.qr(
            np.column_stack([(step(z + h * q) - step(z - h * q)) / (2 * h) for q in Q.T])
        )
        z, growth = step(z), [*growth, np.log(np.abs(np.diag(R)))]
    assert_allclose(found, np.sort(np.mean(growth[5:], axis=0))[::-1], rtol=1e-5, atol=1e-5)


def test_an_unknown_name_is_refused(series):
    with pytest.raises(ValueError, match="state\\+input\\+squares"):
        ESNRegressor(readout_features="states").fit(*next_step(series))
