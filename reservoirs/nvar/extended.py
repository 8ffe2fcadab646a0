"""Ridge regression and closed loops in long double, which has 64 bits of mantissa on most machines.

    min |[Z 1] [C c]' - Y|^2 + alpha |C|^2 by Householder reflections of [Z 1; sqrt(alpha) I 0]

No library has it: LAPACK and compiled loops end at float64. Files and attributes hold a number as
two float64 that sum to it.
"""

from __future__ import annotations

import numpy as np

from reservoirs.forecasting import Bounds, Loop, hold
from reservoirs.nvar.features import NVAR
from reservoirs.sequences import Array

LARGEST_EPS = 1e-18  # of a type that is worth the trouble: float64 has 2e-16


def check_longdouble() -> None:
    """Check that long double is longer than float64 here.

    Raises
    ------
    ValueError
        If it is not.
    """
    eps = float(np.finfo(np.longdouble).eps)
    if eps > LARGEST_EPS:
        raise ValueError(
            "dtype='longdouble' needs numbers of 64 bits of mantissa or more, "
            f"np.finfo(np.longdouble).eps <= {LARGEST_EPS:g}, and on this machine it is {eps:.1e}, "
            "no better than float64; take dtype='float64'"
        )


def solve_longdouble(z: Array, targets: Array, alpha: float) -> tuple[Array, Array]:
    """Solve ridge regression with an unpenalised intercept.

    Parameters
    ----------
    z : array of shape (n_rows, n_features)
        Features, in long double.
    targets : array of shape (n_rows, n_outputs)
        Targets, in long double.
    alpha : float
        The penalty.

    Returns
    -------
    coefficients : array of shape (n_outputs, n_features)
        C.
    intercept : array of shape (n_outputs,)
        c.

    Raises
    ------
    ValueError
        If the features depend on each other, and nothing is penalised.
    """
    n_rows, n_features = z.shape
    extra, d = n_features if alpha > 0 else 0, targets.shape[1]
    # columns are rows here, so that a reflection runs along the memory; the intercept comes first,
    # so that the rest is centred
    columns: Array = np.zeros((1 + n_features + d, n_rows + extra), dtype=np.longdouble)
    columns[0, :n_rows] = 1
    columns[1 : 1 + n_features, :n_rows] = z.T
    columns[1 + n_features :, :n_rows] = targets.T
    for k in range(extra):
        columns[1 + k, n_rows + k] = np.sqrt(np.longdouble(alpha))
    diagonal = _triangularize(columns, 1 + n_features)
    sizes = np.sqrt(np.sum(z * z, axis=0))
    smallest = np.finfo(np.longdouble).eps * len(diagonal) * np.append(np.sqrt(n_rows), sizes)
    if len(diagonal) <= n_features or (np.abs(diagonal) <= smallest).any():
        raise ValueError(
            f"{n_features} monomials of {n_rows} rows depend on each other, and alpha=0 leaves "
            "them undetermined; pass alpha > 0, more rows, or a lower degree"
        )
    solution = np.zeros((1 + n_features, d), dtype=np.longdouble)
    right = columns[1 + n_features :].T
    for k in range(n_features, -1, -1):
        known = columns[k + 1 : 1 + n_features, k] @ solution[k + 1 :]
        solution[k] = (right[k] - known) / diagonal[k]
    return solution[1:].T, solution[0]


def _triangularize(columns: Array, n: int) -> Array:
    """Reflect rows, (n_columns, n_rows), so that the first n are a triangle; return its diagonal.

    What each reflection leaves of its own column is written over.
    """
    diagonal = np.zeros(min(n, columns.shape[1]), dtype=columns.dtype)
    for k in range(len(diagonal)):
        v = columns[k, k:].copy()
        norm = np.sqrt(v @ v)
        diagonal[k] = -np.copysign(norm, v[0])
        v[0] -= diagonal[k]
        square = v @ v
        if square > 0:
            # (I - 2 v v' / v'v) of all columns that are left
            rest = columns[k + 1 :, k:]
            rest -= np.multiply.outer(rest @ (2 * v / square), v)
    return diagonal


def split_digits(values: Array) -> tuple[Array, Array]:
    """Return long doubles as two float64 arrays whose sum they are."""
    high = values.astype(np.float64)
    return high, (values - high).astype(np.float64)


def join_digits(high: Array, low: Array) -> Array:
    """Return the long doubles that two float64 arrays sum to."""
    joined: Array = high.astype(np.longdouble) + low
    return joined


def run_map(
    features: NVAR,
    history: Array,
    first: Array,
    exog: Array,
    loop: Loop,
    readout: tuple[Array, Array],
    bounds: Bounds,
) -> Array:
    """Run a closed loop of a readout of monomials in long double.

    u[t] = [scale y[t-1] + shift, exog[t]],  v[t] = [u[t], u[t-s], ...],  y[t] = C z(v[t]) + c

    Parameters
    ----------
    features : NVAR
        The monomials z.
    history : array of shape (reach, n_features)
        The rows before the first step.
    first : array of shape (n_outputs,)
        The observation entered first.
    exog : array of shape (n_steps, n_exog)
        Known inputs, row t enters with y[t-1].
    loop : tuple of two arrays of shape (n_outputs,)
        Scale and shift from an output to the input it becomes.
    readout : tuple of arrays of shapes (n_outputs, n_monomials) and (n_outputs,)
        C and c, in long double.
    bounds : tuple of two arrays of shape (n_outputs,)
        The smallest and the largest value of each output.

    Returns
    -------
    array of shape (n_steps, n_outputs)
        y.
    """
    products, (C, c), (scale, shift) = features.products(), readout, loop
    C, d = products.spread(C), len(first)
    rows = np.vstack([history, np.zeros((1, history.shape[1]))]).astype(np.longdouble)
    y, values = first.astype(np.longdouble), np.empty((len(exog), d))
    with np.errstate(over="ignore", invalid="ignore"):
        for t, inputs in enumerate(exog):
            rows[-1, :d], rows[-1, d:] = y * scale + shift, inputs
            v = rows[:: -features.stride].reshape(-1)
            y = hold(C @ products.evaluate(v) + c, bounds)
            values[t] = y
            rows = np.roll(rows, -1, axis=0)
    return values
