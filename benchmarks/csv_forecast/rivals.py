"""What a forecast is compared with: the last season again, and ridge regression on lags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import RidgeCV

from benchmarks.methods.rolling import lag_count
from benchmarks.protocols.rolling import repeat_season
from benchmarks.tasks.data import Array

PENALTIES = np.logspace(-3, 3, 13)  # chosen by leave-one-out errors


def carried(values: Array) -> Array:
    """Return a series with the last value where one is missing: it knows no later one."""
    rows = np.where(np.isnan(values), 0, np.arange(len(values)))
    return values[np.maximum.accumulate(rows)]


@dataclass(frozen=True)
class SeasonalNaive:
    """The last season again, or the last value where there is no season."""

    season: int
    title: str = "Seasonal naive"

    def forecast(self, values: Array, exog: Array, n_steps: int) -> Array:
        """Return the steps after the last value, (n_steps,); known inputs are not used."""
        return repeat_season(carried(values), min(self.season, len(values)), n_steps)


@dataclass(frozen=True)
class LaggedRidge:
    """Ridge regression on the last values and the known inputs of the value itself."""

    model: RidgeCV
    n_lags: int
    mean: float
    deviation: float
    title: str = "Ridge on lags"

    @classmethod
    def fitted(cls, values: Array, exog: Array, season: int) -> LaggedRidge:
        """Learn the next value of a series, (n,), with known inputs, (n, n_columns).

        Rows with a missing value among lags or target are left out, while enough remain.
        """
        n_lags = max(lag_count(len(values), season), 1)
        mean, deviation = float(np.nanmean(values)), float(np.nanstd(values)) or 1.0
        rows = (values - mean) / deviation
        whole = _windows(rows, n_lags)
        there = ~np.isnan(whole).any(axis=1)
        if there.sum() < 2 * n_lags:
            whole, there = _windows(carried(rows), n_lags), ~np.isnan(rows[n_lags:])
        inputs = np.hstack([whole[:, :-1], exog[n_lags : len(values)]])
        model = RidgeCV(PENALTIES).fit(inputs[there], whole[there, -1])
        title = "Ridge on lags and known inputs" if exog.shape[1] else "Ridge on lags"
        return cls(model, n_lags, mean, deviation, title)

    def forecast(self, values: Array, exog: Array, n_steps: int) -> Array:
        """Feed every prediction back.

        Parameters
        ----------
        values : array of shape (n,)
            What is known.
        exog : array of shape (n + n_steps or more, n_columns)
            Known inputs, from the first of the values on.
        n_steps : int
            How far.

        Returns
        -------
        array of shape (n_steps,)
            The forecast.
        """
        n, weights = len(values), self.model.coef_
        rows = np.empty(self.n_lags + n_steps)
        rows[: self.n_lags] = (carried(values)[-self.n_lags :] - self.mean) / self.deviation
        for step in range(n_steps):
            inputs = np.concatenate([rows[step : step + self.n_lags], exog[n + step]])
            value = float(weights @ inputs + self.model.intercept_)
            # a linear loop may explode: it is held far beyond all that was seen
            rows[self.n_lags + step] = np.clip(value, -1e3, 1e3)
        forecast: Array = rows[self.n_lags :] * self.deviation + self.mean
        return forecast


def _windows(rows: Array, n_lags: int) -> Array:
    return np.lib.stride_tricks.sliding_window_view(rows, n_lags + 1)
