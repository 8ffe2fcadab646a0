"""What a readout for one target per series reads: the rows of a series, pooled into one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.esn.features import BlockNoise, Noise
from reservoirs.esn.reading import Reading
from reservoirs.parallel import map_in_order
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Layout

Pool = Callable[[Array, "Array | None"], Array]  # rows of one series, medians -> one row

POOLINGS: dict[str, Pool] = {
    "last": lambda rows, medians: rows[-1],
    "mean": lambda rows, medians: rows.mean(axis=0),
    "deviation": lambda rows, medians: rows.std(axis=0),
    "share_above_median": lambda rows, medians: (rows > medians).mean(axis=0),
}
ALIASES = {"both": ("last", "mean")}
SAMPLED = 4096  # rows whose medians are taken


def pooling_names(pooling: ArrayLike) -> tuple[str, ...]:
    """Return the names of one pooling or of several.

    Raises
    ------
    ValueError
        If one is unknown, or there is none.
    """
    if isinstance(pooling, str):
        names = ALIASES.get(pooling, (pooling,))
    else:
        names = tuple(np.ravel(pooling).tolist())
    if not names or not all(name in POOLINGS for name in names):
        raise ValueError(
            f"pooling must be 'both' or one of {sorted(POOLINGS)}, or a list of these, "
            f"got {pooling!r}"
        )
    return names


@dataclass(frozen=True)
class Pooling:
    """How a series becomes one row of features.

    What is read of every row, after the first `washout` ones, is pooled by each name, one beside
    the other; with `bidirectional` the same of the series run backwards follows. The medians,
    (n_columns,), are those of "share_above_median".
    """

    names: tuple[str, ...]
    bidirectional: bool
    washout: int
    reading: Reading
    medians: Array | None = None

    @property
    def needs_medians(self) -> bool:
        """Whether they are to be found before anything is pooled."""
        return "share_above_median" in self.names

    @property
    def n_parts(self) -> int:
        """How many times what is read stands in the features."""
        return len(self.names) * (2 if self.bidirectional else 1)

    def rows(
        self, reservoir: Reservoir, inputs: Array, state: Array, noise: BlockNoise | None = None
    ) -> Array:
        """Return [state; input] of one series after washout, its last row at least.

        The state, (n_units,), is that before the first row; `noise` makes of the number and length
        of a block its noise.
        """
        run = reservoir.run(inputs, state, packed=reservoir.pack(), noise=noise)
        states = np.concatenate([block for _, block in run])
        first = min(self.washout, len(inputs) - 1)
        return np.hstack([states, inputs], dtype=np.float64)[first:]

    def features(
        self, reservoir: Reservoir, inputs: Array, state: Array, noise: BlockNoise | None = None
    ) -> tuple[Array, Array]:
        """Return the features of one series, (n_features,), and the `rows` of its forward run.

        The run backwards starts from the zero state.
        """
        forward = self.rows(reservoir, inputs, state, noise)
        runs = [forward]
        if self.bidirectional:
            zero: Array = np.zeros(reservoir.n_units)
            runs.append(self.rows(reservoir, inputs[::-1], zero, noise))
        read = [self.reading.columns(rows, reservoir.n_units) for rows in runs]
        parts = [POOLINGS[name](rows, self.medians) for rows in read for name in self.names]
        return np.concatenate(parts), forward


def training_medians(
    pooling: Pooling,
    reservoir: Reservoir,
    rows: Array,
    layout: Layout,
    noise: Noise | None,
    n_jobs: int | None,
) -> Array:
    """Return the median of everything read of the training series.

    It is that of some 4096 rows, evenly spaced in every series.
    """
    apart, zero_state = -(-len(rows) // SAMPLED), np.zeros(reservoir.n_units)

    def sample(number: int, span: slice) -> Array:
        added = None if noise is None else noise(number)
        found = pooling.rows(reservoir, rows[span], zero_state, added)
        few = found[min(apart // 2, len(found) // 2) :: apart]
        return pooling.reading.columns(few, reservoir.n_units).copy()

    # of so many series that one row each is enough, some
    numbered = list(enumerate(layout.slices()))[:: -(-layout.n_series // SAMPLED)]
    medians: Array = np.median(np.concatenate(list(map_in_order(sample, numbered, n_jobs))), axis=0)
    return medians
