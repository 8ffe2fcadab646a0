"""What a readout of patches reads: the states of one reservoir, run on the windows of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reservoirs import compiled
from reservoirs.esn import ESNRegressor
from reservoirs.esn.base import RESERVOIR_SETTINGS
from reservoirs.esn.reading import READINGS
from reservoirs.local.grid import Grid
from reservoirs.overflow import StatesTooLargeError
from reservoirs.reservoir import Reservoir
from reservoirs.seeds import seed_streams
from reservoirs.sequences import Array

Readout = tuple[Array, Array]  # C, (1 or n_patches, n_outputs, n_columns), and c


class Features(Protocol):
    """What is read of the window of a patch, and of a state that it carries along."""

    @property
    def width(self) -> int:
        """Number of columns."""

    def start(self, n_patches: int) -> Array:
        """Return the state of every patch before a series."""

    def read(self, windows: Array, states: Array, kept: Array | None = None) -> tuple[Array, Array]:
        """Return the columns of rows of windows, and the last state of each patch.

        Windows are (n_patches, n_rows, n_inputs); of `kept`, (n_patches, n_rows) of bool, the rows
        that are true come one after the other, (n_kept, n_columns). None: all.
        """

    def outputs(self, windows: Array, states: Array, readout: Readout) -> tuple[Array, Array]:
        """Return C z + c of every row, (n_patches, n_rows, n_outputs), and the last states."""


@dataclass(frozen=True)
class ReservoirFeatures:
    """States of a reservoir that every patch runs for itself: patches are its series.

    Attributes
    ----------
    reservoir : Reservoir
        With drawn weights, for the window of a patch.
    readout_features : str
        What is read of a state and its input, a key of `READINGS`.
    """

    reservoir: Reservoir
    readout_features: str

    @property
    def width(self) -> int:
        """Number of columns."""
        reservoir = self.reservoir
        return READINGS[self.readout_features].width(reservoir.n_units, reservoir.n_features_in_)

    def start(self, n_patches: int) -> Array:
        """Return the zero state of every patch."""
        return np.zeros((n_patches, self.reservoir.n_units), dtype=self.reservoir.dtype)

    def read(self, windows: Array, states: Array, kept: Array | None = None) -> tuple[Array, Array]:
        """Return what is read of states and windows, and the last state of each patch."""
        n_units, (n_patches, n_rows, n_inputs) = self.reservoir.n_units, windows.shape
        rows = np.empty((n_patches * n_rows, n_units + n_inputs))
        inputs = windows.reshape(-1, n_inputs)
        rows[:, n_units:] = inputs
        double = self.reservoir.dtype == "float64"
        driven, last = compiled.reservoir_loops.run_series(
            inputs, (n_rows,) * n_patches, states, self.reservoir.pack(), rows if double else None
        )
        self._check(last)
        if not double:
            rows[:, :n_units] = driven
        if kept is not None:
            rows = rows[kept.ravel()]
        return READINGS[self.readout_features].columns(rows, n_units), last

    def outputs(self, windows: Array, states: Array, readout: Readout) -> tuple[Array, Array]:
        """Return C z + c of every row, (n_patches, n_rows, n_outputs), and the last states."""
        n_patches, n_rows, n_inputs = windows.shape
        packed = self.reservoir.pack()
        inputs = windows.reshape(-1, n_inputs)
        if n_rows == 1:
            driven = last = compiled.closed_loops.advance(states, inputs, packed)
        else:
            lengths = (n_rows,) * n_patches
            driven, last = compiled.reservoir_loops.run_series(inputs, lengths, states, packed)
        self._check(last)
        reading, (C, c) = READINGS[self.readout_features], readout
        if len(C) == 1:
            values = reading.outputs(driven, inputs, (C[0], c[0]))
            return values.reshape(n_patches, n_rows, -1), last
        driven = driven.reshape(n_patches, n_rows, -1)
        # the patches of several fields side by side take turns
        numbers = np.arange(n_patches) % len(C)
        each = zip(driven, windows, C[numbers], c[numbers], strict=True)
        return np.stack([reading.outputs(x, u, (Ci, ci)) for x, u, Ci, ci in each]), last

    def _check(self, states: Array) -> None:
        if not np.isfinite(states).all():
            raise StatesTooLargeError(self.reservoir.dtype, 0)


def draw_reservoir(
    estimator: ESNRegressor, grid: Grid, fan_in: int | None, seed: int
) -> ReservoirFeatures:
    """Draw the reservoir of an estimator for the windows of a grid.

    Every unit reads `fan_in` neighbouring columns of the window, around a random one; None: all.
    Input weights that the estimator gives are left as they are.
    """
    settings = Reservoir(**{name: getattr(estimator, name) for name in RESERVOIR_SETTINGS})
    n_inputs = grid.inputs.shape[1]
    reservoir = settings.drawn(n_inputs, seed)
    given = np.ndim(estimator.input_scaling) == 2
    if fan_in is not None and fan_in < n_inputs and not given:
        centres = np.random.default_rng(seed_streams(seed)[1].spawn(1)[0])
        weights = (
            reservoir.input_weights_
            * neighbours(grid.places, fan_in)[centres.integers(n_inputs, size=reservoir.n_units)]
        )
        weights.setflags(write=False)
        reservoir.input_weights_ = weights
    return ReservoirFeatures(reservoir, estimator.readout_features)


def neighbours(places: Array, n: int) -> Array:
    """Return which n columns are nearest to each, (n_inputs, n_inputs) of bool, itself included."""
    distances = np.sum((places[:, None] - places[None]) ** 2.0, axis=-1)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :n]
    chosen = np.zeros(distances.shape, dtype=bool)
    np.put_along_axis(chosen, nearest, True, axis=1)
    return chosen
