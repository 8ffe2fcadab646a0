import math

import numba
import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import ESNRegressor, Forecaster, Reservoir, load, next_step, save
from reservoirs.diagnostics import closed_loop_lyapunov, conditional_lyapunov, reservoir_report

ROWS = np.random.default_rng(0).normal(size=(40, 2))
X, Y = next_step(np.sin(0.2 * np.arange(300)))


def softsign(z):
    return z / (1.0 + abs(z))


def sigmoid(z):
    return 1.0 / (1.0 + math.exp(-z))


@numba.njit
def squashed(z):
    return math.tanh(z)


def relu(z):
    return np.maximum(z, 0.0)


SLOW = {
    "relu": relu,
    softsign: np.vectorize(softsign),
    sigmoid: np.vectorize(sigmoid),
    squashed: np.tanh,
}


@pytest.mark.parametrize(  # loops are compiled for each layout of W: a few of all pairs
    ("topology", "activation"),
    [*(("random", f) for f in SLOW), ("cycle", softsign), ("orthogonal", "relu")],
)
def test_states_equal_the_slow_loop(topology, activation):
    model = Reservoir(
        n_units=21, topology=topology, activation=activation, spectral_radius=0.5, random_state=0
    ).fit(ROWS)

    states = model.transform(ROWS)

    W, W_in = model.recurrent_weights_.toarray(), model.input_weights_
    start = np.zeros(21)
    expected = reference.states(ROWS, W, W_in, model.bias_, 0.7, start, SLOW[activation])
    assert_allclose(states, expected, rtol=1e-10, atol=1e-12)
    if topology == "random" and activation is sigmoid:
        single = model.set_params(dtype="float32").transform(ROWS)
        assert single.dtype == np.float32
        assert_allclose(single, states, atol=1e-4)


def test_a_mixed_state_takes_them_too():
    own, named = (
        Reservoir(n_units=20, activation=f, mixing=0.3, random_state=0).fit(ROWS)
        for f in (squashed, "tanh")
    )

    assert_allclose(own.transform(ROWS), named.transform(ROWS), atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", softsign])
def test_a_forecast_is_its_own_loop_by_hand(activation):
    model = ESNRegressor(
        n_units=30, activation=activation, spectral_radius=0.5, alpha=1e-4, random_state=0
    ).fit(X, Y)

    forecast = model.forecast(10, context=X[:100])

    value, start, by_hand = X[:100], {}, []
    for _ in range(10):
        outputs, state = model.predict(value, return_state=True, **start)
        by_hand.append(outputs[-1])
        start, value = {"initial_state": state}, outputs[-1:][:, None]
    assert_allclose(forecast, by_hand, rtol=1e-8)


@pytest.mark.parametrize("activation", ["relu", squashed])
def test_exponents_take_the_slopes_of_the_activation(activation):
    model = Reservoir(n_units=12, activation=activation, random_state=0, spectral_radius=0.8)
    model.fit(ROWS)
    states = model.transform(ROWS)
    W, previous = model.recurrent_weights_.toarray(), np.vstack([np.zeros(12), states[:-1]])
    z = previous @ W.T + ROWS @ model.input_weights_.T + model.bias_
    slopes = (z > 0) * 1.0 if activation == "relu" else 1 - np.tanh(z) ** 2
    Q, growth = np.eye(12), np.zeros(12)
    for t in range(len(ROWS)):
        Q, R = np.linalg.qr((0.3 * np.eye(12) + 0.7 * slopes[t][:, None] * W) @ Q)
        growth += np.log(abs(np.diag(R))) if t >= 4 else 0.0

    exponents = conditional_lyapunov(model, ROWS, n_exponents=12)

    assert_allclose(exponents.sum(), growth.sum() / 36, atol=1e-5)  # whatever directions began


def test_a_report_and_a_closed_loop_know_them():
    model = ESNRegressor(n_units=20, activation=softsign, alpha=1e-8, random_state=0).fit(X, Y)

    assert abs(closed_loop_lyapunov(model, n_steps=300, n_exponents=1)[0]) < 0.05
    assert "saturated" not in reservoir_report(model)


def test_a_forecaster_takes_them():
    model = Forecaster(ESNRegressor(n_units=20, activation="relu"), n_members=1, random_state=0)

    assert np.isfinite(model.fit(2 + Y[:60]).forecast(5)).all()


def test_files_hold_the_name_of_a_function(tmp_path):
    model = ESNRegressor(n_units=20, activation=squashed, random_state=0).fit(X, Y)
    save(model, tmp_path / "model")

    again = load(tmp_path / "model", callables={"activation": squashed})

    assert_array_equal(again.predict(X), model.predict(X))
    with pytest.raises(ValueError, match=r"whose activation is the function .*squashed"):
        load(tmp_path / "model")


def test_a_function_that_numba_cannot_compile_is_refused():
    with pytest.raises(ValueError, match="a function of one number that numba can compile"):
        Reservoir(activation=lambda z: open(z), n_units=5).fit_transform(ROWS)
    with pytest.raises(ValueError, match="'activation' parameter"):
        Reservoir(activation="swish").fit(ROWS)
