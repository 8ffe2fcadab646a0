"""What `partial_fit` keeps between chunks: sums, rows of the open block, the open series."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from reservoirs.forecasting import Loop, find_loop
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import BLOCK, Readout, choose
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets


class Stream:
    """Sums of all series fed so far, in blocks of 1024 rows per series whatever the chunks.

    Parameters
    ----------
    reservoir : a drawn `Reservoir`
    sums : empty sums
    washout : first rows of every series that are left out
    noise : function of the series' number that gives its noise, or None
    """

    def __init__(self, reservoir: Any, sums: Any, washout: int, noise: Any) -> None:
        self.reservoir, self.sums = reservoir, sums
        self.washout, self.noise = washout, noise
        self.n_series, self.row = 0, 0
        self.state: Array = np.zeros(reservoir.n_units)
        self.features: list[Array] = []
        self.targets: list[Array] = []
        self.last_pair: tuple[Array, Array] | None = None
        self.loop: Loop | None = None
        self.closes = True

    def begin(self) -> None:
        """Close the open series, if any, and open the next."""
        self._flush()
        self.n_series, self.row = self.n_series + 1, 0
        self.state, self.last_pair = np.zeros(self.reservoir.n_units), None

    def feed(self, rows: Array, targets: Array) -> None:
        """Go on with the open series.

        Parameters
        ----------
        rows : (n_steps, n_features)
        targets : (n_steps, n_outputs)
        """
        from reservoirs.compiled import reservoir_loops

        self._watch_loop(rows, targets)
        packed, first = self.reservoir.pack(), 0
        noise = None if self.noise is None else self.noise(self.n_series - 1)
        while first < len(rows):
            number, offset = divmod(self.row, BLOCK)
            part = slice(first, min(first + BLOCK - offset, len(rows)))
            length = part.stop - part.start
            added = None if noise is None else noise(number, offset + length)[offset:]
            states, self.state = reservoir_loops.run_states(rows[part], self.state, packed, added)
            skip = min(max(self.washout - self.row, 0), length)
            self.features.append(np.hstack([states, rows[part]], dtype=np.float64)[skip:])
            self.targets.append(targets[part][skip:])
            self.row, first = self.row + length, part.stop
            if self.row % BLOCK == 0:
                self._flush()

    def _block(self) -> tuple[Array, Array] | None:
        if not sum(map(len, self.features)):
            return None
        return np.concatenate(self.features), np.concatenate(self.targets)

    def _flush(self) -> None:
        block = self._block()
        if block is not None:
            with one_blas_thread():
                self.sums.add(*block)
        self.features, self.targets = [], []

    def _watch_loop(self, rows: Array, targets: Array) -> None:
        """Check whether the loop still closes, across the border between two chunks too."""
        if self.last_pair is not None:
            rows = np.vstack([self.last_pair[0], rows])
            targets = np.vstack([self.last_pair[1], targets])
        self.last_pair = rows[-1:].copy(), targets[-1:].copy()
        if len(rows) < 3:
            return
        found = find_loop(rows, Targets(targets, "per_step", False), Layout("single", (len(rows),)))
        same = self.loop is None or (found is not None and np.allclose(found, self.loop, rtol=1e-4))
        self.closes = self.closes and found is not None and same
        self.loop = found if self.loop is None else self.loop

    @property
    def n_rows(self) -> int:
        """Rows fed so far that count, those after washout."""
        return self.sums.n_rows + sum(map(len, self.targets))

    def solve(self, alphas: Array) -> Readout:
        """Solve with all rows fed so far, those of the open block included; nothing changes.

        Parameters
        ----------
        alphas : the penalty, or a grid
        """
        sums, block = copy.deepcopy(self.sums), self._block()
        with one_blas_thread():
            if block is not None:
                sums.add(*block)
            readout: Readout = sums.solve(choose([sums], alphas))
        return readout
