"""Reservoirs whose kept share of the state is turned by an orthogonal matrix (ES2N)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import ESNClassifier, ESNRegressor, Forecaster, Reservoir, load, next_step, save
from reservoirs.diagnostics import (
    closed_loop_lyapunov,
    conditional_lyapunov,
    memory_capacity,
    reservoir_report,
)

ROWS = np.random.default_rng(0).normal(size=(40, 2))
X, Y = next_step(np.sin(0.2 * np.arange(300)) + np.sin(0.0513 * np.arange(300)))


def slow_states(reservoir, rows, state):
    """x[t] = (1 - a) O x[t-1] + a tanh(W x[t-1] + W_in u[t] + b), one row after the other."""
    W, W_in, a = reservoir.recurrent_weights_, reservoir.input_weights_, reservoir.mixing
    states = []
    for u in rows:
        turned = reservoir.mixing_weights_ @ state
        state = (1 - a) * turned + a * np.tanh(W @ state + W_in @ u + reservoir.bias_)
        states.append(state)
    return np.array(states)


@pytest.mark.parametrize("topology", ["random", "cycle", "orthogonal"])
@pytest.mark.parametrize("n_units", [5, 37])
def test_states_equal_the_slow_loop(topology, n_units):
    reservoir = Reservoir(n_units=n_units, topology=topology, mixing=0.3, random_state=0).fit(ROWS)
    start = np.random.default_rng(1).normal(size=n_units)

    states = reservoir.transform(ROWS, initial_state=start)

    assert_allclose(states, slow_states(reservoir, ROWS, start), rtol=1e-10, atol=1e-12)
    if topology == "random":  # loops are compiled for each layout of W
        single = reservoir.set_params(dtype="float32").transform(ROWS, initial_state=start)
        assert single.dtype == np.float32
        assert_allclose(single, states, atol=1e-5)


def test_the_matrix_is_orthogonal_and_drawn_beside_all_others():
    plain, mixed = (Reservoir(n_units=20, mixing=m, random_state=3).fit(ROWS) for m in (None, 0.1))

    O = mixed.mixing_weights_  # noqa: E741 - its letter
    assert_allclose(O @ O.T, np.eye(20), atol=1e-12)
    assert_array_equal(mixed.recurrent_weights_.toarray(), plain.recurrent_weights_.toarray())
    assert_array_equal(mixed.input_weights_, plain.input_weights_)
    assert_array_equal(mixed.bias_, plain.bias_)
    assert not hasattr(plain, "mixing_weights_")
    again = mixed.set_params(mixing=None).fit(ROWS)
    assert_array_equal(again.transform(ROWS), plain.transform(ROWS))


def test_a_small_share_remembers_as_many_steps_as_there_are_units():
    reservoir = Reservoir(
        n_units=99, mixing=0.04, spectral_radius=0.9, input_scaling=0.01, bias_scaling=0.0,
        random_state=0,
    ).fit([[0.0]])  # fmt: skip

    assert memory_capacity(reservoir, max_delay=110).total >= 96  # of 98 at most


def test_a_forecast_is_its_own_loop_by_hand():
    model = ESNRegressor(n_units=30, mixing=0.2, random_state=0).fit(X, Y)

    forecast = model.forecast(10, context=X[:100])

    value, start, by_hand = X[:100], {}, []
    for _ in range(10):
        outputs, state = model.predict(value, return_state=True, **start)
        by_hand.append(outputs[-1])
        start, value = {"initial_state": state}, outputs[-1:][:, None]
    assert_allclose(forecast, by_hand, rtol=1e-8)
    mean, lower, upper = model.forecast(5, level=80)
    assert ((lower < mean) & (mean < upper)).all()


def test_penalties_by_closed_loops_and_series_side_by_side_know_it():
    model = ESNRegressor(n_units=30, mixing=0.2, alpha="closed_loop", random_state=0).fit(X, Y)
    pieces = [X[:70], X[100:150]]

    together = model.predict(pieces)

    assert_allclose(together[1], model.predict(pieces[1]), rtol=1e-9)
    assert np.isfinite(model.forecast(20)).all()


def test_chunks_learn_what_a_fit_learns_and_files_keep_it(tmp_path):
    model = ESNRegressor(n_units=20, mixing=0.1, noise=0.01, random_state=0)
    model.partial_fit(X[:100], Y[:100])
    save(model, tmp_path / "model")

    again = load(tmp_path / "model").partial_fit(X[100:], Y[100:])

    assert_array_equal(again.coef_, model.partial_fit(X[100:], Y[100:]).coef_)
    assert_array_equal(again.forecast(5), model.forecast(5))
    del again.reservoir_.mixing_weights_
    with pytest.raises(ValueError, match="lacks mixing_weights_"):
        save(again, tmp_path / "model")


def test_labels_of_series_are_read_both_ways():
    series = [np.sin(w * np.arange(40))[:, None] for w in np.linspace(0.1, 0.9, 20)]
    labels = np.repeat([0, 1], 10)

    model = ESNClassifier(n_units=30, mixing=0.5, bidirectional=True, random_state=0)

    assert model.fit(series, labels).score(series, labels) > 0.9


def test_a_leak_rate_beside_it_is_refused():
    for model in (ESNRegressor(mixing=0.1, leak_rate=0.3), ESNClassifier(mixing=0.1, leak_rate=1)):
        with pytest.raises(ValueError, match="mixing=0.1 takes the place of leak_rate"):
            model.fit(X, Y > 0)
    with pytest.raises(ValueError, match="mixing=0.1 takes the place of leak_rate"):
        Reservoir(mixing=0.1, leak_rate=0.5).fit(X)
    with pytest.raises(ValueError, match="'mixing' parameter"):
        Reservoir(mixing=0.0).fit(X)


def test_exponents_of_a_linear_reservoir_are_those_of_its_matrix():
    reservoir = Reservoir(n_units=12, mixing=0.3, activation="identity", random_state=0).fit(ROWS)

    (exponent,) = conditional_lyapunov(reservoir, np.zeros((3000, 2)))

    matrix = 0.7 * reservoir.mixing_weights_ + 0.3 * reservoir.recurrent_weights_.toarray()
    assert_allclose(exponent, np.log(abs(np.linalg.eigvals(matrix)).max()), atol=2e-3)


def test_exponents_of_a_closed_loop_and_a_report_know_it():
    model = ESNRegressor(n_units=20, mixing=0.2, alpha=1e-8, random_state=0)
    model.fit(*next_step(np.sin(0.2 * np.arange(300))))

    exponents = closed_loop_lyapunov(model, n_steps=400, n_exponents=1)

    assert abs(exponents[0]) < 0.02  # a cycle
    assert "mixing 0.2" in reservoir_report(model)


def test_a_forecaster_takes_such_a_reservoir():
    months = np.arange(60)
    series = 10 + np.sin(2 * np.pi * months / 12)
    model = Forecaster(ESNRegressor(n_units=20, mixing=0.3), season=12, n_members=1, random_state=0)

    values = model.fit(series).forecast(6)

    assert_allclose(values, 10 + np.sin(2 * np.pi * np.arange(60, 66) / 12), atol=0.3)
