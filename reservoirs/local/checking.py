"""Closed loops along the training rows, which tell whether a local model is stable."""

from __future__ import annotations

import warnings

import numpy as np

from reservoirs.local.grid import Grid
from reservoirs.local.model import LocalModel, run_closed_loop
from reservoirs.mistakes import callers_level
from reservoirs.sequences import Array

LOOPS = 20
STEPS = 50
CONTEXT = 20  # rows before each, which states forget their start in


def loop_errors(model: LocalModel, grid: Grid, series: list[Array]) -> Array:
    """Return the errors of closed loops from training rows, (n_loops, n_steps).

    They are root mean squares over the field, whose series are in units of deviations. Loops are
    held within a range more on both sides.
    """
    longest = max(series, key=len)
    n_steps = min(STEPS, (len(longest) - 1) // 2)
    n_before = min(CONTEXT, len(longest) - n_steps - 1)
    last = len(longest) - n_steps - 1
    origins = np.unique(np.linspace(n_before, last, LOOPS).round().astype(int))
    n_loops = len(origins)
    fields = grid.repeated(n_loops)

    def rows(offset: int) -> Array:
        return longest[origins + offset].reshape(1, -1)

    states = model.start(fields.n_patches)
    for offset in range(-n_before, 0):
        _, states = model.run(fields, rows(offset), states)
    low, high, one = longest.min(), longest.max(), np.ones(fields.n_columns)
    bounds = (2 * low - high) * one, (2 * high - low) * one
    values = run_closed_loop(model, fields, rows(0)[0], states, n_steps, bounds)
    truth = np.concatenate([rows(1 + t) for t in range(n_steps)])
    errors = (values - truth).reshape(n_steps, n_loops, -1)
    return np.sqrt(np.mean(errors**2, axis=2)).T


def warn_of_instability(errors: Array) -> None:
    """Warn where most closed loops from training rows end further off than the mean would.

    Warns
    -----
    UserWarning
        If the median error of the last step is above 1.
    """
    median = np.median(errors, axis=0)
    if not len(median) or not median[-1] > 1:
        return
    step = int(np.argmax(median > 1)) + 1
    warnings.warn(
        f"closed loops from training rows are lost after {step} steps: the local model is "
        "unstable, or the field is chaotic within so few. Raise component_tol or noise, take "
        "target='value' for a field that dissipates, or learn from more rows",
        UserWarning,
        stacklevel=callers_level(),
    )
