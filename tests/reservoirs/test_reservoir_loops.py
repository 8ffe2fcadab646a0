import numpy as np
import pytest
import reference
import scipy.sparse
from numpy.testing import assert_allclose, assert_array_equal
from packed import INPUTS, matrix, weights

from reservoirs.compiled.reservoir_loops import _states, run_states
from reservoirs.compiled.storage import (
    DenseMatrix,
    DiagonalsMatrix,
    SellMatrix,
    pack_recurrent,
)


@pytest.mark.parametrize("n_units", [1, 7, 15, 16, 17, 30, 65])
@pytest.mark.parametrize("leak_rate", [0.3, 1.0])
def test_states_equal_the_slow_loop(n_units, leak_rate):
    W, W_in, bias, packed = weights(n_units, leak_rate=leak_rate)
    start = np.random.default_rng(2).normal(size=n_units)

    states, last = run_states(INPUTS, start, packed)

    expected = reference.states(INPUTS, W, W_in, bias, leak_rate, start)
    assert_allclose(states, expected, rtol=1e-12, atol=1e-13)
    assert_array_equal(last, states[-1])


@pytest.mark.parametrize("kind", ["random", "shifts", "dense"])
@pytest.mark.parametrize("n_units", [5, 37])
def test_units_with_rates_of_their_own_equal_the_slow_loop(kind, n_units):
    rates = np.linspace(0.05, 1.0, n_units)
    W, (_, W_in, bias, packed) = matrix(kind, n_units), weights(n_units, leak_rate=rates)
    packed = packed._replace(recurrent=pack_recurrent(W, np.float64))

    states, _ = run_states(INPUTS, np.zeros(n_units), packed)

    expected = reference.states(INPUTS, W, W_in, bias, rates, np.zeros(n_units))
    assert_allclose(states, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", ["random", "shifts", "dense"])
def test_a_linear_reservoir_equals_the_slow_loop(kind):
    W, (_, W_in, bias, packed) = 0.1 * matrix(kind, 30), weights(30)
    packed = packed._replace(recurrent=pack_recurrent(W, np.float64), activation=True)

    states, _ = run_states(INPUTS, np.zeros(30), packed)

    expected = reference.states(INPUTS, W, W_in, bias, 0.3, np.zeros(30), lambda z: z)
    assert_allclose(states, expected, rtol=1e-10, atol=1e-12)


def test_rows_that_are_read_only_run_in_the_loop_of_others():
    *_, packed = weights(9)
    expected, _ = run_states(INPUTS, np.zeros(9), packed)
    n_compiled, rows = len(_states.signatures), INPUTS.copy()
    rows.flags.writeable = False  # as views of a pandas DataFrame are

    states, _ = run_states(rows, np.zeros(9), packed)

    assert_array_equal(states, expected)
    assert len(_states.signatures) == n_compiled


def test_rows_of_different_length_are_padded():
    n_units = 11
    W = np.triu(np.random.default_rng(3).normal(size=(n_units, n_units)))
    _, W_in, bias, packed = weights(n_units)
    packed = packed._replace(recurrent=pack_recurrent(W, np.float64))

    states, _ = run_states(INPUTS, np.zeros(n_units), packed)

    assert_allclose(
        states, reference.states(INPUTS, W, W_in, bias, 0.3, np.zeros(n_units)), rtol=1e-11
    )


@pytest.mark.parametrize("kind", ["random", "shifts", "dense"])
def test_an_entry_stored_in_parts_counts_as_their_sum(kind):
    W = scipy.sparse.csr_array(matrix(kind, 30))
    parts = scipy.sparse.csr_array(
        (np.repeat(W.data / 2, 2), np.repeat(W.indices, 2), 2 * W.indptr), shape=W.shape
    )
    packed = weights(30)[-1]

    states, other = (
        run_states(INPUTS, np.zeros(30), packed._replace(recurrent=pack_recurrent(w, float)))
        for w in (W, parts)
    )

    assert_array_equal(states[0], other[0])


@pytest.mark.parametrize("stop", [1, 7, 59])
def test_stopping_and_resuming_changes_nothing(stop):
    *_, packed = weights(30)
    rest = np.zeros(30)

    whole, _ = run_states(INPUTS, rest, packed)
    head, between = run_states(INPUTS[:stop], rest, packed)
    tail, _ = run_states(INPUTS[stop:], between, packed)

    assert_array_equal(np.vstack([head, tail]), whole)


def test_float32_states_follow_the_float64_ones():
    W, W_in, bias, packed = weights(24, dtype=np.float32)

    states, _ = run_states(INPUTS, np.zeros(24), packed)

    assert states.dtype == np.float32
    assert_allclose(states, reference.states(INPUTS, W, W_in, bias, 0.3, np.zeros(24)), atol=2e-5)


LAYOUTS = {
    "random": SellMatrix,
    "shifts": DiagonalsMatrix,
    "cycle": DiagonalsMatrix,
    "delay_line": DiagonalsMatrix,
    "permutation": SellMatrix,
    "dense": DenseMatrix,
    "lonely row": SellMatrix,
}


@pytest.mark.parametrize("n_units", [33, 64])
@pytest.mark.parametrize("kind", sorted(LAYOUTS))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_layout_runs_as_the_slow_loop_does(kind, n_units, dtype):
    W, (_, W_in, bias, packed) = matrix(kind, n_units), weights(n_units, dtype)
    packed = packed._replace(recurrent=pack_recurrent(W, dtype))

    states, _ = run_states(INPUTS, np.zeros(n_units), packed)

    assert isinstance(packed.recurrent, LAYOUTS[kind])
    expected = reference.states(INPUTS, W, W_in, bias, 0.3, np.zeros(n_units))
    assert_allclose(states, expected, atol=1e-12 if dtype == np.float64 else 3e-5)


def test_states_can_be_written_in_place():
    *_, packed = weights(30)
    room = np.full((61, 33), 7.0)
    out = room[:60]

    states, _ = run_states(INPUTS, np.zeros(30), packed, out=out)

    assert np.shares_memory(states, out)
    assert_array_equal(states, run_states(INPUTS, np.zeros(30), packed)[0])
    assert (room[60] == 7.0).all(), "nothing is written behind the last row"
    assert (room[:, 30:] == 7.0).all(), "nor beside the states"


def test_noise_enters_inside_tanh():
    W, W_in, bias, packed = weights(20)
    noise = np.random.default_rng(4).normal(size=(2, 20))

    states, _ = run_states(INPUTS[:2], np.zeros(20), packed, noise)

    first = 0.3 * np.tanh(W_in @ INPUTS[0] + bias + noise[0])
    second = 0.7 * first + 0.3 * np.tanh(W @ first + W_in @ INPUTS[1] + bias + noise[1])
    assert_allclose(states, [first, second], rtol=1e-12)


def test_the_state_before_is_left_unchanged():
    *_, packed = weights(16)
    start = np.ones(16)

    run_states(INPUTS, start, packed)

    assert_array_equal(start, 1.0)
