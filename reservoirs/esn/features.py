"""What a readout of an echo state network reads: blocks of [state; input], or pooled states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reservoirs.esn.reading import Reading
from reservoirs.readout import BLOCK
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array

BlockNoise = Callable[[int, int], Array]  # number and length of a block -> its first rows

POOLINGS: dict[str, Callable[[Array], Array]] = {
    "last": lambda features: features[-1],
    "mean": lambda features: features.mean(axis=0),
    "both": lambda features: np.concatenate([features[-1], features.mean(axis=0)]),
}


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


def pooled_features(
    reservoir: Reservoir,
    rows: Array,
    state: Array,
    *,
    pooling: str,
    bidirectional: bool,
    washout: int,
    reading: Reading,
    noise: BlockNoise | None = None,
) -> tuple[Array, Array]:
    """Return one row of features of a whole series.

    The state, (n_units,), is that before the first row. With `bidirectional` the features of the
    series run backwards follow, from the zero state. The first `washout` rows are left out, the
    last one never is. `noise` makes of the number and length of a block its noise. What is read,
    pooled, (n_pooled,), is returned, and [state; input] after washout, of the forward run.
    """
    pool, first = POOLINGS[pooling], min(washout, len(rows) - 1)
    packed = reservoir.pack()

    def features(rows: Array, state: Array) -> Array:
        run = reservoir.run(rows, state, packed=packed, noise=noise)
        states = np.concatenate([block for _, block in run])
        return np.hstack([states, rows], dtype=np.float64)[first:]

    forward = features(rows, state)
    pooled = [pool(reading.columns(forward, reservoir.n_units))]
    if bidirectional:
        backward = features(rows[::-1], np.zeros(reservoir.n_units))
        pooled.append(pool(reading.columns(backward, reservoir.n_units)))
    return np.concatenate(pooled), forward
