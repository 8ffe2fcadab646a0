"""The states to start from, gathered while a readout learns.

Rows are ranked by their numbers in their series, by the golden ratio: the smallest ranks are spread
evenly over the rows, without a period that a season could have too, and are known before the rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reservoirs.esn.nearest import AHEAD, EARLY, StartStates, smallest
from reservoirs.readout import row_blocks
from reservoirs.sequences import Array, Layout

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio
ROWS = 2**16  # looked at together

Waiting = tuple[Array, Array, float]  # state (n_units,), the rows from there so far, rank


class OpenSeries(NamedTuple):
    """A series that goes on.

    `next_row` is the number of the row that comes, the state, (n_units,), the one before it, and
    `waiting` holds states whose three rows have not come yet.
    """

    next_row: int
    state: Array
    waiting: list[Waiting]


class Gathering:
    """Takes the states to start from out of the blocks of a pass over training series.

    Parameters
    ----------
    kept : StartStates
        Of earlier rows.
    rows : array of shape (n_rows, n_features)
        Inputs of all series of the pass.
    layout : Layout
        How they divide into series.
    washout : int
        First rows of every series, which are in no block and in no start.
    series : OpenSeries, default=None
        What the first series goes on with; None begins one.
    """

    def __init__(
        self,
        kept: StartStates,
        rows: Array,
        layout: Layout,
        washout: int,
        series: OpenSeries | None = None,
    ) -> None:
        self.rows, self.washout, self.position, self.n_counted = rows, washout, 0, 0
        self.next_row = 0 if series is None else series.next_row
        self.ends = np.cumsum(layout.lengths)
        self.kept = kept.joined(self._completed([] if series is None else series.waiting, kept))
        whole, late = np.zeros((3, 0)), np.zeros((3, 0))
        for span in row_blocks(len(rows), size=ROWS):  # what is wanted of some rows at a time
            wanted, is_late = self._wanted(span)
            whole = np.concatenate([whole, wanted[:, ~is_late]], axis=1)
            whole = whole[:, smallest(whole[2], kept.most)]
            late = np.concatenate([late, wanted[:, is_late]], axis=1)
        self.n_whole = whole.shape[1]
        places, sources, self.ranks = np.concatenate([whole, late], axis=1)
        self.places, self.sources = places.astype(int), sources.astype(int)
        self.states = np.zeros((len(self.places), kept.states.shape[1]), dtype=np.float32)
        if series is not None:
            self.states[self.places == 0] = series.state

    def _wanted(self, span: slice) -> tuple[Array, Array]:
        """Return which of some rows are wanted, and which of these wait for more of their series.

        The places of the rows, those of the states before them among all rows of blocks, -1 where
        there is none, and their ranks are (3, n_wanted).
        """
        place = np.arange(span.start, span.stop)
        number_of_series = np.searchsorted(self.ends, place, side="right")
        ends = self.ends[number_of_series]
        begins = np.where(number_of_series > 0, self.ends[number_of_series - 1], 0)
        number = place - begins + np.where(number_of_series > 0, 0, self.next_row)
        counted, ranks = number >= self.washout, _ranks(number)
        n_before = self.n_counted + np.cumsum(counted) - counted
        self.n_counted += int(counted.sum())
        # the state after the last row of washout is in no block
        wanted = (number > max(self.washout, EARLY - 1)) | ((number == 0) & (self.washout == 0))
        is_late = ends - place < AHEAD
        wanted &= (ranks < self.kept.limit) & (~is_late | (ends == self.ends[-1]))
        sources = np.where(place == begins, -1, n_before - 1)
        return np.stack([place, sources, ranks])[:, wanted], is_late[wanted]

    def _completed(self, waiting: list[Waiting], kept: StartStates) -> StartStates:
        """Return the states whose rows have come; the others go on waiting."""
        rows = [np.vstack([seen, self.rows[:AHEAD]])[:AHEAD] for _, seen, _ in waiting]
        self.still = [
            (state, seen, rank)
            for (state, _, rank), seen in zip(waiting, rows, strict=True)
            if len(seen) < AHEAD
        ]
        done = [i for i, seen in enumerate(rows) if len(seen) == AHEAD]
        if not done:
            return StartStates(kept.states[:0], kept.inputs[:0], kept.ranks[:0])
        states = np.stack([waiting[i][0] for i in done])
        return StartStates(
            states, np.stack([rows[i] for i in done]), np.array([waiting[i][2] for i in done])
        )

    def add(self, features: Array) -> None:
        """Take what is wanted of the next block, [state; input] of rows after washout."""
        stop = self.position + len(features)
        mine = (self.sources >= self.position) & (self.sources < stop)
        places = self.sources[mine] - self.position
        with np.errstate(over="ignore"):
            self.states[mine] = features[places, : self.states.shape[1]]
        self.position = stop

    def states_to_start_from(self) -> StartStates:
        """Return the states, once all blocks have been added."""
        good = np.flatnonzero(np.isfinite(self.states[: self.n_whole]).all(axis=1))
        inputs = self.rows[self.places[good, None] + np.arange(AHEAD)]
        return self.kept.joined(StartStates(self.states[good], inputs, self.ranks[good]))

    def waiting(self) -> list[Waiting]:
        """Return those that wait for more rows of the last series."""
        late = slice(self.n_whole, None)
        return self.still + [
            (state.copy(), self.rows[place:].copy(), float(rank))
            for state, place, rank in zip(
                self.states[late], self.places[late], self.ranks[late], strict=True
            )
        ]


def _ranks(numbers: Array) -> Array:
    """Return the rank of rows by their numbers, in [0, 1)."""
    return (numbers.astype(np.uint64) * np.uint64(GOLDEN)) / 2.0**64
