"""The compiled loops of a driven reservoir, `run_states`. Arrays in, arrays out.

Written with the vectors of `simd.py`: sixteen units at a time stay in registers from their input to
their new state. `storage.py` says how weights lie in memory.

Import it inside functions, so that `import reservoirs` stays light: numba takes half a second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from reservoirs.compiled.simd import (
    compiled,
    gather,
    kinds_of_types,
    load,
    multiply_add,
    overload,
    relu,
    store,
    tanh,
)
from reservoirs.compiled.storage import (
    CACHE_LINE,
    LANES,
    DenseMatrix,
    DiagonalsMatrix,
    MixedMatrix,
    PackedWeights,
    SellMatrix,
    pad,
)
from reservoirs.sequences import Array


@compiled
def _drive(start, input_weights, inputs, t, row):
    """Return start + W_in u[t] of sixteen units, feature by feature."""
    n_padded = input_weights.shape[1]
    total = load(start, (t * n_padded if len(start) > 1 else 0) + row)
    for k in range(inputs.shape[1]):
        total = multiply_add(inputs[t, k], load(input_weights, k * n_padded + row), total)
    return total


def _rates(leak_rate, row, n_padded):
    """Return a and -a of sixteen units, numbers where all units share one a."""


@overload(_rates, inline="always")
def _rates_of(leak_rate, row, n_padded):
    if getattr(leak_rate, "ndim", 0):
        return lambda leak_rate, row, n_padded: (
            load(leak_rate, row),
            load(leak_rate, n_padded + row),
        )
    return lambda leak_rate, row, n_padded: (leak_rate, -leak_rate)


def _activate(activation, z, new, row):
    """Return f(z) of sixteen units; `new` may be written to, in their place."""


@overload(_activate, inline="always")
def _activate_by(activation, z, new, row):
    if isinstance(activation, kinds_of_types.Boolean):
        return lambda activation, z, new, row: z if activation else tanh(z)
    if isinstance(activation, kinds_of_types.Integer):
        return lambda activation, z, new, row: relu(z)
    return _activate_each


def _activate_each(activation, z, new, row):
    store(z, new, row)
    for i in range(row, row + LANES):
        new[i] = activation(new[i])
    return load(new, row)


@compiled
def _next_state(z, weights, old, new, row):
    """Return (1 - a) x + a f(z) of sixteen units, x those of `old`."""
    active = _activate(weights.activation, z, new, row)
    x = load(old, row)
    rate, negative = _rates(weights.leak_rate, row, weights.input_weights.shape[1])
    # x - a x + a f(z): two multiplications with additions, each rounded once.
    return multiply_add(rate, active, multiply_add(negative, x, x))


@compiled
def _write(updated, new, out, row):
    """Write sixteen units of the next state, and once more into the output row."""
    store(updated, new, row)
    if row < len(out):
        store(updated, out, row)


def step(
    weights: PackedWeights, start: Array, inputs: Array, t: int, old: Array, new: Array, out: Array
) -> None:
    """Write the next state: (1 - a) x + a f(W x + W_in u[t] + start), or (1 - a) O x + ...

    W, O, W_in, a and f are in `weights`, u, (n_steps, n_features), are the inputs. `start`, (1,
    n_padded) or (n_steps, n_padded), is the bias, or the bias plus the noise of every step. The
    states before and after stand each in a buffer for two copies, (2 * n_padded,). `out`,
    (n_full,), takes the first units of the next state too, a multiple of sixteen: written at once,
    they cost nothing, later an eighth of a step.

    Raises
    ------
    TypeError
        If called from Python: this is the name that compiled code uses.
    """
    raise TypeError("step is for compiled code; use run_states outside")


@overload(step, inline="always")
def _step(weights, start, inputs, t, old, new, out):
    kind = weights.types[weights.fields.index("recurrent")]
    matrix = kind.instance_class
    if matrix is MixedMatrix:
        inside = kind.types[kind.fields.index("weights")].instance_class
        return {SellMatrix: _step_mixed_sell, DenseMatrix: _step_mixed_dense}[inside]
    return {
        SellMatrix: _step_sell,
        DiagonalsMatrix: _step_diagonals,
        DenseMatrix: _step_dense,
    }[matrix]


def _step_sell(weights, start, inputs, t, old, new, out):
    values, columns = weights.recurrent.values, weights.recurrent.columns
    pointers = weights.recurrent.pointers
    for block in range(len(pointers) - 1):
        row = block * LANES
        z = _drive(start, weights.input_weights, inputs, t, row)
        # z_i += W_ij x_j, the k-th nonzero of sixteen rows at once.
        for k in range(pointers[block], pointers[block + 1]):
            z = multiply_add(load(values, k * LANES), gather(old, columns, k), z)
        _write(_next_state(z, weights, old, new, row), new, out, row)


def _step_diagonals(weights, start, inputs, t, old, new, out):
    values, offsets = weights.recurrent.values, weights.recurrent.offsets
    n_units, n_offsets = weights.recurrent.n_units, len(offsets)
    for row in range(0, weights.input_weights.shape[1], LANES):
        z = _drive(start, weights.input_weights, inputs, t, row)
        # z_i += W_i,i+o x_i+o: sixteen rows read sixteen neighbours, so that nothing is gathered.
        for k in range(n_offsets):
            weight = load(values, row * n_offsets + k * LANES)
            z = multiply_add(weight, load(old, offsets[k] + row), z)
        updated = _next_state(z, weights, old, new, row)
        _write(updated, new, out, row)
        store(updated, new, n_units + row)  # a second copy, so that no index wraps around
    store(load(new, 0), new, n_units)  # the padding of the last units lay there


def _step_dense(weights, start, inputs, t, old, new, out):
    n_padded = weights.input_weights.shape[1]
    # The second half of the next state's buffer is free: W x goes there.
    product = new[n_padded:]
    np.dot(weights.recurrent.values, old[:n_padded], product)
    for row in range(0, n_padded, LANES):
        drive = _drive(start, weights.input_weights, inputs, t, row)
        z = multiply_add(1.0, load(product, row), drive)
        _write(_next_state(z, weights, old, new, row), new, out, row)


def _step_mixed_sell(weights, start, inputs, t, old, new, out):
    n_padded = weights.input_weights.shape[1]
    values, columns = weights.recurrent.weights.values, weights.recurrent.weights.columns
    pointers = weights.recurrent.weights.pointers
    # The second half of the next state's buffer is free: O x goes there.
    mixed = new[n_padded:]
    np.dot(weights.recurrent.mixing, old[:n_padded], mixed)
    for block in range(len(pointers) - 1):
        row = block * LANES
        z = _drive(start, weights.input_weights, inputs, t, row)
        for k in range(pointers[block], pointers[block + 1]):
            z = multiply_add(load(values, k * LANES), gather(old, columns, k), z)
        _write(_next_state(z, weights, mixed, new, row), new, out, row)


def _step_mixed_dense(weights, start, inputs, t, old, new, out):
    n_padded = weights.input_weights.shape[1]
    # And W x into the second half of the buffer of the state before.
    mixed, product = new[n_padded:], old[n_padded:]
    np.dot(weights.recurrent.mixing, old[:n_padded], mixed)
    np.dot(weights.recurrent.weights.values, old[:n_padded], product)
    for row in range(0, n_padded, LANES):
        drive = _drive(start, weights.input_weights, inputs, t, row)
        z = multiply_add(1.0, load(product, row), drive)
        _write(_next_state(z, weights, mixed, new, row), new, out, row)


@compiled
def work_buffers(state: Array, n_padded: int) -> tuple[Array, Array]:
    """Return buffers for two copies of the state, filled, and of the next, at cache lines."""
    n_units, size = len(state), state.itemsize
    memory = np.zeros(4 * n_padded + CACHE_LINE // size, dtype=state.dtype)
    first = (CACHE_LINE - np.intp(memory.ctypes.data) % CACHE_LINE) // size
    old, new = memory[first : first + 2 * n_padded], memory[first + 2 * n_padded :][: 2 * n_padded]
    # Element by element here and below: to assign to a slice, numba compiles what prints its shape.
    for i in range(n_units):
        old[i] = state[i]
        old[n_units + i] = state[i]
    return old, new


@compiled
def _states(
    recurrent, input_weights, bias, leak_rate, n_units, activation, start, inputs, state, out
):
    """Write the state after every row of the inputs; return the last one."""
    # Taken apart on the way in: numba needs 8 us more to learn the type of a tuple in a tuple.
    weights = PackedWeights(recurrent, input_weights, bias, leak_rate, n_units, activation)
    old, new = work_buffers(state, input_weights.shape[1])
    n_full = n_units - n_units % LANES  # units in whole vectors: more would write behind the row
    for t in range(len(inputs)):
        step(weights, start, inputs, t, old, new, out[t, :n_full])
        for i in range(n_full, n_units):
            out[t, i] = new[i]
        old, new = new, old
    return old[:n_units].copy()


@compiled
def _series_states(
    recurrent, input_weights, bias, leak_rate, n_units, activation, start, inputs, ends, states, out
):
    """Write the states of several series; `states`, those before them, become the last ones."""
    first = 0
    for i in range(len(ends)):
        rows = slice(first, ends[i])
        last = _states(
            recurrent,
            input_weights,
            bias,
            leak_rate,
            n_units,
            activation,
            start,
            inputs[rows],
            states[i],
            out[rows],
        )
        for j in range(len(last)):
            states[i, j] = last[j]
        first = ends[i]


def _alike(inputs: Array, dtype: DTypeLike) -> Array:
    """Return contiguous rows that may be written: for others numba compiles loops anew."""
    rows = np.ascontiguousarray(inputs, dtype=dtype)
    return rows if rows.flags.writeable else rows.copy()


def run_states(
    inputs: Array,
    state: Array,
    weights: PackedWeights,
    noise: Array | None = None,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Drive the reservoir with a known input and return every state.

    x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + b), or with O x[t-1] where it is mixed

    Inputs u are (n_steps, n_features); the state x before the first step, (n_units,), is left
    unchanged. `noise`, (n_steps, n_units), is added inside f. The rows of `out` are contiguous, and
    their first columns take the states; None is a new array. Row t of the states returned,
    (n_steps, n_units), is that after u[t]; the last state is returned too, to go on from.

    References
    ----------
    Lukosevicius (2012), A practical guide to applying ESNs, eqs. 2-3.
    """
    dtype = weights.bias.dtype
    rows = _alike(inputs, dtype)
    start = weights.bias[None]
    if noise is not None:
        start = start + pad(noise, dtype)
    if out is None:
        out = np.empty((len(rows), weights.n_units), dtype=dtype)
    last = _states(*weights, start, rows, np.array(state, dtype=dtype), out)
    return out[:, : weights.n_units], last


def run_series(
    inputs: Array,
    lengths: tuple[int, ...],
    states: Array,
    weights: PackedWeights,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Drive the reservoir with several series in one call, each as `run_states` does.

    Inputs are those of all series, one after the other; the states before the first row of each,
    (n_series, n_units), are left unchanged. The state after every row, (n_rows, n_units), and the
    last state of every series are returned.
    """
    dtype = weights.bias.dtype
    rows = _alike(inputs, dtype)
    if out is None:
        out = np.empty((len(rows), weights.n_units), dtype=dtype)
    last, ends = np.array(states, dtype=dtype), np.cumsum(lengths)
    _series_states(*weights, weights.bias[None], rows, ends, last, out)
    return out[:, : weights.n_units], last
