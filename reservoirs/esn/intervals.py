"""Closed loops of an echo state network from training rows, for the intervals of its forecasts."""

from __future__ import annotations

from typing import cast

import numpy as np

from reservoirs.esn.base import EchoStateNetwork
from reservoirs.esn.choice import loop_runner
from reservoirs.esn.startup import counted_rows, startup_rows
from reservoirs.esn.stream import Stream, TrainingStates
from reservoirs.forecasting import (
    IntervalRows,
    Loop,
    LoopOrigins,
    held_out_residuals,
    keep_rows,
    kept_pieces,
)
from reservoirs.readout import Readout
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets


class HeldOutMixin:
    """Intervals of an echo state network, by loops along rows that the readout has not seen."""

    n_features_in_: int
    washout: int
    forgetting: float
    interval_origins: int | None
    reservoir_: Reservoir
    readout_: Readout

    def _kept_pieces(self, layout: Layout) -> dict[int, int]:
        """Return the rows of series, by their numbers, before which a state is kept."""
        if self.interval_origins is None:
            return {}
        return kept_pieces(layout, self.n_features_in_, self.washout)

    def _keep_rows(
        self,
        rows: Array,
        layout: Layout,
        targets: Targets,
        loop: Loop | None,
        states: TrainingStates,
    ) -> IntervalRows | None:
        """Keep what intervals need of the training rows, unless none are wanted."""
        if self.interval_origins is None or targets.kind == "per_series":
            return None
        return keep_rows(
            rows,
            layout,
            targets,
            loop,
            counted=counted_rows(targets, layout, self.washout),
            pieces=states.pieces,
            starts=states.piece_starts,
            forgetting=self.forgetting,
        )

    def _settled(self, kept: IntervalRows) -> Array:
        """Return which kept rows, (n_rows,) of bool, come after the start of their series."""
        settled = np.ones(len(kept.rows), dtype=bool)
        for span, first in zip(kept.layout.slices(), kept.firsts, strict=True):
            if not first:
                n_rows = startup_rows(self.reservoir_, kept.rows[span])
                settled[span.start : span.start + n_rows] = False
        return settled

    def _loop_residuals(self, origins: LoopOrigins) -> Array:
        """Return the errors of loops of fits to the rows before them."""
        read = read_kept_rows(cast(EchoStateNetwork, self), origins.kept, origins.targets)
        readout = self.readout_.coefficients, self.readout_.intercept
        run = loop_runner(self.reservoir_, origins.loop)
        return held_out_residuals(origins, read, readout, self.readout_.alpha, run)


def read_kept_rows(network: EchoStateNetwork, kept: IntervalRows, targets: Array) -> Array:
    """Return what the readout of a network reads of kept rows, (n_rows, n_readout_features).

    The targets, (n_rows, n_outputs), are those of the rows.
    """
    reading, n_units = network._reading, network.n_units
    stream, features = Stream(network.reservoir_, 0, network._noise()), list[Array]()
    for span, series, first, state in kept.pieces():
        blocks = stream.blocks(
            kept.rows[span], targets[span], series=series, state=state, first_row=first
        )
        features += [reading.columns(block.features, n_units).copy() for block in blocks]
    return np.concatenate(features)
