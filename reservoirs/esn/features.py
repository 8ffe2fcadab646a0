"""What a readout of an echo state network reads: blocks of [state; input], or pooled states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reservoirs.readout import BLOCK
from reservoirs.sequences import Array

BlockNoise = Callable[[int, int], Array]  # number and length of a block -> its first rows


class FeatureBlocks:
    """Buffers for blocks of [state; input], so that the loop writes states where the sums read.

    Inputs are (n_steps, n_features); `n_units` columns stand before them. `n_buffers` blocks are in
    memory at a time, later ones overwriting earlier ones. `first_row` is the number of the first
    row in its series; blocks end at multiples of 1024.
    """

    def __init__(
        self, series: Array, n_units: int, *, n_buffers: int = 1, first_row: int = 0
    ) -> None:
        self.series, self.n_units, self.first_row = series, n_units, first_row
        n_steps, n_features = series.shape
        self.buffers = np.empty((n_buffers, min(n_steps, BLOCK), n_units + n_features))

    def block(self, rows: slice) -> Array:
        """Return the buffer of the block that holds some rows.

        The rows are all of one block; (n_rows, n_units + n_features) is a view, as it was left.
        """
        number = (self.first_row + rows.start) // BLOCK % len(self.buffers)
        return self.buffers[number, : rows.stop - rows.start]

    def fill(self, rows: slice, states: Array) -> Array:
        """Write a block, and return it.

        The rows are all of one block. Their states, (n_rows, n_units), are left alone where they
        are those of the buffer already. The view returned is [state; input].
        """
        block = self.block(rows)
        if not np.may_share_memory(states, block):
            block[:, : self.n_units] = states
        block[:, self.n_units :] = self.series[rows]
        return block


@dataclass(frozen=True)
class Noise:
    """State noise keyed on the series' number and the block of rows, whatever the chunks.

    The key is that of the random stream, the level a standard deviation, `n_units` the number of
    columns.
    """

    key: int
    level: float
    n_units: int

    def __call__(self, series: int) -> BlockNoise:
        """Return what draws the noise of any block of one series."""

        def block(number: int, length: int) -> Array:
            source = np.random.Philox(key=self.key, counter=[0, 0, number, series])
            return self.level * np.random.Generator(source).standard_normal((length, self.n_units))

        return block
