"""The compiled loop of a law x' = f(x), a sum of monomials, integrated step by step. Arrays only.

Import it inside functions, so that `import reservoirs` stays light: numba takes half a second.
"""

from __future__ import annotations

import numpy as np

from reservoirs.compiled.simd import compiled
from reservoirs.sequences import Array

STEPS_PER_CALL = 1000  # which Ctrl-C waits for: some 10 ms


@compiled
def _velocity(y, exog, scale, shift, parents, variables, C, c, u, z, out):
    """Write C z(u) + c for u = [scale y + shift, exog]; u and z are overwritten."""
    n_outputs = len(y)
    for k in range(n_outputs):
        u[k] = scale[k] * y[k] + shift[k]
        out[k] = c[k]
    for k in range(len(exog)):
        u[n_outputs + k] = exog[k]
    for m in range(len(parents)):
        z[m] = u[variables[m]]
        if parents[m] >= 0:
            z[m] *= z[parents[m]]
        for k in range(n_outputs):
            out[k] += C[k, m] * z[m]


@compiled
def _extrapolate(table, recent, force):
    """Write the polynomial through the last rows of exog, at every evaluation of a step."""
    n_evaluations, n_recent = table.shape
    for e in range(n_evaluations):
        for k in range(force.shape[1]):
            force[e, k] = 0.0
            for back in range(n_recent):
                force[e, k] += table[e, back] * recent[back, k]


@compiled
def _step(y, force, dt, weights, scale, shift, parents, variables, C, c, u, z, work):
    """Move y by one step; `work` is (6, n_outputs) of room."""
    at_start, slope, before = work[0], work[1], work[2]
    moved, total, place = work[3], work[4], work[5]
    n_outputs, e = len(y), 1
    _velocity(y, force[0], scale, shift, parents, variables, C, c, u, z, at_start)
    total[:] = 0.0
    for j in range(len(weights)):
        n_parts = 2 * (j + 1)
        part = dt / n_parts
        for k in range(n_outputs):
            before[k] = 0.0
            moved[k] = part * at_start[k]
        # the midpoint rule, counted from y, so that what is summed is small beside it
        for _ in range(1, n_parts):
            for k in range(n_outputs):
                place[k] = y[k] + moved[k]
            _velocity(place, force[e], scale, shift, parents, variables, C, c, u, z, slope)
            for k in range(n_outputs):
                following = before[k] + 2.0 * part * slope[k]
                before[k] = moved[k]
                moved[k] = following
            e += 1
        for k in range(n_outputs):
            total[k] += weights[j] * moved[k]
    for k in range(n_outputs):
        y[k] += total[k]


@compiled
def _rate_loop(
    y, recent, table, dt, weights, scale, shift, parents, variables, C, c, lower, upper, out
):
    """Write the values of every step; y, (n_outputs,), moves along."""
    n_outputs, n_exog = len(y), recent.shape[2]
    u, z = np.empty(n_outputs + n_exog), np.empty(len(parents))
    force, work = np.empty((len(table), n_exog)), np.empty((6, n_outputs))
    for t in range(len(out)):
        _extrapolate(table, recent[t], force)
        _step(y, force, dt, weights, scale, shift, parents, variables, C, c, u, z, work)
        for k in range(n_outputs):
            # held within the bounds, NaN too, which compares with nothing
            if not y[k] >= lower[k]:
                y[k] = lower[k]
            elif y[k] > upper[k]:
                y[k] = upper[k]
            out[t, k] = y[k]


@compiled
def _rate_loops(
    y, recent, table, dt, weights, scale, shift, parents, variables, C, c, lower, upper, out
):
    """Write the values of every loop, each with its own coefficients."""
    for i in range(len(out)):
        _rate_loop(
            y[i],
            recent[i],
            table,
            dt,
            weights,
            scale,
            shift,
            parents,
            variables,
            C[i],
            c[i],
            lower,
            upper,
            out[i],
        )


def run_rate_loops(
    first: Array,
    recent: Array,
    step: tuple[float, Array, Array],
    products: tuple[Array, Array],
    loop: tuple[Array, Array],
    coefficients: tuple[Array, Array],
    bounds: tuple[Array, Array],
) -> Array:
    """Integrate laws y' = C z(u) + c, u = [scale y + shift, exog], step by step.

    Parameters
    ----------
    first : array of shape (n_loops, n_outputs)
        The values before the first step.
    recent : array of shape (n_loops, n_steps, n_recent, n_exog)
        Known inputs: those at the row where each step begins, and at the rows before.
    step : tuple of float and arrays of shapes (substeps,) and (n_evaluations, n_recent)
        Length of a step, weights of its increments, and the weights of the last rows of exog at
        every evaluation.
    products : tuple of two arrays of int, (n_products,)
        Of each monomial the one that it is a multiple of, -1 for 1, and the variable of u that
        multiplies it.
    loop : tuple of two arrays of shape (n_outputs,)
        Scale and shift from an output to the input it becomes.
    coefficients : tuple of arrays, (n_loops, n_outputs, n_products) and (n_loops, n_outputs)
        C and c of each loop, per unit of time.
    bounds : tuple of two arrays of shape (n_outputs,)
        The smallest and the largest value of each output.

    Returns
    -------
    array of shape (n_loops, n_steps, n_outputs)
        The values after every step.
    """
    dt, weights, table = step
    parents, variables = products
    arrays = (first, recent, weights, table, *loop, *coefficients, *bounds)
    y, known, w, places, scale, shift, C, c, lower, upper = [
        np.array(a, dtype=np.float64, order="C") for a in arrays
    ]
    n_loops, n_steps = known.shape[:2]
    out = np.empty((n_loops, n_steps, y.shape[1]))
    # Python hears Ctrl-C between two calls only; what a call goes on from is exact
    length = n_steps if n_loops > 1 else STEPS_PER_CALL
    for begin in range(0, n_steps, max(length, 1)):
        rows = slice(begin, begin + length)
        _rate_loops(
            y,
            known[:, rows],
            places,
            float(dt),
            w,
            scale,
            shift,
            parents,
            variables,
            C,
            c,
            lower,
            upper,
            out[:, rows],
        )
    return out
