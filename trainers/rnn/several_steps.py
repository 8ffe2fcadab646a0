"""Targets of several steps: y[t] holds the next k observations, which a forecast takes at once.

    y[t] = [s[t+1], s[t+2], ..., s[t+k]],  each of them a row of n_outputs numbers

A closed loop reads k predictions, enters them row by row, and reads the next k after the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from reservoirs.forecasting import Bounds, Loop, TrainingEnd, find_loop, hold, moved_on
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets

TOLERANCE = 1e-9  # of the largest target, by which the same observation may differ in two rows
Read = Callable[[Array, Array], tuple[Array, Array]]  # rows, state -> last outputs, last state


def find_steps(rows: Array, targets: Targets, layout: Layout) -> tuple[int, Loop | None]:
    """Return how many steps ahead every target goes, and the loop that its first step closes.

    The number is 1 and the loop that of `find_loop` unless the columns of y are k observations.
    """
    loop, n_columns = find_loop(rows, targets, layout), targets.rows.shape[1]
    if loop is not None or targets.kind == "per_series":
        return 1, loop
    for width in range(min(rows.shape[1], n_columns // 2), 0, -1):
        if n_columns % width == 0 and _follow(targets, layout, width):
            loop = find_loop(rows, first_step(targets, width), layout)
            if loop is not None:
                return n_columns // width, loop
    return 1, None


def _follow(targets: Targets, layout: Layout, width: int) -> bool:
    """Tell whether every later step of a target is the step before of the next row's."""
    tolerance = TOLERANCE * targets.largest
    for span in layout.slices():
        later, sooner = targets.rows[span][:-1, width:], targets.rows[span][1:, :-width]
        apart = np.abs(later - sooner)
        if (apart[~np.isnan(apart)] > tolerance).any():
            return False
    return True


def first_step(targets: Targets, width: int) -> Targets:
    """Return targets without the steps after the first."""
    missing = None if targets.missing is None else targets.missing[:, :width]
    missing = None if missing is None or not missing.any() else missing
    return replace(targets, rows=targets.rows[:, :width], missing=missing)


def told_rows(end: TrainingEnd, targets: Targets, layout: Layout, n_features: int) -> list[Array]:
    """Return the inputs after the last row of every series that its last target tells of.

    They are (k - 1, n_features) each; an empty list where there are exogenous inputs, which no
    target tells, or NaN. The targets have all their steps, the end is that of the first.
    """
    lasts = targets.rows[np.cumsum(layout.lengths) - 1]
    if n_features != end.n_outputs or np.isnan(lasts).any() or end.loop is None:
        return []
    scale, shift = end.loop
    return [last.reshape(-1, end.n_outputs)[:-1] * scale + shift for last in lasts]


def end_after(end: TrainingEnd, targets: Targets, layout: Layout, n_features: int) -> TrainingEnd:
    """Return an end of training at the last observations that the targets tell of.

    Where they tell of none it stays at the first step of the last targets.
    """
    told = told_rows(end, targets, layout, n_features)
    if not told:
        return end
    lasts = targets.rows[np.cumsum(layout.lengths) - 1]
    return moved_on(end, len(told[0]), lasts[:, -end.n_outputs :].copy())


def run_in_steps(
    read: Read,
    n_ahead: int,
    observation: Array,
    exog: Array,
    loop: Loop,
    state: Array,
    bounds: Bounds | None,
    limit: float,
) -> Array:
    """Run a closed loop that takes several predictions at once.

    `read` runs rows and returns the predictions after the last, (n_ahead * n_outputs,). The
    observation, (n_outputs,), enters first, beside the first row of exog, (n_steps, n_exog).
    Predictions, (n_steps, n_outputs), are held within the bounds; without, the run ends where one
    is not below the limit in size, and they are NaN from there on.
    """
    scale, shift = loop
    values = np.full((len(exog), len(observation)), np.nan)
    pending, n_done, n_entered = observation[None], 0, 0
    while n_done < len(exog):
        inputs = exog[n_entered : n_entered + len(pending)]
        predictions, state = read(np.hstack([pending * scale + shift, inputs]), state)
        n_entered += len(pending)
        pending = hold(predictions.reshape(n_ahead, -1), bounds)[: len(exog) - n_done]
        values[n_done : n_done + len(pending)] = pending
        n_done += len(pending)
        if bounds is None and not np.abs(pending).max() < limit:
            break
    return values
