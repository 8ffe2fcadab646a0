"""The compiled closed loops of a reservoir that reads a transformed series, sixteen at a time.

Import it inside functions, so that `import reservoirs` stays light: numba takes half a second.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reservoirs.compiled.simd import compiled, load, multiply_add, store, tanh
from reservoirs.compiled.storage import LANES
from reservoirs.sequences import Array


class Network(NamedTuple):
    """A reservoir as these loops read it.

    W is (n_units, n_units) in rows of nonzeros, W_in (n_units, n_inputs), the bias (n_units,).
    """

    pointers: Array
    columns: Array
    values: Array
    input_weights: Array
    bias: Array
    leak_rate: float
    linear: bool


class Series(NamedTuple):
    """A transformed series at the starts of loops, and the way back to its levels.

    z of lag k is (n_lags, n_outputs, n_loops), newest first; levels (reach, n_outputs, n_loops);
    exogenous inputs (n_steps, n_exog, n_loops); harmonics (n_steps, n_harmonics, n_loops). The
    lags and harmonics are read `weight` times. A level is scale z + mean, plus levels before by
    their weights, (reach,); z is held between low and high, (n_outputs,).
    """

    lagged: Array
    levels: Array
    exog: Array
    harmonics: Array
    weight: float
    scale: Array
    mean: Array
    weights: Array
    low: Array
    high: Array


@compiled
def _next_states(pointers, columns, values, input_weights, bias, leak_rate, linear, u, x, new):
    """Write the next states of sixteen loops: (1 - a) x + a f(W x + W_in u + b)."""
    for i in range(len(pointers) - 1):
        z = load(bias, i * LANES)
        for k in range(input_weights.shape[1]):
            z = multiply_add(input_weights[i, k], load(u, k * LANES), z)
        for p in range(pointers[i], pointers[i + 1]):
            z = multiply_add(values[p], load(x, columns[p] * LANES), z)
        active = z if linear else tanh(z)
        old = load(x, i * LANES)
        store(multiply_add(leak_rate, active, multiply_add(-leak_rate, old, old)), new, i * LANES)


@compiled
def _read(C, c, j, new, beside, out):
    """Write output j of sixteen loops, C [x; beside] + c."""
    n_units, n_beside = len(new), len(beside)
    first = j * (n_units + n_beside)
    total = load(c, j * LANES)
    for f in range(n_units):
        total = multiply_add(load(C, (first + f) * LANES), load(new, f * LANES), total)
    for f in range(n_beside):
        there = (first + n_units + f) * LANES
        total = multiply_add(load(C, there), load(beside, f * LANES), total)
    store(total, out, j * LANES)


@compiled
def _fill_beside(lagged, harmonics, exog, weight, beside):
    """Write what is read beside the states: lags and harmonics, and exogenous inputs."""
    n_lags, n_outputs = lagged.shape[0], lagged.shape[1]
    f = 0
    for k in range(n_lags):
        for j in range(n_outputs):
            for m in range(LANES):
                beside[f, m] = weight * lagged[k, j, m]
            f += 1
    for k in range(len(harmonics)):
        for m in range(LANES):
            beside[f, m] = weight * harmonics[k, m]
        f += 1
    for k in range(len(exog)):
        for m in range(LANES):
            beside[f, m] = exog[k, m]
        f += 1


@compiled
def _move(block, latest):
    """Put the latest rows first in a block of (n_rows, n_outputs, lanes), and drop the last."""
    for k in range(len(block) - 1, 0, -1):
        for j in range(block.shape[1]):
            for m in range(LANES):
                block[k, j, m] = block[k - 1, j, m]
    if len(block):
        for j in range(block.shape[1]):
            for m in range(LANES):
                block[0, j, m] = latest[j, m]


@compiled
def _hold(outputs, low, high):
    """Hold outputs within their bounds, NaN too, which compares with nothing."""
    for j in range(len(outputs)):
        for m in range(LANES):
            if not outputs[j, m] >= low[j]:
                outputs[j, m] = low[j]
            elif outputs[j, m] > high[j]:
                outputs[j, m] = high[j]


@compiled
def _restore(outputs, levels, scale, mean, weights, out):
    """Write the levels that outputs stand for."""
    for j in range(len(outputs)):
        for m in range(LANES):
            level = outputs[j, m] * scale[j] + mean[j]
            for k in range(len(levels)):
                level += weights[k] * levels[k, j, m]
            out[j, m] = level


@compiled
def _loops(
    pointers,
    columns,
    values,
    input_weights,
    bias,
    leak_rate,
    linear,
    x,
    lagged,
    levels,
    exog,
    harmonics,
    weight,
    scale,
    mean,
    weights,
    low,
    high,
    C,
    c,
    out,
):
    """Write the levels of sixteen loops; states, lags and levels move along."""
    n_outputs, n_exog = lagged.shape[1], exog.shape[1]
    new, u = np.empty_like(x), np.empty((n_outputs + n_exog, LANES))
    n_beside = lagged.shape[0] * n_outputs + harmonics.shape[1] + n_exog
    beside, outputs = np.empty((n_beside, LANES)), np.empty((n_outputs, LANES))
    for t in range(len(out)):
        _fill_beside(lagged[:1], exog[t, :0], exog[t], 1.0, u)
        _next_states(pointers, columns, values, input_weights, bias, leak_rate, linear, u, x, new)
        _fill_beside(lagged, harmonics[t], exog[t], weight, beside)
        for j in range(n_outputs):
            _read(C, c, j, new, beside, outputs)
        x, new = new, x
        _hold(outputs, low, high)
        _move(lagged, outputs)
        _restore(outputs, levels, scale, mean, weights, out[t])
        _move(levels, out[t])


def run_transformed_loops(
    network: Network, states: Array, series: Series, readouts: tuple[Array, Array]
) -> Array:
    """Run closed loops of a reservoir on a transformed series, each with a readout of its own.

    x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in [z[t-1], exog[t]] + b),
    z[t] = C [x[t]; lags; harmonics; exog] + c, held within the bounds

    Parameters
    ----------
    network : Network
        The reservoir.
    states : array of shape (n_loops, n_units)
        x before the first step.
    series : Series
        What is known of the series at the start of each loop.
    readouts : tuple of arrays, (n_loops, n_outputs, n_columns) and (n_loops, n_outputs)
        C and c of each.

    Returns
    -------
    array of shape (n_loops, n_steps, n_outputs)
        Levels.
    """
    n_loops, d = len(states), series.lagged.shape[1]
    n_steps = len(series.exog)
    out = np.empty((n_loops, n_steps, d))
    # copies of one type each: numba compiles anew for other integers and what is read only
    indices = [np.array(index, dtype=np.int64) for index in network[:2]]
    arrays = [np.array(array, dtype=np.float64, order="C") for array in network[2:4]]
    bias = np.repeat(network.bias[:, None], LANES, axis=1)
    fixed = (*indices, *arrays, bias, *network[5:])
    constants = [np.array(array, dtype=np.float64) for array in series[5:]]
    C, c = readouts
    for first in range(0, n_loops, LANES):
        # the last loops once more fill the lanes
        lanes = np.minimum(first + np.arange(LANES), n_loops - 1)
        x, coefficients, intercepts = (
            np.array(np.moveaxis(of_loops[lanes], 0, -1), dtype=np.float64, order="C")
            for of_loops in (states, C, c)
        )
        moving = [np.array(part[..., lanes], order="C") for part in series[:4]]
        levels = np.empty((n_steps, d, LANES))
        _loops(*fixed, x, *moving, series.weight, *constants, coefficients, intercepts, levels)
        kept = min(LANES, n_loops - first)
        out[first : first + kept] = np.moveaxis(levels, -1, 0)[:kept]
    return out
