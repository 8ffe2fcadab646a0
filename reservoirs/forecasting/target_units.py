"""The end of training whose targets were transformed, in the units before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.sequences import Array

Transform = Callable[[Array], Array]


def in_units_of_y(end: TrainingEnd, back: Transform) -> TrainingEnd:
    """Return the end of training whose targets were transformed, in the units before."""
    if end.last_observations is None or end.pairs is None:
        return end
    rows, targets = end.pairs
    last, values = back(end.last_observations), back(targets)
    ends = np.empty_like(values[:0]) if end.target_range is None else back(end.target_range)
    # a map of each output by itself takes the ends of its range to the ends
    seen = np.vstack([ends, last, values])
    return replace(
        end,
        last_observations=last,
        pairs=(rows, values),
        target_size=float(max(np.abs(last).max(), np.abs(values).max())) or 1.0,
        target_deviation=_deviation_before(targets, values, end.target_deviation),
        target_range=np.stack([seen.min(axis=0), seen.max(axis=0)]),
    )


def _deviation_before(targets: Array, values: Array, deviation: Array) -> Array:
    """Return the deviation of targets before they were transformed, which errors are divided by.

    |a| s where v = a y + b in every output, which is exact; else that of the stored values, for the
    deviation of other functions of y is not known from s.

    Stored targets y and the same in the units before, v, are (n_pairs, n_outputs), evenly spaced
    along the longest series; s, (n_outputs,), is the deviation of all y. 1 stands in place of 0.
    """
    low, high = targets.argmin(axis=0), targets.argmax(axis=0)
    columns = np.arange(targets.shape[1])
    base, span = targets[low, columns], np.ptp(targets, axis=0)
    slope = (values[high, columns] - values[low, columns]) / np.where(span > 0, span, 1.0)
    line = values[low, columns] + slope * (targets - base)
    affine = (np.abs(values - line) <= 1e-9 * np.abs(values).max(axis=0)).all(axis=0)
    before = np.where(affine, np.abs(slope) * deviation, values.std(axis=0))
    return np.where(before > 0, before, 1.0)
