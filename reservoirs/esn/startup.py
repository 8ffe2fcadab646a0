"""Which rows count: after washout, with a target, and once the start of the state is forgotten."""

from __future__ import annotations

import numpy as np

from reservoirs.readout import row_blocks
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets

SETTLED = 1e-6  # of the deviation of the states
BLOCK = 128
SAMPLE = 4096  # rows whose states say how large they are


def startup_rows(reservoir: Reservoir, rows: Array) -> int:
    """Return the first row from which the states do not tell where a series started.

    Two runs, from the zero state and from the mean of the states, are compared until they agree.

    Parameters
    ----------
    reservoir : Reservoir
        With drawn weights.
    rows : array of shape (n_rows, n_features)
        One series, from its first row on.

    Returns
    -------
    int
        At most a quarter of the rows.
    """
    limit, packed = len(rows) // 4, reservoir.pack()
    if not limit:
        return 0

    def run(span: slice, state: Array) -> Array:
        return np.concatenate([s for _, s in reservoir.run(rows[span], state, packed=packed)])

    zero: Array = np.zeros(reservoir.n_units)
    first = run(slice(min(limit, SAMPLE)), zero)
    scale, other = float(first.std(axis=0).mean()) or 1.0, first.mean(axis=0)
    for span in row_blocks(limit, size=BLOCK):
        from_zero, from_other = run(span, zero), run(span, other)
        apart = np.abs(from_other - from_zero).max(axis=1) > SETTLED * scale
        zero, other = from_zero[-1], from_other[-1]
        if not apart[-1]:
            return span.start + int(np.flatnonzero(apart)[-1] + 1 if apart.any() else 0)
    return limit


def settled_rows(reservoir: Reservoir, rows: Array, layout: Layout) -> Array:
    """Return which rows, (n_rows,) of bool, come after the `startup_rows` of their series.

    The rows, (n_rows, n_features), are those of all series.
    """
    settled = np.ones(len(rows), dtype=bool)
    for span in layout.slices():
        settled[span.start : span.start + startup_rows(reservoir, rows[span])] = False
    return settled


def check_washout(layout: Layout, washout: int) -> None:
    """Check that washout leaves a row of every series.

    Raises
    ------
    ValueError
        Naming the first series that it leaves none of.
    """
    for index, n_steps in enumerate(layout.lengths):
        if washout >= n_steps:
            raise ValueError(
                f"washout must be in [0, n_steps), got washout={washout} for series {index} of "
                f"{n_steps} steps; lower washout or drop that series"
            )


def counted_rows(targets: Targets, layout: Layout, washout: int) -> Array:
    """Return which rows, or series where targets are per series, are regressed on.

    They are those with a target, (n_targets,) of bool; of rows, those after washout.

    Raises
    ------
    ValueError
        If there are none.
    """
    counted = np.zeros(len(targets.rows), dtype=bool)
    counted[targets.known] = True
    if targets.kind == "per_step":
        for span in layout.slices():
            counted[span.start : span.start + washout] = False
    if not counted.any():
        raise ValueError(
            f"no row of y after washout={washout} is without NaN: nothing is left to learn from; "
            "lower washout"
        )
    return counted
