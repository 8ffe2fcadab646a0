"""One way to forecast a series: a transform, what the readout reads, and a reservoir per member."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from reservoirs import compiled
from reservoirs.estimators.units import measure
from reservoirs.forecaster.transforms import Transform
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array

WEIGHT = 10.0  # of lags and harmonics: the linear part is nearly free of the penalty
MET = 1e-9  # deviations beyond a bound that are rounding


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
    def reach(self) -> int:
        """Earlier values that it reads."""
        return max(self.n_lags - 1, 0)

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


@dataclass(frozen=True)
class Course:
    """A series as one branch sees it.

    Attributes
    ----------
    first : int
        The row of the series that z[0] belongs to.
    z : array of shape (n, n_outputs)
        The transformed series, standardised.
    levels : array of shape (n + reach, n_outputs)
        The series, or its logarithm, from `reach` rows before on.
    exog : array of shape (n, n_exog)
        Exogenous inputs of the rows of z.
    before : list of arrays of shape (n, n_units)
        The states of each member before each row.
    after : list of arrays of shape (n_units,)
        The states of each member after the last row.
    """

    first: int
    z: Array
    levels: Array
    exog: Array
    before: list[Array]
    after: list[Array]


@dataclass
class Branch:
    """A transform and what is read, for some reservoirs.

    Attributes
    ----------
    transform : Transform
        Of the series.
    inputs : Inputs
        What is read beside the states.
    reservoirs : list of Reservoir
        One for each member.
    mean, scale : arrays of shape (n_outputs,)
        Of the transformed series.
    low, high : arrays of shape (n_outputs,)
        The ends of its range, standardised.
    readouts : list of (coefficients (1, n_outputs, n_columns), intercepts (1, n_outputs))
        Of each member, once they are solved.
    """

    transform: Transform
    inputs: Inputs
    reservoirs: list[Reservoir]
    mean: Array
    scale: Array
    low: Array
    high: Array
    readouts: list[tuple[Array, Array]] = field(default_factory=list)

    @classmethod
    def measured(
        cls, transform: Transform, inputs: Inputs, reservoirs: list[Reservoir], y: Array
    ) -> Branch:
        """Return the branch for a series, (n, n_outputs), without readouts."""
        z = transform.forward(y)
        mean, scale = measure(z)
        z = (z - mean) / scale
        return cls(transform, inputs, reservoirs, mean, scale, z.min(axis=0), z.max(axis=0))

    @property
    def n_before(self) -> int:
        """Rows before the last known one that a loop needs to know."""
        return self.transform.reach + self.inputs.reach

    def n_columns(self, n_outputs: int) -> int:
        """Columns that are read beside states and exogenous inputs."""
        return n_outputs * max(self.inputs.n_lags, 1) + 2 * self.inputs.n_harmonics

    def starts(self) -> list[Array]:
        """Return the states before a series."""
        return [np.zeros(reservoir.n_units) for reservoir in self.reservoirs]

    def follow(self, y: Array, exog: Array, first: int, n_new: int, states: list[Array]) -> Course:
        """Run all members along the last rows of a series.

        Parameters
        ----------
        y : array of shape (n, n_outputs)
            Rows of the series, some of which the members have seen.
        exog : array of shape (n_new, n_exog)
            Exogenous inputs of the new ones.
        first : int
            The number of the first of all in the series.
        n_new : int
            How many are new.
        states : list of arrays of shape (n_units,)
            The states of each member before the new rows.

        Returns
        -------
        Course
            The rows that the transform has a value for.
        """
        reach = self.transform.reach
        z = (self.transform.forward(y) - self.mean) / self.scale
        n_new = min(n_new, len(z))
        seen = len(z) - n_new
        inputs = np.hstack([z[seen:], exog[len(exog) - n_new :]])
        before, after = [], []
        for reservoir, state in zip(self.reservoirs, states, strict=True):
            runs = reservoir.run(inputs, state, packed=reservoir.pack())
            found = np.concatenate([state[None], *(values for _, values in runs)])
            before.append(np.vstack([np.zeros((seen, reservoir.n_units)), found[:-1]]))
            after.append(found[-1])
        known = np.vstack([np.zeros((seen, exog.shape[1])), exog[len(exog) - n_new :]])
        return Course(first + reach, z, self.transform.levels(y), known, before, after)

    def lagged(self, z: Array, rows: Array) -> Array:
        """Return the present value and the lags of rows of z, newest first, (n, n_lags or 1, d)."""
        found: Array = z[np.subtract.outer(rows, np.arange(max(self.inputs.n_lags, 1)))]
        return found

    def beside(self, lagged: Array, times: Array) -> Array:
        """Return what is read beside states and exogenous inputs, (n, n_columns)."""
        flat = lagged.reshape(len(lagged), lagged.shape[1] * lagged.shape[2])
        if not self.inputs.n_lags:
            return flat
        return WEIGHT * np.hstack([flat, self.inputs.harmonics(times + 1)])

    def run(
        self,
        course: Course,
        origins: Array,
        exog: Array,
        margin: float | None,
        readouts: list[tuple[Array, Array]],
        only: int | None = None,
    ) -> tuple[Array, Array]:
        """Run closed loops from rows of a series, the outputs of all members averaged in each.

        Parameters
        ----------
        course : Course
            The series.
        origins : array of shape (n_loops,)
            The last known row of each loop, counted in the series.
        exog : array of shape (n_loops, horizon, n_exog)
            Exogenous inputs, the first row beside the last known value.
        margin : float or None
            How far outputs may leave the range of z, in ranges; None: as far as they like.
        readouts : list of (coefficients (n_loops, n_outputs, n_columns), intercepts)
            Of each member.
        only : int, default=None
            The number of the one member that runs alone; None: all of them.

        Returns
        -------
        values : array of shape (n_loops, horizon, n_outputs)
            Levels, in the units of the series.
        met : array of shape (n_loops, horizon) of bool
            Whether the outputs were held.
        """
        rows, reach = origins - course.first, self.transform.reach
        lagged = self.lagged(course.z, rows)
        history = course.levels[np.subtract.outer(rows + reach, np.arange(reach))]
        numbers = list(range(len(self.reservoirs))) if only is None else [only]
        members = [self.reservoirs[i] for i in numbers]
        states = [course.before[i][rows] for i in numbers]
        low, high = self.bounds(margin)
        weights, out = self.transform.weights, np.empty((*exog.shape[:2], lagged.shape[2]))
        met = np.zeros(exog.shape[:2], dtype=bool)
        for step in range(exog.shape[1]):
            u = np.hstack([lagged[:, 0], exog[:, step]])
            beside = np.hstack([self.beside(lagged, origins + step), exog[:, step]])
            outputs = np.zeros_like(out[:, 0])
            for i, (reservoir, (C, c)) in enumerate(zip(members, readouts, strict=True)):
                states[i] = compiled.closed_loops.advance(states[i], u, reservoir.pack())
                read = np.hstack([states[i], beside])
                outputs += (np.einsum("mdf,mf->md", C, read) + c) / len(readouts)
            z = np.fmin(np.fmax(outputs, low), high)
            met[:, step] = ~(np.abs(outputs - z) <= MET).all(axis=1)
            lagged = np.concatenate([z[:, None], lagged[:, :-1]], axis=1)
            level = z * self.scale + self.mean + np.einsum("k,mkd->md", weights, history)
            if reach:
                history = np.concatenate([level[:, None], history[:, :-1]], axis=1)
            out[:, step] = level
        return self.transform.back(out), met

    def run_together(
        self,
        course: Course,
        origins: Array,
        exog: Array,
        margin: float,
        readout: tuple[Array, Array],
        number: int,
    ) -> Array:
        """Run many closed loops of one member, as `run` does, all steps compiled together."""
        reservoir = self.reservoirs[number]
        if not _has_transformed_loops(reservoir):
            return self.run(course, origins, exog, margin, [readout], number)[0]
        rows, reach = origins - course.first, self.transform.reach
        history = course.levels[np.subtract.outer(rows + reach, np.arange(reach))]
        times = np.add.outer(np.arange(exog.shape[1]), origins)
        waves = self.inputs.harmonics(times + 1)  # (n_steps, n_loops, ...)
        low, high = self.bounds(margin)
        W = csr_array(reservoir.recurrent_weights_)
        network = compiled.transformed_loops.Network(
            W.indptr,
            W.indices,
            W.data,
            np.ascontiguousarray(reservoir.input_weights_),
            reservoir.bias_,
            float(np.asarray(reservoir.leak_rate)),
            reservoir.activation == "identity",
        )
        series = compiled.transformed_loops.Series(
            np.moveaxis(self.lagged(course.z, rows), 0, -1),
            np.moveaxis(history, 0, -1),
            np.moveaxis(exog, 0, -1),
            np.moveaxis(waves, 1, -1),
            WEIGHT if self.inputs.n_lags else 1.0,
            self.scale,
            self.mean,
            self.transform.weights,
            low,
            high,
        )
        out: Array = compiled.transformed_loops.run_transformed_loops(
            network, course.before[number][rows], series, readout
        )
        return self.transform.back(out)

    def repeated(self, n_loops: int) -> list[tuple[Array, Array]]:
        """Return the readouts of each member, the same for every loop."""
        return [
            (np.repeat(C, n_loops, axis=0), np.repeat(c, n_loops, axis=0)) for C, c in self.readouts
        ]

    def bounds(self, margin: float | None) -> tuple[Array, Array]:
        """Return what outputs are held within, (n_outputs,) each."""
        if margin is None:
            infinite = np.full(len(self.low), np.inf)
            return -infinite, infinite
        span = self.high - self.low
        return self.low - margin * span, self.high + margin * span


def _has_transformed_loops(reservoir: Reservoir) -> bool:
    """Tell whether a reservoir is one that loops of many steps are compiled for."""
    plain = reservoir.activation in ("tanh", "identity") and reservoir.mixing is None
    return plain and reservoir.dtype == "float64" and not np.ndim(reservoir.leak_rate)
