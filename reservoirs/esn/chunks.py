"""What `partial_fit` keeps between chunks: sums, rows of the open block, the open series."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import numpy as np

from reservoirs.esn.features import Noise
from reservoirs.esn.reading import READINGS
from reservoirs.esn.stream import Stream
from reservoirs.estimators.activity import Activity, last_rows
from reservoirs.forecasting import Loop, find_loop
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import BLOCK, Readout, Sums, add_block, solve_best
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets


class ChunkedSums:
    """Sums of all series fed so far, in blocks of 1024 rows per series whatever the chunks.

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
    loop : tuple of two arrays, or None
        Scale and shift from a target to the next input, as found first.
    closes : bool
        Whether all rows so far agree with it.
    activity : Activity
        How the units moved in the blocks that are summed.
    tail : array of shape (n_kept, n_features)
        The last rows fed.
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
        self.last_pair: tuple[Array, Array] | None = None
        self.loop: Loop | None = None
        self.closes = True
        self.activity, self.warned = Activity(), False
        self.tail: Array = np.zeros((0, reservoir.n_features_in_))

    def extended(self, pieces: Iterable[tuple[Array, Array]], *, new_series: bool) -> ChunkedSums:
        """Return sums that go on from here; these stay as they are, should that be interrupted.

        The pieces are inputs (n_steps, n_features) and targets (n_steps, n_outputs). Each begins a
        series, or goes on with the open one. What did not change is shared, so that one row costs
        no copy of the sums.
        """
        stream = copy.copy(self)
        stream.features, stream.targets = list(self.features), list(self.targets)
        stream.activity = copy.deepcopy(self.activity)
        for rows, targets in pieces:
            if new_series:
                stream._begin(self.sums)
            stream._feed(rows, targets, self.sums)
        return stream

    def _begin(self, kept: Sums) -> None:
        """Close the open series, if any, and open the next; `kept` is not written to."""
        self._sum_open_block(kept)
        self.n_series, self.row = self.n_series + 1, 0
        self.state, self.last_pair = np.zeros(self.reservoir.n_units), None

    def _feed(self, rows: Array, targets: Array, kept: Sums) -> None:
        """Go on with the open series; `kept` is not written to."""
        self._check_loop(rows, targets)
        self.tail = last_rows(np.vstack([self.tail, last_rows(rows)]))
        stream = Stream(self.reservoir, self.washout, self.noise)
        pieces = stream.blocks(
            rows, targets, series=self.n_series - 1, state=self.state, first_row=self.row
        )
        for piece in pieces:
            # Copies: the next piece overwrites the buffer, and the caller may overwrite y.
            self.features.append(piece.features.copy())
            self.targets.append(piece.targets.copy())
            self.state, self.row = piece.last_state, piece.next_row
            if self.row % BLOCK == 0:
                self._sum_open_block(kept)

    def _open_block(self) -> tuple[Array, Array] | None:
        if not sum(map(len, self.features)):
            return None
        return np.concatenate(self.features), np.concatenate(self.targets)

    def _sum_open_block(self, kept: Sums) -> None:
        block = self._open_block()
        if block is not None:
            if self.sums is kept:
                self.sums = copy.deepcopy(kept)
            self.activity.add(block[0])
            with one_blas_thread(), np.errstate(over="ignore"):
                self._add(self.sums, block)
        self.features, self.targets = [], []

    def _add(self, sums: Sums, block: tuple[Array, Array]) -> None:
        """Add a block of [state; input] and targets to sums of what is read."""
        columns = READINGS[self.readout_features].columns(block[0], self.reservoir.n_units)
        add_block(sums, columns, block[1], forgetting=self.forgetting)

    def _check_loop(self, rows: Array, targets: Array) -> None:
        """Check whether the loop still closes, across the border between two chunks too."""
        if self.last_pair is not None:
            rows = np.vstack([self.last_pair[0], rows])
            targets = np.vstack([self.last_pair[1], targets])
        self.last_pair = rows[-1:].copy(), targets[-1:].copy()
        if len(rows) < 3:  # an affine map fits any two
            return
        loop = find_loop(rows, Targets(targets, "per_step", False), Layout("single", (len(rows),)))
        agrees = self.loop is None or (loop is not None and np.allclose(loop, self.loop, rtol=1e-4))
        self.closes = self.closes and loop is not None and agrees
        self.loop = loop if self.loop is None else self.loop

    @property
    def n_rows(self) -> int:
        """Rows fed so far that count, those after washout."""
        return self.sums.n_rows + sum(map(len, self.targets))

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
            return solve_best([sums], alphas)
