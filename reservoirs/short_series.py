"""Short series run many to a compiled call, whose cost they share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from reservoirs import compiled
from reservoirs.compiled.storage import PackedWeights
from reservoirs.sequences import Array


class Runner(Protocol):
    """What a batch asks of a reservoir."""

    def pack(self) -> PackedWeights:
        """Return the weights as the compiled loops read them."""

    def run(
        self, rows: Array, state: Array, *, packed: PackedWeights
    ) -> Iterator[tuple[slice, Array]]:
        """Drive one series and yield its states block by block."""


def batches(
    lengths: tuple[int, ...], n_rows: int, *, n_before: int = 0
) -> Iterator[tuple[slice, slice]]:
    """Yield whole series a batch at a time, given the rows of each.

    A batch has `n_rows` rows at most; a longer series is a batch of its own. The slice of its rows
    in the flat array, and that of the numbers of its series, are yielded. `n_before` rows of series
    that came before stand in the first batch already; it is empty where no more fits.
    """
    first, start, stop = 0, -n_before, 0
    for number, length in enumerate(lengths):
        if stop > start and stop + length - start > n_rows:
            yield slice(max(start, 0), stop), slice(first, number)
            first, start = number, stop
        stop += length
    yield slice(max(start, 0), stop), slice(first, len(lengths))


def run_batch(
    reservoir: Runner,
    rows: Array,
    lengths: tuple[int, ...],
    states: Array,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Drive a reservoir with the series of a batch.

    Rows are the inputs of all, one series after the other; states, (n_series, n_units), are those
    before the first row of each. The first columns of `out` take the states; None is a new array.
    The state after every row, (n_rows, n_units), and the last of every series are returned. A
    ValueError is raised if states overflow, as those of a linear reservoir may.
    """
    packed = reservoir.pack()
    driven, last = compiled.reservoir_loops.run_series(rows, lengths, states, packed, out)
    finite = np.isfinite(last).all(axis=1)  # no state is finite again once one is not
    if not finite.all():
        number = int(np.argmin(finite))
        first = sum(lengths[:number])
        # run on its own, the series raises the error that tells its row
        for _ in reservoir.run(
            rows[first : first + lengths[number]], states[number], packed=packed
        ):
            pass
    return driven, last


def cut_alike(lengths: tuple[int, ...], *arrays: Array) -> list[list[Array]]:
    """Cut the rows of a batch into 3-D pieces of series of one length each.

    NumPy goes through the products of a piece series by series, and rounds them as those of each
    series on its own.

    Lengths are the rows of each series. The pieces of every array, (n_series, n_steps, n_columns),
    come in order.
    """
    rows = np.asarray(lengths)
    first = np.concatenate([[0], np.flatnonzero(np.diff(rows)) + 1])  # of every run of one length
    edges = np.append(0, np.cumsum(rows))[first[1:]]
    return [
        [piece.reshape(-1, n, a.shape[1]) for piece, n in zip(pieces, rows[first], strict=True)]
        for a in arrays
        for pieces in [np.split(a, edges)]
    ]
