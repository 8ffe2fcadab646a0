"""The states to start from, gathered while a readout learns.

Rows are ranked by their numbers in their series, by the golden ratio: the smallest ranks are spread
evenly over the rows, without a period that a season could have too, and are known before the rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reservoirs.esn.nearest import AHEAD, EARLY, StartStates
from reservoirs.sequences import Array, Layout

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio

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
        lengths, place = np.asarray(layout.lengths), np.arange(len(rows))
        ends = np.repeat(np.cumsum(lengths), lengths)
        begins = ends - np.repeat(lengths, lengths)
        number = place - begins
        if series is not None:
            number[: lengths[0]] += series.next_row
        self.rows, self.position = rows, 0
        self.kept = kept.joined(self._completed([] if series is None else series.waiting, kept))
        ranks = _ranks(number)
        # the state after the last row of washout is in no block
        wanted = (number > max(washout, EARLY - 1)) | ((number == 0) & (washout == 0))
        wanted &= ranks < self.kept.limit
        whole = np.flatnonzero(wanted & (ends - place >= AHEAD))
        whole = np.sort(whole[np.argsort(ranks[whole], kind="stable")[: kept.most]])
        late = np.flatnonzero(wanted & (ends - place < AHEAD) & (ends == len(rows)))
        self.n_whole, self.places = len(whole), np.concatenate([whole, late])
        self.ranks = ranks[self.places]
        self.states = np.zeros((len(self.places), kept.states.shape[1]), dtype=np.float32)
        if series is not None:
            self.states[self.places == 0] = series.state
        # the rows of all blocks, counted, after which the states are those
        counted = np.cumsum(number >= washout) - 1
        self.sources = np.where(place == begins, -1, counted[place - 1])[self.places]

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
