"""Methods for the pairs of the Common Task Framework: rows that follow, and rows without noise."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Protocol

import numpy as np

from benchmarks.methods.base import Method
from benchmarks.methods.context import ContextSearch
from benchmarks.methods.smoothing import RATIOS, SmoothedMap, fit_rows, smooth
from benchmarks.tasks.data import Array
from benchmarks.tasks.framework import Framework, Pair
from reservoirs import ESNRegressor, ForecastDivergedWarning, NVARRegressor, next_step

MOST_ROWS = 2000  # that settings are chosen on
DEGREE, ALPHA = 4, 1e-10  # of the map with a parameter


class Solver(Protocol):
    """What tells the rows of a pair."""

    def rows_of(self, pair: Pair) -> Array:
        """Return the rows that the pair asks for."""


class Zeros:
    """Zeros, which score 0 but for histograms."""

    def rows_of(self, pair: Pair) -> Array:
        """Return zeros."""
        return np.zeros_like(pair.truth)


class Network:
    """An echo state network with its defaults; noise is removed by a smoother."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def rows_of(self, pair: Pair) -> Array:
        """Forecast from the end of the training rows, or smooth them."""
        scaled, unscale = _standardise(pair)
        if "all" in pair.scores:
            return unscale(smooth(scaled.training[0]))
        model = ESNRegressor(random_state=self.seed)
        return unscale(_forecast(model, scaled))


class Maps:
    """Maps and networks chosen inside the rows, of noisy rows maps that smooth them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def rows_of(self, pair: Pair) -> Array:
        """Forecast from the end of the training rows, or smooth them."""
        scaled, unscale = _standardise(pair)
        rows, n_steps = scaled.training[0], len(pair.truth)
        if scaled.parameters:
            model = NVARRegressor(n_delays=1, degree=DEGREE, alpha=ALPHA, interval_origins=None)
            return unscale(_forecast(model, scaled))
        recent = rows[-MOST_ROWS:]
        if not scaled.noisy:
            search = ContextSearch(self.seed).fit(recent[:-1], recent[1:])
            return unscale(search.forecast(n_steps, context=recent, exog=None))
        maps = SmoothedMap().fit(recent[:-1], recent[1:])
        if "all" not in scaled.scores:
            return unscale(maps.forecast(n_steps, context=recent, exog=None))
        start = smooth(rows)
        smoothed = [fit_rows(m.predict, rows, start, RATIOS[-1], 4) for m in maps.models]
        return unscale(np.mean(smoothed, axis=0))


def _standardise(pair: Pair) -> tuple[Pair, Callable[[Array], Array]]:
    """Return a pair in deviations of its training rows, and the way back."""
    rows = np.vstack(pair.training)
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    values = pair.parameters or (0.0, 1.0)
    level, spread = float(np.mean(values)), float(np.std(values))
    start = pair.start and ((pair.start[0] - mean) / deviation, (pair.start[1] - level) / spread)
    scaled = Pair(
        pair.scores,
        [(part - mean) / deviation for part in pair.training],
        pair.truth,
        tuple((value - level) / spread for value in pair.parameters),
        start,
        pair.noisy,
    )
    return scaled, lambda part: np.asarray(part) * deviation + mean


def _forecast(model: ESNRegressor | NVARRegressor, pair: Pair) -> Array:
    """Fit a model to the training rows, their parameter beside them, and run it free."""
    n_steps, parts = len(pair.truth), pair.training
    with warnings.catch_warnings():
        # what a score of its rows says better
        warnings.simplefilter("ignore", ForecastDivergedWarning)
        if pair.start is None:
            model.fit(*next_step(parts[0]))
            return np.asarray(model.forecast(n_steps, context=parts[0][-MOST_ROWS:]))
        values = zip(parts, pair.parameters, strict=True)
        beside = [np.full((len(part), 1), value) for part, value in values]
        model.fit(*next_step(parts, beside))
        context, value = pair.start
        exog = np.full((len(context) + n_steps - 1, 1), value)
        return np.asarray(model.forecast(n_steps, context=context, exog=exog))


def _method(
    name: str, title: str, build: Callable[[int], Solver], colour: str, marker: str = "o"
) -> Method:
    return Method(
        name,
        title,
        lambda settings, task, data, seed: build(seed),
        kind="baseline" if name == "ctf_zero" else "learner",
        colour=colour,
        marker=marker,
        by_invitation=True,
        kinds=(Framework,),
    )


METHODS = [
    _method("ctf_maps", "Maps and networks, chosen inside", Maps, "#D55E00", "D"),
    _method("ctf_esn", "Echo state network, defaults", Network, "#0072B2"),
    _method("ctf_zero", "Zeros", lambda seed: Zeros(), "#BBBBBB", "<"),
]
