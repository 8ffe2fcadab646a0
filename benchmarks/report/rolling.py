"""Pictures of real files: forecasts from every origin, and the errors of all methods on all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.methods.registry import METHODS
from benchmarks.report.palette import Result, colour
from benchmarks.results.rolling import Overall

SHOWN = 4  # learners


def origins(results: list[Result], title: str) -> Figure | None:
    """Draw the forecasts of every origin over the truth, a panel per learner, and its intervals.

    The best baseline comes last. None where there is nothing to draw.
    """
    drawn = [r for r in results if r.arrays and "truths" in r.arrays[0]]
    learners = [r for r in drawn if r.learner][:SHOWN]
    drawn = learners + [r for r in drawn if not r.learner][:1]
    if not drawn:
        return None
    figure = Figure(figsize=(10, 1.7 * len(drawn) + 0.6), layout="constrained")
    panels = figure.subplots(len(drawn), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for result, axes in zip(drawn, panels, strict=True):
        _draw_origins(axes, result.arrays[0], result.colour)
        error = result.row.metrics["relative_rmse"][0]
        what = f"{result.row.title}: {error:.2f} of the seasonal naive error"
        what += ", intervals of 80 % and 90 %" if "low" in result.arrays[0] else ""
        axes.set_title(what, fontsize=9, loc="left")
    low, high = _range(drawn[0].arrays[0])
    panels[0].set_ylim(low - 0.3 * (high - low), high + 0.3 * (high - low))
    panels[-1].set_xlabel("row")
    figure.suptitle(title, fontsize=10)
    return figure


def _range(arrays: dict[str, Any]) -> tuple[float, float]:
    values = np.concatenate([arrays["history"], arrays["truths"].ravel()])
    return float(values.min()), float(values.max())


def _draw_origins(axes: Axes, arrays: dict[str, Any], shade: str) -> None:
    """Draw the end of the series, and every forecast with its intervals."""
    history, truths, forecasts = arrays["history"], arrays["truths"], arrays["forecasts"]
    first, horizon = int(arrays["first"][0]), truths.shape[1]
    known = np.concatenate([history, truths.ravel()])
    axes.plot(first - len(history) + np.arange(len(known)), known, color="#333333", lw=0.9)
    for number, ahead in enumerate(forecasts):
        rows = first + number * horizon + np.arange(horizon)
        axes.axvline(rows[0] - 0.5, color="#BBBBBB", lw=0.6)
        marker = "." if horizon == 1 else None
        axes.plot(rows, ahead, color=shade, lw=1.4, marker=marker)
        if "low" in arrays:
            for low, high in zip(arrays["low"][number].T, arrays["high"][number].T, strict=True):
                axes.fill_between(rows, low, high, color=shade, alpha=0.18, lw=0)
    axes.grid(alpha=0.25)


def by_file(rows: Sequence[Overall], title: str) -> Figure | None:
    """Draw the relative error of every method on every file, and its geometric mean.

    None where there is nothing to draw.
    """
    rows = [row for row in rows if np.isfinite(row.relative_rmse)]
    if not rows or max(row.n_files for row in rows) < 2:
        return None
    figure = Figure(figsize=(10, 0.42 * len(rows) + 1.6), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        errors = np.array(list(row.by_file.values()))
        shade = colour(row.method)
        marker = METHODS[row.method].marker
        axes.plot(errors, np.full(len(errors), place), marker, color=shade, alpha=0.55, ms=5)
        axes.plot([row.relative_rmse] * 2, [place - 0.33, place + 0.33], color=shade, lw=3)
    axes.axvline(1.0, color="#333333", lw=0.8, ls=":")
    axes.set_yticks(range(len(rows)), [f"{r.title}  {r.relative_rmse:.3f}" for r in rows])
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="RMSE over that of the seasonal naive forecast", title=title)
    ticks = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100, 1000]
    low, high = axes.get_xlim()
    shown = [tick for tick in ticks if low <= tick <= high]
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
    axes.minorticks_off()
    axes.grid(alpha=0.25, axis="x")
    return figure
