"""What `partial_fit` keeps between chunks: sums, rows of the open block, the open series.

Whole series share a block, as many as fit into it: those that ended wait for the next.
"""

from __future__ import annotations

import copy

import numpy as np

from reservoirs.esn.features import Noise
from reservoirs.esn.gathering import Gathering, OpenSeries, Waiting
from reservoirs.esn.nearest import StartStates
from reservoirs.esn.reading import READINGS
from reservoirs.esn.stream import Block, Stream
from reservoirs.estimators.activity import Activity, last_rows
from reservoirs.forecasting import Loop, find_loop
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import BLOCK, Readout, Sums, add_block, solve_best
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Layout
from reservoirs.short_series import batches
from reservoirs.targets import Targets


class ChunkedSums:
    """Sums of all series fed so far, in blocks of 1024 rows whatever the chunks.

    Parameters
    ----------
    reservoir : Reservoir
        With drawn weights.
    sums : Sums
        Empty sums.
    washout : int
        First rows of every series that are left out.
    noise : Noise or None
        Added to the states.
    forgetting : float, default=1.0
        What a row counts of the row after it, in (0, 1].
    readout_features : str, default="state+input"
        What the readout reads, a key of `READINGS`.

    Attributes
    ----------
    n_series : int
        Number of series begun.
    row : int
        Number of the next row in the open series.
    state : array of shape (n_units,)
        The state after the last row.
    features, targets : list of arrays
        Rows of the open block, [state; input] and targets, not summed yet.
    ended_features, ended_targets : list of arrays
        Rows of whole series that ended, and wait for more to share their block.
    n_ended : int
        How many those are, washed out or not.
    loop : tuple of two arrays, or None
        Scale and shift from a target to the next input, as found first.
    closes : bool
        Whether all rows so far agree with it.
    activity : Activity
        How the units moved in the blocks that are summed.
    tail : array of shape (n_kept, n_features)
        The last rows fed.
    starts : StartStates
        States that a series may start from.
    waiting : list of tuples
        States, rows and ranks of those that need more rows of the open series.
    warned : bool
        Whether it was said that the inputs are not scaled.
    """

    def __init__(
        self,
        reservoir: Reservoir,
        sums: Sums,
        washout: int,
        noise: Noise | None,
        forgetting: float = 1.0,
        readout_features: str = "state+input",
    ) -> None:
        self.reservoir, self.sums = reservoir, sums
        self.washout, self.noise, self.forgetting = washout, noise, forgetting
        self.readout_features = readout_features
        self.n_series, self.row = 0, 0
        self.state: Array = np.zeros(reservoir.n_units)
        self.features: list[Array] = []
        self.targets: list[Array] = []
        self.ended_features: list[Array] = []
        self.ended_targets: list[Array] = []
        self.n_ended = 0
        self.last_pair: tuple[Array, Array] | None = None
        self.loop: Loop | None = None
        self.closes = True
        self.activity, self.warned = Activity(), False
        self.tail: Array = np.zeros((0, reservoir.n_features_in_))
        self.starts = StartStates.none(reservoir.n_units, reservoir.n_features_in_)
        self.waiting: list[Waiting] = []

    def extended(
        self, rows: Array, targets: Array, layout: Layout, *, new_series: bool
    ) -> ChunkedSums:
        """Return sums that go on from here; these stay as they are, should that be interrupted.

        Inputs, (n_rows, n_features), and targets are those of all series of the layout, whole ones
        where there are several. The first begins a series, or goes on with the open one. What did
        not change is shared, so that one row costs no copy of the sums.
        """
        stream = copy.copy(self)
        for name in ("features", "targets", "ended_features", "ended_targets"):
            setattr(stream, name, list(getattr(self, name)))
        stream.activity = copy.deepcopy(self.activity)
        stream._check_loop(rows, targets, layout, goes_on=not new_series)
        stream.tail = last_rows(np.vstack([self.tail, last_rows(rows)]))
        last = len(rows) - layout.lengths[-1]
        series = None if new_series else OpenSeries(self.row, self.state, self.waiting)
        starts = Gathering(self.starts, rows, layout, self.washout, series)
        if new_series:
            stream._end_series(self.sums)
            if layout.n_series > 1:
                before = rows[:last], targets[:last], layout.lengths[:-1]
                stream._feed_whole(*before, starts, self.sums)
            stream.n_series, stream.row = stream.n_series + 1, 0
            stream.state = np.zeros(self.reservoir.n_units)
        stream._feed(rows[last:], targets[last:], starts, self.sums)
        stream.starts, stream.waiting = starts.states_to_start_from(), starts.waiting()
        return stream

    @property
    def _stream(self) -> Stream:
        return Stream(self.reservoir, self.washout, self.noise)

    def _end_series(self, kept: Sums) -> None:
        """End the open series, if any; `kept` is not written to."""
        if self.row >= BLOCK:  # a long series shares no block
            self._sum_open_block(kept)
        else:
            self.n_ended += self.row
            self.ended_features += self.features
            self.ended_targets += self.targets
        self.features, self.targets, self.row = [], [], 0

    def _feed_whole(
        self,
        rows: Array,
        targets: Array,
        lengths: tuple[int, ...],
        starts: Gathering,
        kept: Sums,
    ) -> None:
        """Feed series that begin and end here; `kept` is not written to."""
        for span, numbers in batches(lengths, BLOCK, n_before=self.n_ended):
            of_series, n_rows = lengths[numbers], span.stop - span.start
            if self.n_ended + n_rows > BLOCK or not of_series:
                self._sum_ended(kept)
            if not of_series:  # the first one did not fit beside those that ended
                continue
            pieces = self._stream.lazy_batch(rows[span], targets[span], of_series, self.n_series)
            for piece in pieces:
                self._keep(piece, starts)
                if n_rows > BLOCK:
                    self._sum_open_block(kept)
            self.n_series += len(of_series)
            self.row = n_rows
            self._end_series(kept)

    def _feed(self, rows: Array, targets: Array, starts: Gathering, kept: Sums) -> None:
        """Go on with the open series; `kept` is not written to."""
        pieces = self._stream.blocks(
            rows, targets, series=self.n_series - 1, state=self.state, first_row=self.row
        )
        for piece in pieces:
            self._keep(piece, starts)
            self.state, self.row = piece.last_states[0], piece.next_row
            if self.n_ended + self.row > BLOCK:
                self._sum_ended(kept)
            if self.row % BLOCK == 0:
                self._sum_open_block(kept)

    def _keep(self, piece: Block, starts: Gathering) -> None:
        """Keep copies: the next piece overwrites the buffer, and the caller may overwrite y."""
        starts.add(piece.features)
        self.features.append(piece.features.copy())
        self.targets.append(piece.targets.copy())

    def _sum_open_block(self, kept: Sums) -> None:
        self._sum(self.features, self.targets, kept)
        self.features, self.targets = [], []

    def _sum_ended(self, kept: Sums) -> None:
        self._sum(self.ended_features, self.ended_targets, kept)
        self.ended_features, self.ended_targets, self.n_ended = [], [], 0

    def _sum(self, features: list[Array], targets: list[Array], kept: Sums) -> None:
        """Sum a block; `kept` is not written to."""
        block = joined(features, targets)
        if block is not None:
            if self.sums is kept:
                self.sums = copy.deepcopy(kept)
            self.activity.add(block[0])
            with one_blas_thread(), np.errstate(over="ignore"):
                self._add(self.sums, block)

    def _add(self, sums: Sums, block: tuple[Array, Array]) -> None:
        """Add a block of [state; input] and targets to sums of what is read."""
        columns = READINGS[self.readout_features].columns(block[0], self.reservoir.n_units)
        add_block(sums, columns, block[1], forgetting=self.forgetting)

    def _open_block(self) -> tuple[Array, Array] | None:
        """Return the rows that are not summed yet: they share a block."""
        return joined(self.ended_features + self.features, self.ended_targets + self.targets)

    def _check_loop(self, rows: Array, targets: Array, layout: Layout, *, goes_on: bool) -> None:
        """Check whether the loop still closes, across the border between two chunks too."""
        if goes_on and self.last_pair is not None:
            rows = np.vstack([self.last_pair[0], rows])
            targets = np.vstack([self.last_pair[1], targets])
            layout = Layout("single", (len(rows),))
        self.last_pair = rows[-1:].copy(), targets[-1:].copy()
        if len(rows) - layout.n_series < 2:  # an affine map fits any two
            return
        loop = find_loop(rows, Targets(targets, "per_step", False), layout)
        agrees = self.loop is None or (loop is not None and np.allclose(loop, self.loop, rtol=1e-4))
        self.closes = self.closes and loop is not None and agrees
        self.loop = loop if self.loop is None else self.loop

    @property
    def n_rows(self) -> int:
        """Rows fed so far that count, those after washout."""
        return self.sums.n_rows + sum(map(len, self.targets + self.ended_targets))

    def whole_activity(self) -> Activity:
        """Return how the units moved in all rows fed so far."""
        activity, block = copy.deepcopy(self.activity), self._open_block()
        if block is not None:
            activity.add(block[0])
        return activity

    def solve(self, alphas: Array) -> Readout:
        """Solve with all rows fed so far, those of the open block included; nothing changes.

        `alphas` is the penalty, or a grid, (n_alphas,).
        """
        # The open block is added to a copy: it goes on growing after this.
        sums, block = copy.deepcopy(self.sums), self._open_block()
        with one_blas_thread(), np.errstate(over="ignore"):
            if block is not None:
                self._add(sums, block)
            return solve_best(sums, alphas)


def joined(features: list[Array], targets: list[Array]) -> tuple[Array, Array] | None:
    """Return rows that were kept in pieces; None where there are none."""
    if not sum(map(len, features)):
        return None
    return np.concatenate(features), np.concatenate(targets)
