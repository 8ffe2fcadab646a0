"""The compiled loops of a reservoir that runs on its own output. Arrays in, arrays out.

Import it inside functions, so that `import reservoirs` stays light: numba takes half a second.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from reservoirs.compiled.reservoir_loops import step, work_buffers
from reservoirs.compiled.simd import compiled
from reservoirs.compiled.storage import PackedWeights
from reservoirs.sequences import Array

STEPS_PER_CALL = 10_000  # of a closed loop, which Ctrl-C waits for: some 10 ms


@partial(compiled, reordered=True)
def _dot(matrix, row, x, n):
    """Return the product of the first n elements of a row and of x."""
    total = 0.0
    for i in range(n):
        total += matrix[row, i] * x[i]
    return total


@partial(compiled, reordered=True)
def _dot_squares(matrix, row, x, n):
    """Return the product of the first n elements of a row and of the squares of x."""
    total = 0.0
    for i in range(n):
        value = np.float64(x[i])  # of float32 too as the readout learned them
        total += matrix[row, i] * (value * value)
    return total


@compiled
def _closed_loop(
    recurrent,
    input_weights,
    bias,
    leak_rate,
    n_units,
    activation,
    state,
    first,
    exog,
    scale,
    shift,
    C,
    c,
    lower,
    upper,
    out,
):
    """Write the outputs of every step, each fed back as the next; return the last state."""
    weights = PackedWeights(recurrent, input_weights, bias, leak_rate, n_units, activation)
    n_outputs, n_exog = len(first), exog.shape[1]
    old, new = work_buffers(state, input_weights.shape[1])
    start = bias.reshape(1, -1)
    inputs = np.empty((1, n_outputs + n_exog), dtype=bias.dtype)
    observation = first.copy()
    n_inputs = min(n_outputs + n_exog, C.shape[1] - n_units)
    n_squares = C.shape[1] - n_units - n_inputs
    for t in range(len(out)):
        # u[t] = [scale y[t-1] + shift, exog[t]]
        for k in range(n_outputs):
            inputs[0, k] = observation[k] * scale[k] + shift[k]
        for k in range(n_exog):
            inputs[0, n_outputs + k] = exog[t, k]
        step(weights, start, inputs, 0, old, new, new[:0])
        # y[t] = C [x[t]; u[t]; x[t]^2] + c, as far as C has columns
        for j in range(n_outputs):
            total = c[j] + _dot(C, j, new, n_units)
            for k in range(n_inputs):
                total += C[j, n_units + k] * inputs[0, k]
            if n_squares:
                total += _dot_squares(C[:, n_units + n_inputs :], j, new, n_squares)
            # held within the bounds, NaN too, which compares with nothing
            if not total >= lower[j]:
                total = lower[j]
            elif total > upper[j]:
                total = upper[j]
            observation[j] = total
            out[t, j] = total
        old, new = new, old
    return old[:n_units].copy()


@compiled
def _closed_loops(
    recurrent,
    input_weights,
    bias,
    leak_rate,
    n_units,
    activation,
    states,
    first,
    exog,
    scale,
    shift,
    C,
    c,
    lower,
    upper,
    out,
):
    """Write the outputs of every loop, each from its own start and with its own readout."""
    for i in range(len(out)):
        _closed_loop(
            recurrent,
            input_weights,
            bias,
            leak_rate,
            n_units,
            activation,
            states[i],
            first[i],
            exog[i],
            scale,
            shift,
            C[i],
            c[i],
            lower,
            upper,
            out[i],
        )


@compiled
def _advance(recurrent, input_weights, bias, leak_rate, n_units, activation, inputs, states, out):
    """Write the next state of every row of states, each with its own row of inputs."""
    weights = PackedWeights(recurrent, input_weights, bias, leak_rate, n_units, activation)
    start = bias.reshape(1, -1)
    for i in range(len(inputs)):
        old, new = work_buffers(states[i], input_weights.shape[1])
        step(weights, start, inputs, i, old, new, new[:0])
        for j in range(n_units):
            out[i, j] = new[j]


def advance(states: Array, inputs: Array, weights: PackedWeights) -> Array:
    """Return the next states, (n_runs, n_units), of many runs with inputs (n_runs, n_features)."""
    dtype = weights.bias.dtype
    before = np.ascontiguousarray(states, dtype=dtype)
    out = np.empty_like(before)
    _advance(*weights, np.ascontiguousarray(inputs, dtype=dtype), before, out)
    return out


def run_closed_loop(
    first: Array,
    exog: Array,
    state: Array,
    weights: PackedWeights,
    loop: tuple[Array, Array],
    readout: tuple[Array, Array],
    bounds: tuple[Array, Array] | None = None,
) -> Array:
    """Run the reservoir on its own output: the prediction becomes the next observation.

    u[t] = [scale y[t-1] + shift, exog[t]],  y[t] = C z[t] + c, held within the bounds

    What C reads, z[t], goes by its columns: x[t], then u[t], then the squares of x[t].

    Parameters
    ----------
    first : array of shape (n_outputs,)
        The observation entered first, y[-1].
    exog : array of shape (n_steps, n_exog)
        Known inputs, row t enters with y[t-1].
    state : array of shape (n_units,)
        x before the first step; left unchanged.
    weights : PackedWeights
        The reservoir.
    loop : tuple of two arrays of shape (n_outputs,)
        Scale and shift from an output to the input it becomes.
    readout : tuple of arrays of shapes (n_outputs, n_readout_features) and (n_outputs,)
        C and c.
    bounds : tuple of two arrays of shape (n_outputs,), default=None
        The smallest and the largest value of each output; None: none.

    Returns
    -------
    array of shape (n_steps, n_outputs)
        y.
    """
    if bounds is None:
        bounds = np.full(len(first), -np.inf), np.full(len(first), np.inf)
    out = np.empty((len(exog), len(first)), dtype=np.float64)
    start = np.array(state, dtype=weights.bias.dtype)
    arrays = (first, exog, *loop, *readout, *bounds)
    observation, inputs, *maps = [np.array(a, dtype=np.float64, order="C") for a in arrays]
    # Python hears Ctrl-C between two calls only; what a call goes on from is exact
    for begin in range(0, len(out), STEPS_PER_CALL):
        rows = slice(begin, begin + STEPS_PER_CALL)
        start = _closed_loop(*weights, start, observation, inputs[rows], *maps, out[rows])
        observation = out[rows][-1]
    return out


def run_closed_loops(
    first: Array,
    exog: Array,
    states: Array,
    weights: PackedWeights,
    loop: tuple[Array, Array],
    readouts: tuple[Array, Array],
    bounds: tuple[Array, Array],
) -> Array:
    """Run many closed loops of one reservoir, each with a readout of its own.

    Parameters
    ----------
    first : array of shape (n_loops, n_outputs)
        The observations entered first.
    exog : array of shape (n_loops, n_steps, n_exog)
        Known inputs.
    states : array of shape (n_loops, n_units)
        x before the first step of each; left unchanged.
    weights : PackedWeights
        The reservoir.
    loop : tuple of two arrays of shape (n_outputs,)
        Scale and shift from an output to the input it becomes.
    readouts : tuple of arrays, (n_loops, n_outputs, n_readout_features) and (n_loops, n_outputs)
        C and c of each.
    bounds : tuple of two arrays of shape (n_outputs,)
        The smallest and the largest value of each output.

    Returns
    -------
    array of shape (n_loops, n_steps, n_outputs)
        y of each, as `run_closed_loop` returns it.
    """
    arrays = (first, exog, *loop, *readouts, *bounds)
    observations, inputs, *maps = [np.array(a, dtype=np.float64, order="C") for a in arrays]
    out = np.empty((*inputs.shape[:2], observations.shape[1]))
    starts = np.array(states, dtype=weights.bias.dtype, order="C")
    _closed_loops(*weights, starts, observations, inputs, *maps, out)
    return out
