"""Whether targets, sent through the first steps of a model, are what the next step saw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reservoirs.sequences import Array

TOLERANCE = 1e-6  # of the size of an observation: two rows are the same
PROBED_INPUTS = (1.0, -1.0, 0.5)  # beside 0: a bin or a spline may not tell two of them apart


def beside(targets: Array, inputs: Array) -> Array:
    """Return targets with the same exogenous inputs in every row.

    Parameters
    ----------
    targets : array of shape (n_rows, n_outputs)
        Observations.
    inputs : array of shape (n_exog,)
        Exogenous inputs.

    Returns
    -------
    array of shape (n_rows, n_outputs + n_exog)
        Rows of a model.
    """
    return np.hstack([targets, np.tile(inputs, (len(targets), 1))])


def same_columns(values: Array, expected: Array) -> Array:
    """Tell of every column whether it is as expected.

    Parameters
    ----------
    values, expected : arrays of shape (n_rows, n_columns)
        Rows.

    Returns
    -------
    array of bool of shape (n_columns,)
        Whether they differ by rounding only.
    """
    sizes = np.abs(expected).max(axis=0)
    tolerance = np.maximum(TOLERANCE * sizes, 1e-12 * sizes.max(initial=1e-288))
    same: Array = (np.abs(values - expected) <= tolerance).all(axis=0)
    return same


def targets_agree(
    drive: Callable[[Array], Array], rows: Array, targets: Array, others: Array, n_exog: int
) -> bool:
    """Tell whether targets could have become the rows, for some exogenous inputs.

    Parameters
    ----------
    drive : callable
        The first steps, (n_rows, n_outputs + n_exog) -> (n_rows, n_columns), row by row.
    rows : array of shape (n_rows, n_columns)
        What the next step saw.
    targets : array of shape (n_rows, n_outputs)
        The targets of the rows before.
    others : array of shape (n_rows, n_outputs)
        Other targets, to see which columns they enter.
    n_exog : int
        Number of exogenous inputs, which are not known.

    Returns
    -------
    bool
        False where they cannot; True also where that cannot be seen.
    """
    nothing = np.zeros(n_exog)
    with np.errstate(all="ignore"):
        base, moved = (drive(beside(values, nothing)) for values in (targets, others))
        if base.shape != rows.shape:
            return True
        came = [drive(beside(targets, nothing + value)) for value in PROBED_INPUTS]
        # only columns that targets enter, and no exogenous input, can be compared one by one
        enters = np.any([(values != base).any(axis=0) for values in came], axis=0)
        compared = ((moved != base).any(axis=0) | (n_exog == 0)) & ~enters
        if compared.any() or not n_exog:
            return bool(same_columns(base, rows)[compared].all())
        moves = [drive(beside(targets, inputs)) - base for inputs in np.eye(n_exog)]
        return _in_span(rows - base, np.stack(moves), came[0] - base, np.abs(rows).max())


def _in_span(wanted: Array, moves: Array, together: Array, size: float) -> bool:
    """Tell whether some inputs e move targets to the rows: wanted = e D, steps affine as PCA is.

    wanted : (n_rows, n_columns), moves : (n_exog, n_rows, n_columns), together : their sum if the
    steps are affine. True where they are not.
    """
    directions, tolerance = moves[:, 0], TOLERANCE * size
    apart = np.abs(moves - directions[:, None]).max(), np.abs(moves.sum(axis=0) - together).max()
    if not max(apart) <= tolerance:
        return True
    inputs = np.linalg.lstsq(directions.T, wanted.T, rcond=None)[0]
    return bool(np.abs(wanted.T - directions.T @ inputs).max() <= tolerance)
