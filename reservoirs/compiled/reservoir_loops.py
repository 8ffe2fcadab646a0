"""The compiled loops: `run_states` (driven) and `run_closed_loop` (free). Arrays in, arrays out.

Written in the words of `reservoirs.lanes`: sixteen units at a time stay in registers from their
input to their new state. `reservoirs.packing` says how weights lie in memory.

Import it inside functions, so that `import reservoirs` stays light: numba takes half a second.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from reservoirs.compiled.simd import (
    collector_paused,
    compiled,
    gather,
    load,
    multiply_add,
    overload,
    store,
    tanh,
)
from reservoirs.compiled.storage import CACHE_LINE, LANES, Blocks, Dense, Reservoir, Shifts, pad
from reservoirs.sequences import Array

# numba's disk cache watches this file only; what it is written in: simd.py, storage.py 16c92eab


@compiled
def _drive(start, input_weights, inputs, t, row):
    """Return start + W_in u[t] of sixteen units, feature by feature."""
    n_padded = input_weights.shape[1]
    total = load(start, (t * n_padded if len(start) > 1 else 0) + row)
    for k in range(inputs.shape[1]):
        total = multiply_add(inputs[t, k], load(input_weights, k * n_padded + row), total)
    return total


@compiled
def _updated(z, leak_rate, linear, old, row):
    """Return (1 - a) x + a f(z) of sixteen units, f tanh or identity."""
    active = z if linear else tanh(z)
    x = load(old, row)
    return multiply_add(leak_rate, active, multiply_add(-leak_rate, x, x))


@compiled
def _write(updated, new, kept, row):
    """Write sixteen units of the next state, and once more where they are kept."""
    store(updated, new, row)
    if row < len(kept):
        store(updated, kept, row)


def step(
    recurrent: Any, input_weights: Any, start: Any, leak_rate: Any, linear: Any,
    inputs: Any, t: Any, old: Any, new: Any, kept: Any,
) -> None:  # fmt: skip
    """Write the next state: (1 - a) x + a f(W x + W_in u[t] + start), f tanh or identity.

    `old` and `new` have room for two states each; `kept` takes the first units of the next state
    too, a multiple of sixteen: written at once, they cost nothing, later an eighth of a step.

    Raises
    ------
    TypeError
        If called from Python: this is the name that compiled code uses.
    """
    raise TypeError("kernel.step is for compiled code; use run_states outside")


@overload(step, inline="always")
def _step(recurrent, input_weights, start, leak_rate, linear, inputs, t, old, new, kept):
    return {Blocks: _step_blocks, Shifts: _step_shifts, Dense: _step_dense}[
        recurrent.instance_class
    ]


def _step_blocks(recurrent, input_weights, start, leak_rate, linear, inputs, t, old, new, kept):
    values, columns, pointers = recurrent.values, recurrent.columns, recurrent.pointers
    for block in range(len(pointers) - 1):
        row = block * LANES
        z = _drive(start, input_weights, inputs, t, row)
        for k in range(pointers[block], pointers[block + 1]):
            z = multiply_add(load(values, k * LANES), gather(old, columns, k), z)
        _write(_updated(z, leak_rate, linear, old, row), new, kept, row)


def _step_shifts(recurrent, input_weights, start, leak_rate, linear, inputs, t, old, new, kept):
    values, offsets, n_units = recurrent.values, recurrent.offsets, recurrent.n_units
    n_shifts = len(offsets)
    for row in range(0, input_weights.shape[1], LANES):
        z = _drive(start, input_weights, inputs, t, row)
        for k in range(n_shifts):
            z = multiply_add(
                load(values, row * n_shifts + k * LANES), load(old, offsets[k] + row), z
            )
        updated = _updated(z, leak_rate, linear, old, row)
        _write(updated, new, kept, row)
        store(updated, new, n_units + row)  # once more, so that no index wraps around
    store(load(new, 0), new, n_units)  # the padding of the last units lay there


def _step_dense(recurrent, input_weights, start, leak_rate, linear, inputs, t, old, new, kept):
    n_padded = input_weights.shape[1]
    product = new[n_padded:]
    np.dot(recurrent.values, old[:n_padded], product)
    for row in range(0, n_padded, LANES):
        z = multiply_add(1.0, load(product, row), _drive(start, input_weights, inputs, t, row))
        _write(_updated(z, leak_rate, linear, old, row), new, kept, row)


@compiled
def _room(state, n_padded):
    """Return room for two copies of the state, filled, and for two of the next, at cache lines."""
    n_units, size = len(state), state.itemsize
    memory = np.zeros(4 * n_padded + CACHE_LINE // size, dtype=state.dtype)
    first = (CACHE_LINE - np.intp(memory.ctypes.data) % CACHE_LINE) // size
    work = memory[first : first + 4 * n_padded].reshape(2, 2 * n_padded)
    work[0, :n_units] = state
    work[0, n_units : 2 * n_units] = state
    return work[0], work[1]


@compiled
def _states(recurrent, input_weights, start, leak_rate, linear, inputs, state, out):
    n_units = len(state)
    old, new = _room(state, input_weights.shape[1])
    whole = n_units - n_units % LANES
    for t in range(len(inputs)):
        kept = out[t, :whole]
        step(recurrent, input_weights, start, leak_rate, linear, inputs, t, old, new, kept)
        for i in range(whole, n_units):
            out[t, i] = new[i]
        old, new = new, old
    return old[:n_units].copy()


@partial(compiled, reordered=True)
def _dot(matrix, row, x, n):
    """Return the product of the first n elements of a row and of x."""
    total = 0.0
    for i in range(n):
        total += matrix[row, i] * x[i]
    return total


@compiled
def _free(
    recurrent, input_weights, bias, leak_rate, linear,
    state, first, exog, scale, shift, C, c, out
):  # fmt: skip
    n_units, n_outputs, n_exog = len(state), len(first), exog.shape[1]
    old, new = _room(state, input_weights.shape[1])
    inputs = np.empty((1, n_outputs + n_exog), dtype=bias.dtype)
    observation = first.copy()
    for t in range(len(out)):
        for k in range(n_outputs):
            inputs[0, k] = observation[k] * scale[k] + shift[k]
        for k in range(n_exog):
            inputs[0, n_outputs + k] = exog[t, k]
        step(recurrent, input_weights, bias, leak_rate, linear, inputs, 0, old, new, new[:0])
        for j in range(n_outputs):
            total = c[j] + _dot(C, j, new, n_units)
            for k in range(n_outputs + n_exog):
                total += C[j, n_units + k] * inputs[0, k]
            observation[j] = total
            out[t, j] = total
        old, new = new, old


@compiled
def centre_rows(features: Any, centre: Any, targets: Any, total: Any, cross: Any) -> None:
    """Subtract the centre from every row, in place; sum the rows and their products with targets.

    Parameters
    ----------
    features : (n_rows, n_features), overwritten
    centre : (n_features,)
    targets : (n_rows, n_outputs)
    total : (n_features,), what the sum of the rows is added to
    cross : (n_outputs, n_features), what the products of targets and rows are added to
    """
    for t in range(len(features)):
        row = features[t]
        for j in range(len(row)):
            row[j] -= centre[j]
            total[j] += row[j]
        for k in range(targets.shape[1]):
            for j in range(len(row)):
                cross[k, j] += targets[t, k] * row[j]


def run_states(
    inputs: Array,
    state: Array,
    reservoir: Reservoir,
    noise: Array | None = None,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Drive the reservoir with a known input and return every state.

    x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + b), f tanh or identity

    Parameters
    ----------
    inputs : (n_steps, n_features), u
    state : (n_units,), x before the first step; left unchanged
    reservoir : the weights
    noise : (n_steps, n_units), added inside f; None for none
    out : (n_steps, n_units or more), each row contiguous, whose first columns take the states; None
        is a new array

    Returns
    -------
    states : (n_steps, n_units), row t is the state after u[t]
    last : (n_units,), the state to go on from

    References
    ----------
    Lukosevicius (2012), A practical guide to applying ESNs, eqs. 2-3.
    """
    dtype = reservoir.bias.dtype
    rows = np.ascontiguousarray(inputs, dtype=dtype)
    bias = reservoir.bias[None]
    if out is None:
        out = np.empty((len(rows), reservoir.n_units), dtype=dtype)
    last = _states(
        reservoir.recurrent, reservoir.input_weights,
        bias if noise is None else bias + pad(noise, dtype), dtype.type(reservoir.leak_rate),
        reservoir.linear, rows, np.array(state, dtype=dtype), out,
    )  # fmt: skip
    return out[:, : reservoir.n_units], last


def run_closed_loop(
    first: Array,
    exog: Array,
    state: Array,
    reservoir: Reservoir,
    loop: tuple[Array, Array],
    readout: tuple[Array, Array],
) -> Array:
    """Run the reservoir on its own output: the prediction becomes the next observation.

    u[t] = [scale y[t-1] + shift, exog[t]],  y[t] = C [x[t]; u[t]] + c

    Parameters
    ----------
    first : (n_outputs,), the observation entered first, y[-1]
    exog : (n_steps, n_exog), known inputs, row t enters with y[t-1]
    state : (n_units,), x before the first step; left unchanged
    reservoir : the weights
    loop : scale and shift, (n_outputs,) each, from an output to the input it becomes
    readout : C (n_outputs, n_units + n_features) and c (n_outputs,)

    Returns
    -------
    (n_steps, n_outputs), y
    """
    dtype = reservoir.bias.dtype
    out = np.empty((len(exog), len(first)), dtype=np.float64)
    _free(
        reservoir.recurrent, reservoir.input_weights, reservoir.bias[None],
        dtype.type(reservoir.leak_rate), reservoir.linear, np.array(state, dtype=dtype),
        *(np.array(a, dtype=np.float64, order="C") for a in (first, exog, *loop, *readout)), out,
    )  # fmt: skip
    return out


with collector_paused():  # the first call of a process starts numba's machinery
    centre_rows(np.zeros((0, 1)), np.zeros(1), np.zeros((0, 1)), np.zeros(1), np.zeros((1, 1)))
