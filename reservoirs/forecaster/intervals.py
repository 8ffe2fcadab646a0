"""Intervals of a forecaster, in the container of its forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reservoirs.forecaster.combined import CombinedForecast
from reservoirs.forecaster.following import FollowingMixin
from reservoirs.forecasting import closed_loop_model
from reservoirs.forecasting.closed_loop import check_steps
from reservoirs.forecasting.frames import restore_container
from reservoirs.forecasting.runs import run
from reservoirs.forecasting.starts import find_starts
from reservoirs.sequences import Array, SeriesLike

Levels = float | Sequence[float]


def check_levels(level: Levels, models: list[CombinedForecast]) -> list[float]:
    """Return levels in per cent as a list.

    Raises
    ------
    ValueError
        For one that is not above 0, or needs more residuals than there are.
    """
    fewest = min(len(model.residuals) for model in models)
    most = 100 * fewest / (fewest + 1)
    levels = [float(value) for value in np.atleast_1d(level)]
    for value in levels:
        if not 0 < value <= most:
            raise ValueError(
                f"level must be in (0, {most:.4g}] per cent, for {fewest} loops, got {value:g}; "
                "a longer series has more"
            )
    return levels


@dataclass(frozen=True)
class Ahead:
    """Forecasts of all series from their ends, without and with their containers.

    Attributes
    ----------
    means : list of arrays of shape (n_steps, n_outputs)
        The forecasts.
    restored : callable
        Values as `means` are -> the container of the series, labelled.
    """

    means: list[Array]
    restored: Callable[[list[Array]], SeriesLike]


def look_ahead(model: FollowingMixin, n_steps: int, exog: SeriesLike) -> Ahead:
    """Return the forecasts of all series from their ends."""
    fitted = closed_loop_model(model)
    check_steps(n_steps)
    starts, panel = find_starts(fitted, int(n_steps), context=None, exog=exog, initial_state=None)
    end = fitted.training_end_
    return Ahead(
        [run(fitted, start, None)[0] for start in starts],
        lambda values: restore_container(values, starts, panel, end),
    )


def forecast_with_intervals(
    model: FollowingMixin, n_steps: int, exog: SeriesLike, level: Levels
) -> SeriesLike:
    """Return mean, lower and upper ends; of one DataFrame a DataFrame with columns for all."""
    levels = check_levels(level, model.models_)
    ahead = look_ahead(model, n_steps, exog)

    def at(side: int, value: float) -> SeriesLike:
        widths = [one.half_widths(n_steps, value) for one in model.models_]
        return ahead.restored([m + side * w for m, w in zip(ahead.means, widths, strict=True)])

    mean = ahead.restored(ahead.means)
    low, high = ([at(side, value) for value in levels] for side in (-1, 1))
    if hasattr(mean, "columns"):
        return _side_by_side(mean, levels, low, high)
    if np.ndim(level) == 0:
        return mean, low[0], high[0]
    if isinstance(mean, list):
        ends = ([np.stack(e, -1) for e in zip(*of, strict=True)] for of in (low, high))
        return mean, *ends
    return mean, np.stack(low, axis=-1), np.stack(high, axis=-1)


def _side_by_side(
    mean: SeriesLike, levels: list[float], low: list[SeriesLike], high: list[SeriesLike]
) -> SeriesLike:
    """Return one DataFrame of a forecast and the ends of its intervals."""
    frame = mean.copy()
    for column in mean.columns:
        for level, lower, upper in zip(levels, low, high, strict=True):
            frame[f"{column}_lo{level:g}"] = lower[column]
            frame[f"{column}_hi{level:g}"] = upper[column]
    return frame
