import gc

import numpy as np
import pytest
import reference
import scipy.sparse
from numba import njit
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.compiled import reservoir_loops as kernel
from reservoirs.compiled import simd as lanes
from reservoirs.compiled import storage as packing
from reservoirs.topology import draw

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(60, 3))


def weights(n_units, dtype=np.float64, leak_rate=0.3):
    W = draw("random", n_units, degree=5, seed=n_units)
    W_in, bias = RNG.normal(size=(n_units, 3)), RNG.normal(size=n_units)
    packed = kernel.Reservoir(
        packing.pack(W, dtype),
        kernel.pad(W_in.T, dtype),
        kernel.pad(bias, dtype),
        leak_rate,
        n_units,
    )
    return W.toarray(), W_in, bias, packed


@njit
def elementwise_tanh(x):
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = kernel.tanh(x[i])
    return out


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_tanh_is_within_three_units_in_the_last_place(dtype):
    x = np.concatenate(
        [np.linspace(-25, 25, 20_001), RNG.normal(size=20_000), 10.0 ** -np.arange(30)]
    )
    x = x.astype(dtype)

    result = elementwise_tanh(x)

    exact = np.tanh(x.astype(np.longdouble))
    spacing = np.spacing(np.abs(exact.astype(dtype)))
    assert result.dtype == dtype
    assert (np.abs(result - exact) <= 3 * spacing).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_tanh_passes_nan_infinities_and_signed_zeros(dtype):
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], dtype=dtype)

    result = elementwise_tanh(special)

    assert_array_equal(result, np.tanh(special))
    assert_array_equal(np.signbit(result[3:]), [False, True])


def test_tanh_is_monotone():
    result = elementwise_tanh(np.linspace(-3, 3, 400_001))

    assert (np.diff(result) >= 0).all()


@pytest.mark.parametrize("n_units", [1, 7, 15, 16, 17, 30, 65])
@pytest.mark.parametrize("leak_rate", [0.3, 1.0])
def test_states_equal_the_slow_loop(n_units, leak_rate):
    W, W_in, bias, packed = weights(n_units, leak_rate=leak_rate)
    start = RNG.normal(size=n_units)

    states, last = kernel.run_states(INPUTS, start, packed)

    expected = reference.states(INPUTS, W, W_in, bias, leak_rate, start)
    assert_allclose(states, expected, rtol=1e-12, atol=1e-13)
    assert_array_equal(last, states[-1])


@pytest.mark.parametrize("kind", ["random", "shifts", "dense"])
def test_a_linear_reservoir_equals_the_slow_loop(kind):
    W, (_, W_in, bias, packed) = 0.1 * matrix(kind, 30), weights(30)
    packed = packed._replace(recurrent=packing.pack(W, np.float64), linear=True)

    states, _ = kernel.run_states(INPUTS, np.zeros(30), packed)

    expected = reference.states(INPUTS, W, W_in, bias, 0.3, np.zeros(30), lambda z: z)
    assert_allclose(states, expected, rtol=1e-10, atol=1e-12)


def test_rows_of_different_length_are_padded():
    n_units = 11
    W = np.triu(RNG.normal(size=(n_units, n_units)))
    _, W_in, bias, packed = weights(n_units)
    packed = packed._replace(recurrent=packing.pack(W, np.float64))

    states, _ = kernel.run_states(INPUTS, np.zeros(n_units), packed)

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
        kernel.run_states(INPUTS, np.zeros(30), packed._replace(recurrent=packing.pack(w, float)))
        for w in (W, parts)
    )

    assert_array_equal(states[0], other[0])


@pytest.mark.parametrize("stop", [1, 7, 59])
def test_stopping_and_resuming_changes_nothing(stop):
    *_, packed = weights(30)
    rest = np.zeros(30)

    whole, _ = kernel.run_states(INPUTS, rest, packed)
    head, between = kernel.run_states(INPUTS[:stop], rest, packed)
    tail, _ = kernel.run_states(INPUTS[stop:], between, packed)

    assert_array_equal(np.vstack([head, tail]), whole)


def test_float32_states_follow_the_float64_ones():
    W, W_in, bias, packed = weights(24, dtype=np.float32)

    states, _ = kernel.run_states(INPUTS, np.zeros(24), packed)

    assert states.dtype == np.float32
    assert_allclose(states, reference.states(INPUTS, W, W_in, bias, 0.3, np.zeros(24)), atol=2e-5)


def matrix(kind, n_units):
    if kind == "dense":
        return RNG.normal(size=(n_units, n_units)) / n_units
    if kind == "lonely row":
        return np.diag([0.5] + [0.0] * (n_units - 1)) + np.eye(n_units, k=3) * RNG.normal(
            size=n_units
        )
    return draw(kind, n_units, degree=4, seed=1).toarray()


LAYOUTS = {"random": packing.Blocks, "shifts": packing.Shifts, "cycle": packing.Shifts,
           "delay_line": packing.Shifts, "permutation": packing.Blocks, "dense": packing.Dense,
           "lonely row": packing.Blocks}  # fmt: skip


@pytest.mark.parametrize("n_units", [33, 64])
@pytest.mark.parametrize("kind", sorted(LAYOUTS))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_layout_runs_as_the_slow_loop_does(kind, n_units, dtype):
    W, (_, W_in, bias, packed) = matrix(kind, n_units), weights(n_units, dtype)
    packed = packed._replace(recurrent=packing.pack(W, dtype))

    states, _ = kernel.run_states(INPUTS, np.zeros(n_units), packed)

    assert isinstance(packed.recurrent, LAYOUTS[kind])
    expected = reference.states(INPUTS, W, W_in, bias, 0.3, np.zeros(n_units))
    assert_allclose(states, expected, atol=1e-12 if dtype == np.float64 else 3e-5)


def test_states_can_be_written_in_place():
    *_, packed = weights(30)
    room = np.full((61, 33), 7.0)
    out = room[:60]

    states, _ = kernel.run_states(INPUTS, np.zeros(30), packed, out=out)

    assert np.shares_memory(states, out)
    assert_array_equal(states, kernel.run_states(INPUTS, np.zeros(30), packed)[0])
    assert (room[60] == 7.0).all(), "nothing is written behind the last row"
    assert (room[:, 30:] == 7.0).all(), "nor beside the states"


def test_noise_enters_inside_tanh():
    W, W_in, bias, packed = weights(20)
    noise = RNG.normal(size=(2, 20))

    states, _ = kernel.run_states(INPUTS[:2], np.zeros(20), packed, noise)

    first = 0.3 * np.tanh(W_in @ INPUTS[0] + bias + noise[0])
    second = 0.7 * first + 0.3 * np.tanh(W @ first + W_in @ INPUTS[1] + bias + noise[1])
    assert_allclose(states, [first, second], rtol=1e-12)


def test_the_state_before_is_left_unchanged():
    *_, packed = weights(16)
    start = np.ones(16)

    kernel.run_states(INPUTS, start, packed)

    assert_array_equal(start, 1.0)


def test_a_paused_collector_goes_on_and_leaves_frozen_objects_frozen():
    with lanes.collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()

    gc.freeze()
    frozen = gc.get_freeze_count()
    with lanes.collector_paused():
        pass
    try:
        assert gc.get_freeze_count() == frozen
    finally:
        gc.unfreeze()
