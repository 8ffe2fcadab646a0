"""One way to forecast a series: a transform, what the readout reads, and a reservoir per member."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from reservoirs import compiled
from reservoirs.forecaster.transforms import Transform
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import BlockDeletion, QRSums, Readout
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array

WEIGHT = 10.0  # of lags and harmonics: the linear part is nearly free of the penalty
MARGIN = 0.25  # in ranges of the transformed series


@dataclass(frozen=True)
class Inputs:
    """What the readout reads beside the states.

    Attributes
    ----------
    n_lags : int
        Values of the transformed series, the present one among them; 0: the input itself.
    season : int
        Steps of a season.
    n_harmonics : int
        Sines and cosines of its multiples.
    """

    n_lags: int = 0
    season: int = 1
    n_harmonics: int = 0

    @property
    def name(self) -> str:
        """Return what it is called in tables."""
        if not self.n_lags:
            return "states"
        return f"states, {self.n_lags} lags, {self.n_harmonics} harmonics"

    def harmonics(self, times: Array) -> Array:
        """Return the harmonics of the season at some times, (n_times, 2 n_harmonics)."""
        orders = np.arange(1, self.n_harmonics + 1)
        angles = 2 * np.pi * np.multiply.outer(np.asarray(times) / self.season, orders)
        return np.concatenate([np.cos(angles), np.sin(angles)], axis=-1)


@dataclass
class Branch:
    """A transform and what is read, trained for some reservoirs on one series.

    Attributes
    ----------
    transform : Transform
        Of the series.
    inputs : Inputs
        What is read beside the states.
    reservoirs : list of Reservoir
        One for each member.
    """

    transform: Transform
    inputs: Inputs
    reservoirs: list[Reservoir]
    members: list[Member] = field(default_factory=list)

    def train(self, y: Array, exog: Array) -> None:
        """Run all members along a series, (n, n_outputs), and sum what their readouts need."""
        z = self.transform.forward(y)
        self.offset = self.transform.reach
        self.mean, scale = z.mean(axis=0), z.std(axis=0)
        self.scale = np.where(scale > 0, scale, 1.0)
        self.z = (z - self.mean) / self.scale
        self.exog = exog[self.offset : len(y)]
        low, high = self.z.min(axis=0), self.z.max(axis=0)
        self.low, self.high = low - MARGIN * (high - low), high + MARGIN * (high - low)
        self.levels = self.transform.levels(y)
        self.first = max(self.inputs.n_lags - 1, 0)  # rows before it have no lags
        times = np.arange(self.offset, len(y))
        beside = self.beside(self.lagged(np.arange(self.first, len(self.z))), times[self.first :])
        self.members = [Member(r, self.z, self.exog, beside, self.first) for r in self.reservoirs]

    def lagged(self, rows: Array) -> Array:
        """Return the present value and the lags of rows of z, newest first, (n, n_lags or 1, d)."""
        return self.z[np.subtract.outer(rows, np.arange(max(self.inputs.n_lags, 1)))]

    def beside(self, lagged: Array, times: Array, exog: Array | None = None) -> Array:
        """Return what is read beside states and exogenous inputs, (n, n_columns)."""
        flat = lagged.reshape(len(lagged), -1)
        if not self.inputs.n_lags:
            return flat
        return WEIGHT * np.hstack([flat, self.inputs.harmonics(times + 1)])

    def run(
        self,
        origins: Array,
        horizon: int,
        readouts: list[tuple[Array, Array]],
        exog: Array,
        only: int | None = None,
    ) -> Array:
        """Run closed loops from rows of the series, the outputs of all members averaged in each.

        Parameters
        ----------
        origins : array of shape (n_loops,)
            The last known row of each loop, counted in the series.
        horizon : int
            Steps.
        readouts : list of (coefficients (n_loops, n_outputs, n_columns), intercepts)
            Of each member.
        exog : array of shape (n_loops, horizon, n_exog)
            Exogenous inputs, the first row beside the last known value.
        only : int, default=None
            The number of the one member that runs alone; None: all of them.

        Returns
        -------
        array of shape (n_loops, horizon, n_outputs)
            Levels, in the units of the series.
        """
        rows = origins - self.offset
        lagged = self.lagged(rows)
        history = self.levels[np.subtract.outer(origins, np.arange(self.transform.reach))]
        members = self.members if only is None else [self.members[only]]
        states = [member.before[rows] for member in members]
        weights, out = self.transform.weights, np.empty((len(origins), horizon, lagged.shape[2]))
        for step in range(horizon):
            u = np.hstack([lagged[:, 0], exog[:, step]])
            beside = np.hstack([self.beside(lagged, origins + step), exog[:, step]])
            outputs = np.zeros_like(out[:, 0])
            for i, (member, (C, c)) in enumerate(zip(members, readouts, strict=True)):
                states[i] = member.advance(states[i], u)
                read = np.hstack([states[i], beside])
                outputs += (np.einsum("mdf,mf->md", C, read) + c) / len(readouts)
            z = np.fmin(np.fmax(outputs, self.low), self.high)
            lagged = np.concatenate([z[:, None], lagged[:, :-1]], axis=1)
            level = z * self.scale + self.mean + np.einsum("k,mkd->md", weights, history)
            if self.transform.reach:
                history = np.concatenate([level[:, None], history[:, :-1]], axis=1)
            out[:, step] = level
        return np.exp(out) if self.transform.log else out


class Member:
    """One reservoir, run along a transformed series, with the sums of its readout."""

    def __init__(
        self, reservoir: Reservoir, z: Array, exog: Array, beside: Array, first: int
    ) -> None:
        self.reservoir, self.first = reservoir, first
        inputs = np.hstack([z, exog])
        states = np.concatenate(
            [
                s
                for _, s in reservoir.run(
                    inputs, np.zeros(reservoir.n_units), packed=reservoir.pack()
                )
            ]
        )
        self.before = np.vstack([np.zeros(reservoir.n_units), states[:-1]])
        self.rows = np.hstack([states[first:], beside, exog[first:]])
        self.targets = z[first + 1 :]
        sums = QRSums(self.rows.shape[1], z.shape[1])
        with one_blas_thread():
            sums.add(self.rows[:-1], self.targets)
            self.deletion = BlockDeletion(sums)
        self.sums = sums

    def advance(self, states: Array, inputs: Array) -> Array:
        """Return the next states, (n_loops, n_units), of inputs (n_loops, n_inputs)."""
        return compiled.closed_loops.advance(states, inputs, self.reservoir.pack())

    def solve(self, alpha: float) -> Readout:
        """Return the readout of all rows; what only scoring needs is let go."""
        with one_blas_thread():
            readout = self.sums.solve(alpha)
        del self.rows, self.targets, self.sums, self.deletion
        return readout

    def without(self, start: int, length: int, alphas: Array) -> tuple[Array, Array]:
        """Return readouts without the rows from `start` of z on, one for each penalty."""
        span = slice(max(start - self.first, 0), max(start - self.first + length, 0))
        return self.deletion.without(self.rows[:-1][span], self.targets[span], alphas)
