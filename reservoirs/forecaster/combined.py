"""The forecast of one series: all ways that closed loops found good, weighed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reservoirs.forecaster.branch import Branch, Inputs
from reservoirs.forecaster.search import (
    Scored,
    choose,
    loop_origins,
    plan_origins,
    score_baseline,
    score_branch,
)
from reservoirs.forecaster.transforms import Transform
from reservoirs.forecasting.loop_choice import PENALTIES
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array

NEGLIGIBLE = 1e-3  # weights below are not run
WIDENED = 1.15  # intervals: the residuals are those of loops that chose the penalties


@dataclass(frozen=True)
class Plan:
    """What is tried on one series.

    Attributes
    ----------
    transforms : list of Transform
        Of the series.
    inputs : list of Inputs
        What is read beside the states.
    baselines : dict of str to int
        Name of each baseline, and how many of the last values it repeats.
    horizon : int
        Steps of the loops that are compared.
    best_only : bool
        Whether the best way is taken in place of all, weighed.
    """

    transforms: list[Transform]
    inputs: list[Inputs]
    baselines: dict[str, int]
    horizon: int
    best_only: bool


class CombinedForecast:
    """All ways of a plan, scored and weighed on one series.

    Parameters
    ----------
    y : array of shape (n, n_outputs)
        The series.
    exog : array of shape (n, n_exog)
        Exogenous inputs beside it; the last row is not read.
    plan : Plan
        What is tried.
    reservoirs : list of Reservoir
        One for each member.
    """

    def __init__(self, y: Array, exog: Array, plan: Plan, reservoirs: list[Reservoir]) -> None:
        self.y, self.plan = y, plan
        most = max(i.n_lags for i in plan.inputs)
        first = max([max(t.reach for t in plan.transforms) + most, *plan.baselines.values()])
        starts = plan_origins(len(y), plan.horizon, first)
        self.scored: list[Scored] = []
        for transform in plan.transforms:
            for inputs in plan.inputs:
                branch = Branch(transform, inputs, reservoirs)
                branch.train(y, exog)
                self.scored.append(score_branch(branch, y, exog, starts, plan.horizon))
        origins = loop_origins(starts, plan.horizon)
        for name, lag in plan.baselines.items():
            self.scored.append(score_baseline(name, lag, y, origins, plan.horizon))
        choose(self.scored, best_only=plan.best_only)
        steps = 1 + np.arange(plan.horizon)
        found = sum(s.weight * s.values[:, s.best] for s in self.scored if s.weight > 0)
        self.residuals: Array = y[np.add.outer(origins, steps)] - found
        self.solve()

    def solve(self) -> None:
        """Solve the readouts of all rows for the penalties chosen, and let the rest go."""
        self.readouts: list[list[tuple[Array, Array]]] = []
        self.alphas: list[float] = []
        for scored in self.scored:
            of_members, alpha = [], np.nan
            if scored.branch is not None:
                alpha = (len(scored.branch.z) - 1) * float(PENALTIES[scored.best])
            self.alphas.append(alpha)
            if scored.branch is not None and scored.weight > NEGLIGIBLE:
                for member in scored.branch.members:
                    readout = member.solve(alpha)
                    of_members.append((readout.coefficients[None], readout.intercept[None]))
            elif scored.branch is not None:
                scored.branch = None
            self.readouts.append(of_members)
            scored.values = scored.values[:0]

    def forecast(self, n_steps: int, exog: Array) -> Array:
        """Return the weighed forecast, (n_steps, n_outputs), of exogenous inputs (n_steps, ...)."""
        y, n = self.y, len(self.y)
        low, high = y.min(axis=0), y.max(axis=0)
        room = max(1.0, 3.0 * n_steps / n) * (high - low)
        total, weights = np.zeros((n_steps, y.shape[1])), 0.0
        for scored, readouts in zip(self.scored, self.readouts, strict=True):
            if scored.weight <= NEGLIGIBLE:
                continue
            if scored.lag:
                values = y[n - scored.lag + np.arange(n_steps) % scored.lag]
            else:
                assert scored.branch is not None  # `solve` keeps those that weigh something
                values = scored.branch.run(np.array([n - 1]), n_steps, readouts, exog[None])[0]
                values = np.fmin(np.fmax(values, low - room), high + room)
            total += scored.weight * values
            weights += scored.weight
        return total / weights

    def half_widths(self, n_steps: int, level: float) -> Array:
        """Return half the width of the intervals of a level, (n_steps, n_outputs)."""
        sizes = np.maximum.accumulate(np.sqrt(np.mean(self.residuals**2, axis=0)), axis=0)
        n_loops, horizon = self.residuals.shape[:2]
        share = min(np.ceil((n_loops + 1) * level / 100) / n_loops, 1.0)
        relative = np.abs(self.residuals) / np.where(sizes > 0, sizes, 1.0)
        quantile = np.quantile(relative, share, axis=(0, 1))
        # beyond the horizon of the loops errors grow as those of a random walk
        steps = 1 + np.arange(n_steps)
        sizes = sizes[np.minimum(steps, horizon) - 1]
        growth = np.sqrt(np.maximum(steps / horizon, 1.0))[:, None]
        widths: Array = WIDENED * quantile * sizes * growth
        return widths


def find_season(y: Array) -> int:
    """Return the season of a series by its autocorrelation, 1 where there is none.

    Of the peaks of the autocorrelation, of the series without its straight line, the first that is
    within a tenth of the highest; it must be above twice its standard error and above 0.3.
    """
    n = len(y)
    times = np.arange(n)
    total = np.zeros(max(n // 3, 0))
    for column in y.T:
        left = column - np.polyval(np.polyfit(times, column, 1), times)
        padded = np.fft.rfft(left, 2 * n)
        power = np.fft.irfft(padded * padded.conj())[: len(total)]
        if len(power) and power[0] > 0:
            total += power / power[0] / y.shape[1]
    middle = total[1:-1]
    peaks = 1 + np.flatnonzero((middle > total[:-2]) & (middle >= total[2:]))
    peaks = peaks[(peaks > 1) & (total[peaks] > max(0.3, 2 / np.sqrt(n)))]
    if not len(peaks):
        return 1
    return int(peaks[total[peaks] >= 0.9 * total[peaks].max()][0])
