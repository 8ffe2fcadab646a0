"""The penalty of an echo state network chosen by its closed loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from reservoirs import compiled
from reservoirs.esn.startup import counted_rows, settled_rows
from reservoirs.forecasting import (
    Choice,
    Loop,
    Loops,
    RunLoops,
    choose_by_loops,
    find_loop,
    plan_loops,
)
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets


def choose_alpha(
    reservoir: Reservoir,
    blocks: Callable[[], Iterator[tuple[Array, Array]]],
    n_columns: int,
    data: tuple[Array, Layout, Targets],
    *,
    washout: int,
    bound: float,
    horizon: int | None,
) -> Choice:
    """Choose the penalty whose loops, run by a reservoir, do best on blocks left out.

    `blocks` yields features, (n_rows, n_columns) with the states first, and targets of all rows
    that count; `data` are the inputs, (n_rows, n_features), of all series, how these divide, and
    the targets. Bound and horizon are as in `plan_loops`.
    """
    rows, layout, targets = data
    counted = counted_rows(targets, layout, washout)
    task = plan_loops(
        rows,
        targets,
        layout,
        counted=counted,
        settled=settled_rows(reservoir, rows, layout),
        loop=find_loop(rows, targets, layout),
        bound=bound,
        horizon=horizon,
    )
    run = loop_runner(reservoir, task.loop)
    shape = n_columns, targets.rows.shape[1]
    return choose_by_loops(task, blocks(), np.flatnonzero(counted), shape, run)


def loop_runner(reservoir: Reservoir, loop: Loop) -> RunLoops:
    """Return what runs many closed loops of a reservoir, the map from a target to the next input.

    The readout reads the states first.
    """
    packed = reservoir.pack()

    def run(loops: Loops) -> Array:
        states = loops.before[:, : reservoir.n_units]
        return compiled.closed_loops.run_closed_loops(
            loops.first, loops.exog, states, packed, loop, loops.readouts, loops.bounds
        )

    return run
