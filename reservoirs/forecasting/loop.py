"""The map that makes a prediction the next input, found by `fit`."""

from __future__ import annotations

import numpy as np

from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets

Loop = tuple[Array, Array]
DIVERGED = 1e6  # a forecast this many times larger than the training targets has diverged
LARGE = 1e100  # squares beyond it, and below its inverse, are at the ends of float64
TOLERANCE = 1e-6  # of the input's standard deviation; float32 data reach 1e-7


def find_loop(rows: Array, targets: Targets, layout: Layout) -> Loop | None:
    """Find the affine map of each column that makes a target the next input.

    X[t+1, :n_outputs] = scale y[t] + shift

    Scale and shift, (n_outputs,) each, are exactly 1 and 0 where y is the next input itself; None
    where no map fits and the loop cannot close. Pairs with NaN do not count.
    """
    n_outputs = targets.rows.shape[1]
    if targets.kind == "per_series" or rows.shape[1] < n_outputs:
        return None
    # pair each row with the target of the row before it in the same series
    has_predecessor = np.ones(len(rows), dtype=bool)
    has_predecessor[layout.starts()] = False
    next_inputs = rows[has_predecessor, :n_outputs]
    predictions = targets.rows[np.flatnonzero(has_predecessor) - 1]
    if len(next_inputs) < 2:
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # the readout refuses such values itself
        pairs = [_affine(y, x) for y, x in zip(predictions.T, next_inputs.T, strict=True)]
    if any(pair is None for pair in pairs):
        return None
    scale, shift = np.array(pairs, dtype=np.float64).T
    return scale, shift


def _affine(y: Array, x: Array) -> tuple[float, float] | None:
    """Return the scale and shift from y to x, None where no affine map fits."""
    if np.array_equal(x, y):
        return 1.0, 0.0
    centre = y.mean()
    if np.isnan(centre + x.mean()):
        both = ~(np.isnan(x) | np.isnan(y))
        # an affine map fits any two pairs
        return _affine(y[both], x[both]) if 2 < both.sum() < len(y) else None
    sizes = float(np.abs(y).max()), float(np.abs(x).max())
    if not all(size == 0 or 1 / LARGE < size < LARGE for size in sizes):
        of_y, of_x = (size or 1.0 for size in sizes)
        pair = _affine(y / of_y, x / of_x)
        scale, shift = (0.0, 0.0) if pair is None else (pair[0] * (of_x / of_y), pair[1] * of_x)
        return (scale, shift) if scale and np.isfinite(scale) else None
    deviation = y - centre
    sum_of_squares = deviation @ deviation
    # a constant column has no slope: only another constant can follow from it
    constant = sum_of_squares <= 0 or np.ptp(y) == 0  # its mean may miss it by the last digit
    if constant or np.ptp(x) == 0:
        return (1.0, float(x[0] - y[0])) if constant and np.ptp(x) == 0 else None
    scale = float(deviation @ (x - x.mean()) / sum_of_squares)
    shift = float(x.mean() - scale * centre)
    largest_error = np.abs(x - scale * y - shift).max()
    # what float64 keeps of scale y, where y is far from 0 beside its deviation
    rounding = 8 * np.finfo(np.float64).eps * (abs(scale) * sizes[0] + abs(shift))
    return (scale, shift) if largest_error <= TOLERANCE * x.std() + rounding else None
