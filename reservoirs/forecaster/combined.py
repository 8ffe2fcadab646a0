"""The forecast of one series: all ways that closed loops found good, weighed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reservoirs.forecaster.branch import Branch
from reservoirs.forecaster.refits import Refit
from reservoirs.forecasting import check_coverage, half_widths
from reservoirs.forecasting.nodes import State
from reservoirs.sequences import Array

WIDENED = 1.15  # intervals: the residuals are those of loops that chose the penalties
MET = 0.5  # of the weights: a forecast has met its bounds where the ways of so much have


@dataclass(frozen=True)
class Way:
    """One way to forecast a series, with its score.

    Attributes
    ----------
    transform, inputs : str
        What it is called in tables; the name of a baseline and nothing.
    alpha : float
        The penalty of its readouts; NaN of a baseline.
    score : float
        The geometric mean of the errors of its loops, in deviations of the series.
    weight : float
        In the combination.
    lag : int
        How many of the last values a baseline repeats; 0: none.
    branch : Branch or None
        What forecasts; None for a baseline, and where the weight is negligible.
    refit : Refit or None
        The same, of a regressor that is no echo state network.
    """

    transform: str
    inputs: str
    alpha: float
    score: float
    weight: float
    lag: int = 0
    branch: Branch | None = None
    refit: Refit | None = None

    @property
    def n_before(self) -> int:
        """Rows before the last known one that it needs to know."""
        model = self.refit if self.branch is None else self.branch
        return max(self.lag - 1, 0) if model is None else model.n_before

    def starts(self) -> list[State]:
        """Return the states before a series."""
        model = self.refit if self.branch is None else self.branch
        return [] if model is None else list(model.starts())


@dataclass(frozen=True)
class Past:
    """What is known of a series, as far as a forecast that goes on needs it.

    Attributes
    ----------
    number : int
        Of the training series whose ways go on.
    n_rows : int
        Rows so far.
    tail : array of shape (n, n_outputs)
        The last of them.
    low, high : arrays of shape (n_outputs,)
        The ends of their range, that of training included.
    states : list of lists
        Of each way and member, after the last row: arrays of shape (n_units,), or what a Pipeline
        carries.
    """

    number: int
    n_rows: int
    tail: Array
    low: Array
    high: Array
    states: list[list[State]]


@dataclass(frozen=True)
class CombinedForecast:
    """All ways of one series.

    Attributes
    ----------
    y : array of shape (n, n_outputs)
        The training series.
    ways : list of Way
        In the order in which they were tried.
    residuals : array of shape (n_loops, horizon, n_outputs)
        Truth minus forecast of the loops, in which no readout saw its block.
    """

    y: Array
    ways: list[Way]
    residuals: Array

    @property
    def used(self) -> list[Way]:
        """The ways that weigh something."""
        return [way for way in self.ways if way.lag or way.branch or way.refit]

    @property
    def n_before(self) -> int:
        """Rows before the last known one that a forecast needs to know."""
        return max(way.n_before for way in self.used)

    def start(self, number: int) -> Past:
        """Return what is known before the first row of a series."""
        y = self.y
        states = [way.starts() for way in self.used]
        return Past(number, 0, y[:0], y.min(axis=0), y.max(axis=0), states)

    def drive(self, rows: Array, exog: Array, past: Past) -> tuple[Array, Past]:
        """Follow a series.

        Parameters
        ----------
        rows : array of shape (n, n_outputs)
            Further rows.
        exog : array of shape (n, n_exog)
            Exogenous inputs beside them.
        past : Past
            What is known before.

        Returns
        -------
        outputs : array of shape (n, n_outputs)
            The forecast of the next row after each; the row itself as long as too few are known.
        past : Past
            What is known after them.
        """
        known = np.vstack([past.tail, rows])
        first = past.n_rows - len(past.tail)
        origins = past.n_rows + np.arange(len(rows))
        whole = origins >= first + self.n_before
        outputs, states, weights = np.zeros_like(rows), [], 0.0
        for way, before in zip(self.used, past.states, strict=True):
            weights += way.weight
            if way.refit is not None:
                values, after = way.refit.drive(rows, exog, before)
                outputs += way.weight * values
                states.append(after)
                continue
            if way.branch is None:
                outputs += way.weight * known[np.maximum(origins - first + 1 - way.lag, 0)]
                states.append(before)
                continue
            course = way.branch.follow(known, exog, first, len(rows), before)
            states.append(course.after)
            values, _ = way.branch.run(
                course, origins[whole], exog[whole, None], None, way.branch.repeated(whole.sum())
            )
            outputs[whole] += way.weight * values[:, 0]
        outputs = np.where(whole[:, None], outputs / weights, rows)
        low = np.minimum(past.low, rows.min(axis=0, initial=np.inf))
        high = np.maximum(past.high, rows.max(axis=0, initial=-np.inf))
        tail = known[max(len(known) - self.n_before, 0) :]
        return outputs, Past(past.number, past.n_rows + len(rows), tail, low, high, states)

    def forecast(
        self, latest: Array, exog: Array, past: Past, margin: float | None
    ) -> tuple[Array, int | None]:
        """Forecast from the last known row.

        Parameters
        ----------
        latest : array of shape (n_outputs,)
            The last known row.
        exog : array of shape (n_steps, n_exog)
            Exogenous inputs, the first row beside it.
        past : Past
            What is known before.
        margin : float or None
            How far the outputs of a way may leave the range it has learned, in ranges; None: as far
            as they like, and levels too.

        Returns
        -------
        values : array of shape (n_steps, n_outputs)
            The weighed forecast.
        step : int or None
            The first step at which ways of more than half of the weights were held.

        Raises
        ------
        ValueError
            If fewer rows are known than the ways reach back.
        """
        known, n_steps = np.vstack([past.tail, latest]), len(exog)
        if len(known) <= self.n_before:
            raise ValueError(
                f"a forecast of this model reaches {self.n_before} rows back from the last known "
                f"one (lags, differences, a season), got {len(known) - 1}; pass a longer context, "
                "or a larger step to backtest"
            )
        low, high = np.minimum(past.low, latest), np.maximum(past.high, latest)
        room = max(1.0, 3.0 * n_steps / len(self.y)) * (high - low)
        total, weights = np.zeros((n_steps, len(latest))), 0.0
        met, first = np.zeros(n_steps), past.n_rows - len(past.tail)
        for way, states in zip(self.used, past.states, strict=True):
            if way.refit is not None:
                values, held = way.refit.forecast(known, exog, states, margin)
                met += way.weight * held
            elif way.branch is None:
                values = known[len(known) - way.lag + np.arange(n_steps) % way.lag]
            else:
                course = way.branch.follow(known, exog[:1], first, 1, states)
                values, held = way.branch.run(
                    course, np.array([past.n_rows]), exog[None], margin, way.branch.readouts
                )
                values = values[0]
                if margin is not None:
                    inside = np.fmin(np.fmax(values, low - room), high + room)
                    met += way.weight * (held[0] | (inside != values).any(axis=1))
                    values = inside
            total += way.weight * values
            weights += way.weight
        where = np.flatnonzero(met > MET * weights)
        return total / weights, int(where[0]) if len(where) else None

    def half_widths(self, n_steps: int, levels: list[float]) -> Array:
        """Return half the width of the intervals of levels, (n_levels, n_steps, n_outputs)."""
        check_coverage(levels, len(self.residuals), "a longer series has more")
        return half_widths(self.residuals, n_steps, levels, widened=WIDENED)
