"""What is fitted: features of windows and a readout, which carry all patches one step on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reservoirs.forecasting import Bounds, hold
from reservoirs.local.features import Features, Readout
from reservoirs.local.grid import Grid
from reservoirs.overflow import StatesTooLargeError
from reservoirs.sequences import Array

NUMBERS = 2**22  # of the columns that are read at a time along known rows, some 30 MB


class LocalModel(Protocol):
    """A model that carries every row of a field one step on, whatever its size."""

    def start(self, n_patches: int) -> Array:
        """Return the state of every patch before a series."""

    def run(self, grid: Grid, rows: Array, states: Array) -> tuple[Array, Array]:
        """Return the row after every row, (n_rows, n_columns), and the last states."""


@dataclass(frozen=True)
class PatchReadout:
    """Features of the window around a patch, and a readout of them.

    Attributes
    ----------
    features : Features
        Of a window.
    coefficients : array of shape (1 or n_patches, n_outputs, n_columns)
        C, of all patches or of each.
    intercept : array of shape (1 or n_patches, n_outputs)
        c.
    difference : bool
        Whether the change from row to row is read out.
    """

    features: Features
    coefficients: Array
    intercept: Array
    difference: bool

    @property
    def readout(self) -> Readout:
        """C and c."""
        return self.coefficients, self.intercept

    def start(self, n_patches: int) -> Array:
        """Return the state of every patch before a series."""
        return self.features.start(n_patches)

    def run(self, grid: Grid, rows: Array, states: Array) -> tuple[Array, Array]:
        """Return the row after every row, (n_rows, n_columns), and the last states."""
        block = max(1, NUMBERS // (grid.n_patches * self.features.width))
        following = np.empty(rows.shape)
        for first in range(0, len(rows), block):
            span = slice(first, first + block)
            windows = grid.windows(rows[span])
            values, states = self.features.outputs(windows, states, self.readout)
            if self.difference:
                values += grid.inner(rows[span])
            following[span] = grid.joined(values)
        return following, states


def run_closed_loop(
    model: LocalModel, grid: Grid, first: Array, states: Array, n_steps: int, bounds: Bounds | None
) -> Array:
    """Return the rows after the first one, (n_columns,), each made of the one before.

    They are (n_steps, n_columns), held within the bounds; without bounds they are NaN from where
    states or values overflow.
    """
    values = np.full((n_steps, len(first)), np.nan)
    row = first[None]
    for t in range(n_steps):
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                row, states = model.run(grid, row, states)
        except StatesTooLargeError:
            values[t:] = hold(values[t:], bounds)
            break
        row = hold(row, bounds)
        values[t] = row[0]
        if not np.isfinite(row).all():
            break
    return values
