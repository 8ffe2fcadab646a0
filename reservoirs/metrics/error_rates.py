"""How often labels, symbols or whole sequences are wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.metrics.pairs import check_pair
from reservoirs.sequences import Array

SEQUENCES = """Arguments of the metrics of long-memory tasks.

Parameters
----------
y_true : array-like of shape (n_series,) or (n_series, n_steps)
    The numbers or labels that are right, one per series or one per step.
y_pred : array-like of the same shape
    What a model says.
n_scored : int, default=None
    The number of last steps that count; None counts all.
tolerance : float, default=0.04
    The largest error of a number that is right; labels must be equal.
"""


@inherit_parameters(SEQUENCES)
def count_errors(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    n_scored: int | None = None,
    tolerance: float = 0.04,
) -> Array:
    """Count the wrong steps of every sequence of a long-memory task.

    Returns
    -------
    ndarray of shape (n_series,)
        The number of wrong steps.

    Raises
    ------
    ValueError
        If the shapes differ, or y_true is empty or not finite, or nothing is scored.

    See Also
    --------
    sequence_error_rate : The share of sequences with any wrong step.

    References
    ----------
    Hochreiter & Schmidhuber (1997), section 5.4: an error above 0.04 is wrong.

    Examples
    --------
    >>> from reservoirs.metrics import count_errors
    >>> count_errors([[0, 1, 1], [2, 1, 0]], [[0, 1, 2], [2, 1, 0]])
    array([1, 0])
    """
    truth, prediction = check_pair(y_true, y_pred, numbers=False)
    if n_scored is not None and n_scored < 1:
        raise ValueError(f"n_scored must be None or an integer >= 1, got {n_scored}")
    if truth.dtype.kind == "f":
        wrong = ~(np.abs(prediction - truth) <= tolerance)  # NaN is wrong
    else:
        wrong = prediction != truth
    # one target per series is a series of one step
    wrong = wrong.reshape(len(truth), -1)
    counts: Array = wrong[:, 0 if n_scored is None else -n_scored :].sum(axis=1)
    return counts


@inherit_parameters(SEQUENCES)
def sequence_error_rate(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    n_scored: int | None = None,
    tolerance: float = 0.04,
) -> float:
    """Return the share of sequences with any wrong step.

    Below 0.01 a long-memory task counts as solved.

    Returns
    -------
    float
        The share, 0 to 1.

    Raises
    ------
    ValueError
        If the shapes differ, or y_true is empty or not finite, or nothing is scored.

    See Also
    --------
    count_errors : The number of wrong steps of each sequence.
    symbol_error_rate : The share of wrong symbols of one sequence.

    Examples
    --------
    >>> from reservoirs.metrics import sequence_error_rate
    >>> sequence_error_rate([0.5, 0.5], [0.53, 0.55])
    0.5
    """
    counts = count_errors(y_true, y_pred, n_scored=n_scored, tolerance=tolerance)
    return float(np.mean(counts > 0))


def symbol_error_rate(
    symbols: ArrayLike, outputs: ArrayLike, *, levels: ArrayLike = (-3.0, -1.0, 1.0, 3.0)
) -> float:
    """Return the share of symbols that are not the level nearest to the output.

    Parameters
    ----------
    symbols : array-like of shape (n_steps,) or (n_steps, n_outputs)
        The symbols sent, each one of `levels`.
    outputs : array-like of the same shape
        The outputs of a model; NaN is wrong.
    levels : array-like of shape (n_levels,), default=(-3.0, -1.0, 1.0, 3.0)
        The symbols there are.

    Returns
    -------
    float
        The share, 0 to 1.

    Raises
    ------
    ValueError
        If the shapes differ, or the symbols are none or not finite.

    See Also
    --------
    sequence_error_rate : The share of wrong sequences.
    reservoirs.datasets.channel_equalization : Symbols sent through a channel.

    Examples
    --------
    >>> from reservoirs.metrics import symbol_error_rate
    >>> symbol_error_rate([3.0, 1.0], [2.5, -0.1])
    0.5
    """
    sent, received = check_pair(symbols, outputs, names=("symbols", "outputs"))
    grid = np.sort(np.asarray(levels, dtype=np.float64))
    # the nearest level changes midway between two
    borders = 0.5 * (grid[1:] + grid[:-1])
    decided = grid[np.searchsorted(borders, received)]
    return float(np.mean((decided != sent) | np.isnan(received)))
