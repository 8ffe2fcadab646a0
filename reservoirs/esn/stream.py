"""One stream of blocks of [state; input], the same for `fit` and for `partial_fit`.

Washout, noise and the rows where blocks end count from the first row of a series, so that any cut
of the data into chunks, and any number of threads, sums the same blocks. Whole series share a block
of 1024 rows, as many as fit into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from reservoirs.esn.features import FeatureBlocks, Noise
from reservoirs.esn.gathering import Gathering
from reservoirs.estimators.activity import Activity
from reservoirs.parallel import map_in_order, prefetch
from reservoirs.readout import BLOCK
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Layout
from reservoirs.short_series import batches, run_batch


class Block(NamedTuple):
    """Rows of one series, or of several whole ones; at most 1024.

    Features are [state; input] after washout, float64, and live until the next block is asked for.
    The last states, (n_series, n_units), are those after the last row of each, washed out or not;
    `next_row` is the number of the row after the block's last one, in its series.
    """

    features: Array
    targets: Array
    last_states: Array
    next_row: int


@dataclass
class TrainingStates:
    """States collected in one pass over the training series.

    There is a last state per series. The sum of the states after washout, and how many there were,
    are kept where targets are per series; `activity` says how the units move. `pieces` are the rows
    of some series, by their numbers, before which the state is kept; `starts` gathers states to
    start from, where targets are per step.
    """

    pieces: dict[int, int] = field(default_factory=dict)
    piece_starts: dict[int, Array] = field(default_factory=dict)

    last_states: list[Array] = field(default_factory=list)
    state_sum: Array = field(default_factory=lambda: np.zeros(()))
    n_states: int = 0
    activity: Activity = field(default_factory=Activity)
    starts: Gathering | None = None

    @property
    def mean_state(self) -> Array:
        """Mean of the states."""
        return self.state_sum / self.n_states

    def see(self, block: Block, layout: Layout) -> None:
        """Take what is kept of the next block, before its features are summed.

        The layout is that of all series.
        """
        self.activity.add(block.features)
        number = len(self.last_states)  # of the first series of the block
        n_series, n_units = block.last_states.shape
        lengths = layout.lengths[number : number + n_series]
        if n_series == 1:  # its rows up to the next one, which are all of it or some
            lengths = (block.next_row,)
        n_washed_out = (sum(lengths) - len(block.features)) // n_series
        stop = 0
        for i, length in enumerate(lengths):
            first, start = self.pieces.get(number + i, 0), stop
            stop += length - n_washed_out
            before = start + first - 1 - n_washed_out
            if first and start <= before < stop:
                self.piece_starts[number + i] = block.features[before, :n_units].copy()


@dataclass(frozen=True)
class Stream:
    """Runs a reservoir along series, into blocks that a readout is summed from.

    The first `washout` rows of every series are left out; the noise is added to the states while
    training.
    """

    reservoir: Reservoir
    washout: int = 0
    noise: Noise | None = None

    def blocks(
        self,
        rows: Array,
        targets: Array,
        *,
        series: int = 0,
        state: Array | None = None,
        first_row: int = 0,
        n_buffers: int = 1,
    ) -> Iterator[Block]:
        """Yield the blocks of one series, or of a piece of it.

        Inputs are (n_steps, n_features), targets (n_steps, n_outputs). The noise depends on the
        number of the series. A state of None is zero; `first_row` is the number of the first row in
        its series, and `n_buffers` blocks stay valid at a time. Blocks come in order, without rows
        where all are washed out.
        """
        reservoir, n_units = self.reservoir, self.reservoir.n_units
        blocks = FeatureBlocks(rows, n_units, n_buffers=n_buffers, first_row=first_row)
        run = reservoir.run(
            rows,
            np.zeros(n_units) if state is None else state,
            packed=reservoir.pack(),
            noise=None if self.noise is None else self.noise(series),
            # States of float64 are written into the block at once, others converted into it.
            out=blocks.block if reservoir.dtype == "float64" else None,
            first_row=first_row,
        )
        for span, states in run:
            last_state = states[-1:].copy()
            skip = min(max(self.washout - first_row - span.start, 0), len(states))
            features = blocks.fill(span, states)[skip:]
            yield Block(features, targets[span][skip:], last_state, first_row + span.stop)

    def all_blocks(self, rows: Array, targets: Array, series: int) -> list[Block]:
        """Return the blocks of one series, all valid together.

        Inputs are (n_steps, n_features), targets (n_steps, n_outputs).
        """
        n_blocks = -(-len(rows) // BLOCK)
        return list(self.blocks(rows, targets, series=series, n_buffers=n_blocks))

    def blocks_of_series(
        self, rows: Array, targets: Array, layout: Layout, n_jobs: int | None
    ) -> Iterable[Iterable[Block]]:
        """Return the blocks of all series, from the zero state each, a batch of them at a time.

        Inputs, (n_rows, n_features), and targets are those of all series. `n_jobs` batches are run
        at a time; a single series is run ahead of the sums in a second thread.
        """
        if layout.n_series == 1:
            blocks = self.blocks(rows, targets, n_buffers=1 if n_jobs in (None, 1) else 2)
            return [blocks if n_jobs in (None, 1) else prefetch(blocks)]
        pieces = (
            (rows[span], targets[span], layout.lengths[numbers], numbers.start)
            for span, numbers in batches(layout.lengths, BLOCK)
        )
        return map_in_order(self.lazy_batch if n_jobs in (None, 1) else self._batch, pieces, n_jobs)

    def lazy_batch(
        self, rows: Array, targets: Array, lengths: tuple[int, ...], series: int
    ) -> Iterable[Block]:
        """Return the blocks of a batch; those of a single series run as they are asked for.

        Lengths are the rows of every series, `series` is the number of the first.
        """
        if len(lengths) == 1:
            return self.blocks(rows, targets, series=series)
        return self._batch(rows, targets, lengths, series)

    def _batch(
        self, rows: Array, targets: Array, lengths: tuple[int, ...], series: int
    ) -> list[Block]:
        """Return the blocks of a batch, all valid together: one, where it is of several series."""
        if len(lengths) == 1:
            return self.all_blocks(rows, targets, series)
        reservoir, n_units = self.reservoir, self.reservoir.n_units
        features = np.empty((len(rows), n_units + rows.shape[1]))
        features[:, n_units:] = rows
        if self.noise is None:
            double = reservoir.dtype == "float64"
            zero_states = np.zeros((len(lengths), n_units))
            states, last = run_batch(
                reservoir, rows, lengths, zero_states, features if double else None
            )
            if not double:
                features[:, :n_units] = states
        else:  # each has noise of its own
            last = np.empty((len(lengths), n_units), dtype=reservoir.dtype)
            for i, span in enumerate(Layout("list", lengths).slices()):
                (block,) = self.all_blocks(rows[span], targets[span], series + i)
                features[span.stop - len(block.features) : span.stop] = block.features
                last[i] = block.last_states[0]
        counted = after_washout(lengths, self.washout)
        return [Block(features[counted], targets[counted], last, lengths[-1])]


def after_washout(lengths: tuple[int, ...], washout: int) -> Array | slice:
    """Return which rows of several series come after washout; a slice where all do."""
    if not washout:
        return slice(None)
    of_series = [np.arange(length) >= washout for length in lengths]
    return np.concatenate(of_series)
