"""Training states to start from: the one after which the inputs were nearest those of a new piece.

Row 0 of a piece is predicted from the start that row 0 chooses, row 1 from that of rows 0 and 1,
and all others from that of rows 0 to 2: no prediction looks ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reservoirs.estimators import Runs
from reservoirs.readout import row_blocks
from reservoirs.sequences import Array, Layout

AHEAD = 3  # rows that are compared
EARLY = 20  # rows of a series whose states may feel that it started from zero
BUDGET, MOST = 1_000_000, 1000  # bytes and number of what is kept
AT_A_TIME = 2**17  # distances

Drive = Callable[[Array, Any], tuple[Array, Any]]  # rows, state -> outputs, last state
ReadAll = Callable[[Array, Layout, Array], Runs]


@dataclass(frozen=True)
class StartStates:
    """States before some rows of the training series, and the inputs from there on.

    Rows are chosen by their numbers in their series, those of the smallest ranks, a thousand or as
    many as fit into a megabyte: spread evenly, without a period, and the same for any cut into
    chunks. Beside them stands the first row of each series, whose rank is 0 and whose state is the
    zero state: no rows choose it but the same ones.

    Attributes
    ----------
    states : array of shape (n_states, n_units)
        float32, before the rows.
    inputs : array of shape (n_states, 3, n_features)
        Those rows, and the two after each.
    ranks : array of shape (n_states,)
        In [0, 1).
    """

    states: Array
    inputs: Array
    ranks: Array

    @classmethod
    def none(cls, n_units: int, n_features: int) -> StartStates:
        """Return no states."""
        no_states = np.zeros((0, n_units), dtype=np.float32)
        return cls(no_states, np.zeros((0, AHEAD, n_features)), np.zeros(0))

    @property
    def most(self) -> int:
        """How many are kept."""
        n_bytes = 4 * self.states.shape[1] + 8 * AHEAD * self.inputs.shape[2] + 8
        return min(int(BUDGET // n_bytes), MOST)

    @property
    def settled(self) -> bool:
        """Whether there are states besides those that series started from."""
        return bool((self.ranks > 0).any())

    @property
    def limit(self) -> float:
        """The rank that a later row must be below to be kept."""
        return 1.0 if len(self.ranks) < self.most else float(self.ranks.max(initial=0.0))

    def joined(self, others: StartStates) -> StartStates:
        """Return these and others that come after them, as many as are kept."""
        if not len(others.ranks):
            return self
        pairs = zip(vars(self).values(), vars(others).values(), strict=True)
        states, inputs, ranks = (np.concatenate(pair) for pair in pairs)
        kept = smallest(ranks, self.most)
        return StartStates(states[kept], inputs[kept], ranks[kept])

    def of(self, numbers: Array) -> Array:
        """Return the states of some numbers, float64."""
        return self.states[numbers].astype(np.float64)

    def numbers(self, heads: Array) -> Array:
        """Return which states the first rows of pieces choose: by one, two and three of them.

        The rows, (n_pieces, 3, n_features), may be anything where a piece is shorter. The numbers
        are (n_pieces, 3).
        """
        numbers = np.empty((len(heads), AHEAD), dtype=int)
        # of equal ones the last, which is furthest from where the series started
        inputs, zero_state = self.inputs[::-1].transpose(1, 2, 0).copy(), self.ranks[::-1] == 0
        with np.errstate(over="ignore", invalid="ignore"):
            deviation = self.inputs[:, 0].std(axis=0)
            scale = np.where(deviation > 0, deviation, 1.0)
            for span in row_blocks(len(heads), size=max(AT_A_TIME // len(self.ranks), 1)):
                distances = np.zeros((span.stop - span.start, len(self.ranks)))
                for row in range(AHEAD):
                    for column, values in enumerate(inputs[row]):
                        apart = (values - heads[span, row, column, None]) / scale[column]
                        distances += apart * apart
                    allowed = np.where(zero_state & (distances > 0), np.inf, distances)
                    numbers[span, row] = len(self.ranks) - 1 - allowed.argmin(axis=1)
        return numbers


@dataclass(frozen=True)
class OpenStart:
    """A start that rows still have to choose.

    Attributes
    ----------
    starts : StartStates
        What they choose from.
    seen : array of shape (n_seen, n_features)
        The rows so far, fewer than three.
    last : array of shape (n_units,)
        The state after them, so far as they tell.
    """

    starts: StartStates
    seen: Array
    last: Array

    def drive(self, rows: Array, drive: Drive) -> tuple[Array, Any]:
        """Return the outputs after more rows, (n_rows, n_features), and the state or start then.

        `drive` runs the model from a state.
        """
        n_seen, whole = len(self.seen), np.vstack([self.seen, rows])
        head = np.resize(whole[:AHEAD], (1, AHEAD, whole.shape[1]))
        states = self.starts.of(self.starts.numbers(head)[0])
        n_known = min(len(whole), AHEAD)
        early = [drive(whole[:k], states[k - 1])[0][-1:] for k in range(n_seen + 1, n_known)]
        outputs, last = drive(whole, states[n_known - 1])
        outputs = np.vstack([*early, outputs[n_known - 1 :]])
        return outputs, last if n_known == AHEAD else OpenStart(self.starts, whole, last)


def smallest(ranks: Array, n: int) -> Array:
    """Return the places of the n smallest ranks, in order; of equal ones those that come first."""
    if len(ranks) <= n:
        return np.arange(len(ranks))
    limit = np.partition(ranks, n - 1)[n - 1]  # a third of the time of a stable argsort
    kept = ranks < limit
    kept[np.flatnonzero(ranks == limit)[: n - np.count_nonzero(kept)]] = True
    return np.flatnonzero(kept)


def read_all_from_nearest(starts: StartStates, rows: Array, layout: Layout, read: ReadAll) -> Runs:
    """Return the outputs, in one array, and last states of pieces from the states that they choose.

    The rows, (n_rows, n_features), are those of all pieces; `read` runs pieces from given states.
    """
    n_known, heads = (
        np.minimum(layout.lengths, AHEAD),
        np.zeros((layout.n_series, AHEAD, rows.shape[1])),
    )
    for head, span, known in zip(heads, layout.slices(), n_known, strict=True):
        head[:known] = rows[span][:known]
    numbers = starts.numbers(heads)
    of_all = starts.of(numbers[np.arange(layout.n_series), n_known - 1])
    pieces, last = read(rows, layout, of_all)
    outputs, begins = np.concatenate(pieces), layout.starts()
    for k in range(1, AHEAD):
        longer = np.flatnonzero(n_known > k)
        if len(longer):
            short = Layout("list", (k,) * len(longer))
            first = starts.of(numbers[longer, k - 1])
            early, _ = read(heads[longer, :k].reshape(-1, rows.shape[1]), short, first)
            outputs[begins[longer] + k - 1] = np.concatenate(early)[k - 1 :: k]
    return [outputs], last


def start_loop(
    start: OpenStart,
    drive: Drive,
    loop: tuple[Array, Array],
    observation: Array,
    exog: Array,
    hold: Callable[[Array], Array],
) -> tuple[Array, Array, Any]:
    """Run a closed loop row by row until its rows have chosen the start.

    The observation, (n_outputs,), enters first, beside the first row of exog, (n_steps, n_exog);
    what is fed back is held. The outputs of these rows, the last one, and the state then, or the
    start where there are not enough rows, are returned.
    """
    (scale, shift), outputs, state = loop, list[Array](), start
    while isinstance(state, OpenStart) and len(outputs) < len(exog):
        row = np.concatenate([observation * scale + shift, exog[len(outputs)]])
        of_row, state = drive(row[None], state)
        observation = hold(of_row[0])
        outputs.append(observation)
    return np.stack(outputs), observation, state
