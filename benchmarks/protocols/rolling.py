"""How a method forecasts a real series: fitted anew before each of several origins."""

from __future__ import annotations

import time
from collections.abc import Sequence
from inspect import signature
from typing import Any, NamedTuple, Protocol, Self

import numpy as np

from benchmarks.methods.base import Method
from benchmarks.protocols.divergence import watch_bounds
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Rolling
from reservoirs.metrics import mase

LEVELS = (80, 90)  # per cent, of the intervals that are checked
WORSE = 1.1  # a forecast is worse than the seasonal naive one from this ratio of errors on
MOST_SHOWN = 300  # rows before the forecasts, kept for the picture
LARGEST = 1e6  # stands for the ratio of a forecast that is not finite


class SeriesModel(Protocol):
    """A model that learns one series and goes on from its end."""

    def fit(self, X: Array) -> Self:
        """Learn from the observations, (n_rows,)."""

    def forecast(self, n_steps: int) -> Array:
        """Return the steps after the last observation."""


class Ahead(NamedTuple):
    """A forecast with the ends of its intervals, (n_steps,) and (n_steps, n_levels) or None."""

    mean: Array
    low: Array | None = None
    high: Array | None = None


def evaluate_rolling(
    task: Task, data: Rolling, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Fit and forecast at every origin; score against the seasonal naive forecast."""
    ahead, costs, bounds_met = [], np.zeros((data.n_origins, 2)), 0
    for number, origin in enumerate(data.origins):
        model = method.build(settings, task, data, seed)
        began = time.perf_counter()
        with watch_bounds() as steps:
            model.fit(data.series[:origin])
            fitted = time.perf_counter()
            ahead.append(_forecast(model, data.horizon))
        costs[number] = fitted - began, time.perf_counter() - fitted
        bounds_met += bool(steps)
    # a fit, and a forecast, at one origin
    # of one origin; the first may have compiled
    outcome.costs["t_fit"], outcome.costs["t_predict"] = np.median(costs, axis=0).tolist()
    if hasattr(model, "n_weights"):
        outcome.costs.update(n_params_trained=model.n_weights, n_params_total=model.n_weights)
    _score(data, ahead, outcome)
    outcome.metrics["met_bound"] = bounds_met / data.n_origins
    if bounds_met:
        outcome.fail(f"{bounds_met} of {data.n_origins} forecasts met their bound")


def _forecast(model: Any, horizon: int) -> Ahead:  # noqa: ANN401 # of any library
    """Return a forecast, with intervals where the model has them."""
    if "level" not in signature(model.forecast).parameters:
        return Ahead(np.asarray(model.forecast(horizon)).reshape(horizon))
    mean, low, high = model.forecast(horizon, level=list(LEVELS))
    ends = (np.asarray(end).reshape(horizon, len(LEVELS)) for end in (low, high))
    return Ahead(np.asarray(mean).reshape(horizon), *ends)


def _score(data: Rolling, ahead: Sequence[Ahead], outcome: Outcome) -> None:
    """Score all forecasts, and keep them for the picture, the earliest first."""
    series, h = data.series, data.horizon
    truths = np.stack([series[origin : origin + h] for origin in data.origins])
    means = np.stack([a.mean for a in ahead])
    naive = np.stack([repeat_season(series[:origin], data.season, h) for origin in data.origins])
    ratios = _rms(means - truths) / _rms(naive - truths)
    ratios = np.minimum(np.nan_to_num(ratios, nan=LARGEST), LARGEST)
    metrics = outcome.metrics
    metrics["worse"] = float(np.mean(ratios > WORSE))
    scaled = [
        mase(truth, mean, y_train=series[:origin], season=data.season)
        for truth, mean, origin in zip(truths, means, data.origins, strict=True)
    ]
    metrics["mase"] = float(np.mean(scaled))
    for i, level in enumerate(LEVELS):
        inside = [
            (a.low[:, i] <= truth) & (truth <= a.high[:, i])
            for a, truth in zip(ahead, truths, strict=True)
            if a.low is not None and a.high is not None
        ]
        if inside:
            metrics[f"coverage{level}"] = float(np.mean(inside))
    pooled = _rms((means - truths).ravel()) / _rms((naive - truths).ravel())
    metrics["relative_rmse"] = float(pooled) if np.isfinite(pooled) else LARGEST
    first = data.n_train
    history = series[
        max(first - max(2 * data.season, data.n_origins * h), first - MOST_SHOWN, 0) : first
    ]
    outcome.arrays.update(
        ratios=ratios,
        truths=truths[::-1],
        forecasts=means[::-1],
        history=history,
        first=np.array([first]),
    )
    if all(a.low is not None for a in ahead):
        outcome.arrays["low"] = np.stack([a.low for a in ahead if a.low is not None])[::-1]
        outcome.arrays["high"] = np.stack([a.high for a in ahead if a.high is not None])[::-1]
    if not np.isfinite(means).all():
        outcome.fail("a forecast is not finite")


def _rms(errors: Array) -> Array:
    return np.sqrt(np.mean(errors**2, axis=-1))


def repeat_season(series: Array, season: int, n_steps: int) -> Array:
    """Return the seasonal naive forecast: the last season of a series, (n_rows,), repeated."""
    return series[len(series) - season + np.arange(n_steps) % season]
