"""The compiled loop of monomials of delayed rows that run on their own output. Arrays in and out.

Import it inside functions, so that `import reservoirs` stays light: numba takes half a second.
"""

from __future__ import annotations

import numpy as np

from reservoirs.compiled.simd import compiled
from reservoirs.sequences import Array

STEPS_PER_CALL = 10_000  # which Ctrl-C waits for: some 10 ms


@compiled
def _monomial(history, newest, stride, factors):
    """Return the product of some variables, of a ring of rows whose newest has a number."""
    product, (n_rows, n_features) = 1.0, history.shape
    for variable in factors:
        if variable >= 0:
            delay, column = variable // n_features, variable % n_features
            product *= history[(newest - delay * stride) % n_rows, column]
    return product


@compiled
def _monomial_loop(history, stride, factors, first, exog, scale, shift, C, c, lower, upper, out):
    """Write the outputs of every step, each fed back as the next; the history moves along."""
    n_outputs, n_exog = len(first), exog.shape[1]
    n_rows = len(history)
    newest = n_rows - 1
    observation = first.copy()
    for t in range(len(out)):
        # u[t] = [scale y[t-1] + shift, exog[t]] takes the place of the oldest row of a ring
        newest = (newest + 1) % n_rows
        for k in range(n_outputs):
            history[newest, k] = observation[k] * scale[k] + shift[k]
        for k in range(n_exog):
            history[newest, n_outputs + k] = exog[t, k]
        for j in range(n_outputs):
            observation[j] = c[j]
        for m in range(len(factors)):
            product = _monomial(history, newest, stride, factors[m])
            for j in range(n_outputs):
                observation[j] += C[j, m] * product
        for j in range(n_outputs):
            # held within the bounds, NaN too, which compares with nothing
            if not observation[j] >= lower[j]:
                observation[j] = lower[j]
            elif observation[j] > upper[j]:
                observation[j] = upper[j]
            out[t, j] = observation[j]
    return newest


@compiled
def _monomial_loops(history, stride, factors, first, exog, scale, shift, C, c, lower, upper, out):
    """Write the outputs of every loop, each from its own history and with its own readout."""
    for i in range(len(out)):
        _monomial_loop(
            history[i],
            stride,
            factors,
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


def run_monomial_loops(
    first: Array,
    exog: Array,
    histories: Array,
    monomials: tuple[Array, int],
    loop: tuple[Array, Array],
    readouts: tuple[Array, Array],
    bounds: tuple[Array, Array],
) -> Array:
    """Run closed loops of a readout of monomials: predictions become the next observations.

    u[t] = [scale y[t-1] + shift, exog[t]],  v[t] = [u[t], u[t-s], ...],  y[t] = C z(v[t]) + c

    Parameters
    ----------
    first : array of shape (n_loops, n_outputs)
        The observations entered first.
    exog : array of shape (n_loops, n_steps, n_exog)
        Known inputs, row t enters with y[t-1].
    histories : array of shape (n_loops, reach, n_features)
        The rows before the first step of each loop.
    monomials : tuple of an array of shape (n_monomials, degree) and int
        For each monomial the variables of v that are its factors, -1 for none, and the stride s.
    loop : tuple of two arrays of shape (n_outputs,)
        Scale and shift from an output to the input it becomes.
    readouts : tuple of arrays, (n_loops, n_outputs, n_monomials) and (n_loops, n_outputs)
        C and c of each loop.
    bounds : tuple of two arrays of shape (n_outputs,)
        The smallest and the largest value of each output.

    Returns
    -------
    array of shape (n_loops, n_steps, n_outputs)
        y of each.
    """
    factors, stride = monomials
    arrays = (first, exog, histories, *loop, *readouts, *bounds)
    observations, inputs, rings, *maps = [np.array(a, dtype=np.float64, order="C") for a in arrays]
    n_loops, n_steps, _ = inputs.shape
    n_features = rings.shape[2]
    # one more row in each ring for the step itself
    rings = np.concatenate([rings, np.zeros((n_loops, 1, n_features))], axis=1)
    rings = np.ascontiguousarray(np.roll(rings, 1, axis=1))
    out = np.empty((n_loops, n_steps, observations.shape[1]))
    scale, shift, C, c, lower, upper = maps
    if n_loops > 1 or n_steps <= STEPS_PER_CALL:
        _monomial_loops(
            rings, stride, factors, observations, inputs, scale, shift, C, c, lower, upper, out
        )
        return out
    ring, observation = rings[0], observations[0]
    # Python hears Ctrl-C between two calls only; what a call goes on from is exact
    for begin in range(0, n_steps, STEPS_PER_CALL):
        rows = slice(begin, begin + STEPS_PER_CALL)
        piece = out[0, rows]
        newest = _monomial_loop(
            ring,
            stride,
            factors,
            observation,
            inputs[0, rows],
            scale,
            shift,
            C[0],
            c[0],
            lower,
            upper,
            piece,
        )
        ring, observation = np.roll(ring, len(ring) - 1 - newest, axis=0), piece[-1].copy()
    return out
