"""The pictures of the report. Every function takes the results of one task and returns a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from benchmarks.methods import CONTROLS
from benchmarks.tables import Row

# Okabe & Ito's palette, safe for colour-blind readers
COLOURS = {
    "esn": "#0072B2",
    "rnn": "#E69F00",
    "lstm": "#009E73",
    "momentum": "#CC79A7",
    "hessian_free": "#D55E00",
    "notes_rnn": "#8C6D31",
    "notes_relu": "#8C6D31",
    "nvar": "#56B4E9",
    "lstm_labels": "#009E73",
    "lstm_memory": "#009E73",
    "nag_memory": "#CC79A7",
    "nag_0": "#BBBBBB",
    "nag_0.9": "#E69F00",
    "nag_0.98": "#56B4E9",
    "nag_0.995": "#CC79A7",
    "hf_structural": "#D55E00",
    "hf_plain": "#8C6D31",
    "sgd_regularised": "#0072B2",
    "sgd_plain": "#999999",
    "adam_0.01": "#0072B2",
    "adam_0.003": "#56B4E9",
    "adam_0.001": "#009E73",
    "adam_0.0003": "#999999",
    "race_hf": "#D55E00",
    "torch_hf": "#D55E00",
    "torch_lbfgs": "#0072B2",
    "linear": "#555555",
    "sinusoid": "#999999",
    "exact": "#999999",
    "persistence": "#BBBBBB",
    "mean": "#BBBBBB",
}
OTHERS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")  # of plugins
LINES = {
    "linear": "--",
    "sinusoid": "-.",
    "exact": "-.",
    "persistence": ":",
    "mean": (0, (1, 4)),
}
MARKERS = {"linear": "s", "sinusoid": "D", "exact": "D", "persistence": "<", "mean": ">"}
SHOWN = 300  # steps of a free run drawn in detail


@dataclass(frozen=True)
class Result:
    """Everything one method left on one task: its row, and arrays per seed."""

    row: Row
    records: list[dict[str, Any]]
    arrays: list[dict[str, Any]]

    @property
    def learner(self) -> bool:
        """Whether it is no control."""
        return self.row.method not in CONTROLS

    @property
    def colour(self) -> str:
        """Its colour in every picture."""
        return COLOURS.get(self.row.method) or OTHERS[crc32(self.row.method.encode()) % len(OTHERS)]

    def typical(self) -> dict[str, Any]:
        """Return the arrays of the seed with the median final error."""
        kept = [a for a in self.arrays if "error" in a]
        if not kept:
            return {}
        level = [np.sqrt(np.nanmean(np.minimum(a["error"], 1e6) ** 2)) for a in kept]
        return kept[int(np.argsort(level)[len(level) // 2])]


def forecasts(results: list[Result], title: str, steps: str) -> Figure | None:
    """Draw truth and forecast of every learner, with a strip of the error below.

    Parameters
    ----------
    results : of one task
    title : of the figure
    steps : what the horizontal axis counts
    """
    drawn = [r for r in results if r.learner and r.typical()]
    if not drawn:
        return None
    figure = Figure(figsize=(10, max(1.35 * len(drawn) + 0.7, 3.4)), layout="constrained")
    heights = [4, 0.6] * len(drawn)
    axes = figure.subplots(2 * len(drawn), 1, sharex=True, gridspec_kw={"height_ratios": heights})
    for i, result in enumerate(drawn):
        found, top, strip = result.typical(), axes[2 * i], axes[2 * i + 1]
        truth, guess = found["truth"][:SHOWN, 0], found["prediction"][:SHOWN, 0]
        reach = 1.6 * np.abs(truth).max()
        top.plot(truth, color="#333333", lw=2.2, alpha=0.45, label="truth")
        top.plot(np.clip(guess, -reach, reach), color=result.colour, lw=1.2, label="forecast")
        top.set(ylim=(-reach, reach), ylabel="x / std")
        top.set_title(
            f"{result.row.title} (median of {len(result.arrays)} seeds)", fontsize=9, loc="left"
        )
        shade = np.log10(np.maximum(found["error"][:SHOWN], 1e-12))[None]
        image = strip.imshow(shade, aspect="auto", cmap="viridis", vmin=-8, vmax=0.5,
                             extent=(0, len(truth), 0, 1))  # fmt: skip
        strip.set_yticks([])
    axes[0].legend(loc="upper right", fontsize=8, ncols=2)
    axes[-1].set_xlabel(steps)
    figure.colorbar(image, ax=list(axes), label="log10 error", shrink=0.8, pad=0.01)
    figure.suptitle(title, fontsize=10)
    return figure


def error_growth(results: list[Result], title: str) -> Figure | None:
    """Draw the error against the step: median over seeds, 10-90 % band."""
    drawn = [r for r in results if r.typical()]
    if not drawn or max(len(r.typical()["error"]) for r in drawn) < 5:
        return None
    figure = Figure(figsize=(8.5, 4.6), layout="constrained")
    axes = figure.subplots()
    for result in drawn:
        curves = [np.minimum(np.nan_to_num(a["error"], nan=1e3, posinf=1e3), 1e3)
                  for a in result.arrays if "error" in a]  # fmt: skip
        smooth = [np.maximum(_smooth(c), 1e-16) for c in curves]
        low, middle, high = np.quantile(smooth, [0.1, 0.5, 0.9], axis=0)
        style = LINES.get(result.row.method, "-")
        steps = 1 + np.arange(len(middle))
        label = f"{result.row.title}, n={len(curves)}, {result.row.n_failed} failed"
        axes.plot(steps, middle, linestyle=style, color=result.colour, lw=1.5, label=label)
        if result.learner:
            axes.fill_between(steps, low, high, color=result.colour, alpha=0.15, lw=0)
    axes.set(xscale="log", yscale="log", xlabel="steps after the last known value",
             ylabel="error / std (running mean)", title=title)  # fmt: skip
    axes.grid(alpha=0.25)
    figure.legend(loc="outside lower center", fontsize=7, ncols=3)
    return figure


def _smooth(curve: np.ndarray, width: int = 15) -> np.ndarray:
    """Return the running root mean square, so that zero crossings of the error do not show."""
    square = np.cumsum(np.concatenate([[0.0], curve**2]))
    ends = np.arange(1, len(curve) + 1)
    starts = np.maximum(ends - width, 0)
    return np.sqrt((square[ends] - square[starts]) / (ends - starts))


def training_curves(results: list[Result], title: str) -> Figure | None:
    """Draw training and validation loss against epochs and against seconds."""
    drawn = [r for r in results if "curve_loss" in r.typical()]
    if not drawn:
        return None
    figure = Figure(figsize=(10, 3.9), layout="constrained")
    by_epoch, by_second = figure.subplots(1, 2, sharey=True)
    for result in drawn:
        found = result.typical()
        epochs = 1 + np.arange(len(found["curve_loss"]))
        for axes, x in ((by_epoch, epochs), (by_second, found["curve_seconds"])):
            axes.plot(x, found["curve_loss"], color=result.colour, lw=1.5, label=result.row.title)
            if "curve_valid" in found:
                axes.plot(x, found["curve_valid"], ":", color=result.colour, lw=1.5)
    by_epoch.set(
        yscale="log", xlabel="epochs (Hessian-free: steps)", ylabel="loss, half the mean square"
    )
    by_second.set(xlabel="seconds", xscale="log")
    for axes in (by_epoch, by_second):
        axes.grid(alpha=0.25)
    figure.legend(
        *by_epoch.get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8
    )
    figure.suptitle(f"{title}: solid training, dotted validation", fontsize=10)
    return figure


def learning(results: list[Result], title: str) -> Figure | None:
    """Draw the training loss against seconds and, where they are known, passes over the data."""
    drawn = [r for r in results if any("learning_losses" in a for a in r.arrays)]
    if not drawn:
        return None
    counted = all("learning_passes" in a for r in drawn for a in r.arrays)
    figure = Figure(figsize=(10 if counted else 6.5, 4.1), layout="constrained")
    panels = figure.subplots(1, 2 if counted else 1, sharey=True, squeeze=False)[0]
    names = {"seconds": "seconds of training", "passes": "passes over the data"}
    for axes, (name, label) in zip(panels, names.items(), strict=False):
        for result in drawn:
            for number, found in enumerate(result.arrays):
                label_once = None if number else result.row.title
                x, losses = found[f"learning_{name}"], found["learning_losses"]
                axes.plot(x, losses, color=result.colour, lw=1.1, alpha=0.75, label=label_once)
        axes.set(xscale="log", yscale="log", xlabel=label)
        axes.grid(alpha=0.25)
    panels[0].set_ylabel("training loss")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8
    )
    figure.suptitle(f"{title}: a line per seed", fontsize=10)
    return figure


def pareto(results: list[Result], metric: str, title: str) -> Figure | None:
    """Draw the error against the total time of fitting and forecasting."""
    drawn = [
        r for r in results if metric in r.row.metrics and np.isfinite(r.row.metrics[metric][0])
    ]
    if len(drawn) < 2:
        return None
    figure = Figure(figsize=(8.5, 3.9), layout="constrained")
    axes = figure.subplots()
    for result in drawn:
        middle, low, high = (max(v, 1e-17) for v in result.row.metrics[metric])
        seconds = max(result.row.total_seconds, 1e-3)
        spread = [[middle - low], [min(high, 1e6) - middle]]
        axes.errorbar([seconds], [middle], yerr=spread, marker=MARKERS.get(result.row.method, "o"),
                      color=result.colour, ms=7, capsize=2, lw=1, ls="none",
                      label=f"{result.row.title} (n={result.row.n_seeds})")  # fmt: skip
    unit = " (NRMSE)" if metric.startswith(("free", "simulation")) else ""
    axes.set(xscale="log", yscale="log", xlabel="seconds per cell, fit and forecast",
             ylabel=metric.replace("_", " ") + unit)  # fmt: skip
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(LogFormatter(minor_thresholds=(1.0, 0.3)))
    figure.suptitle(title, fontsize=10)
    axes.grid(alpha=0.25)
    figure.legend(loc="outside right upper", fontsize=7)
    return figure


def phase_portraits(results: list[Result], dt: float, title: str) -> Figure | None:
    """Draw position against velocity of every learner's free run over the truth."""
    drawn = [r for r in results if r.learner and r.typical()]
    if not drawn:
        return None
    figure = Figure(figsize=(max(2.3 * len(drawn), 6.5), 2.9), layout="constrained")
    panels = figure.subplots(1, len(drawn), sharex=True, sharey=True, squeeze=False)[0]
    for result, axes in zip(drawn, panels, strict=True):
        found = result.typical()
        truth, guess = found["truth"][:, 0], found["prediction"][: len(found["truth"]), 0]
        reach = 1.5 * np.abs(truth).max()
        axes.plot(*_plane(truth, dt), color="#333333", lw=0.6, alpha=0.35)
        axes.plot(*_plane(np.clip(guess, -reach, reach), dt), color=result.colour, lw=0.6)
        axes.set_title(result.row.title, fontsize=8)
        axes.set_xlabel("x / std", fontsize=8)
    panels[0].set_ylabel("velocity (std per unit time)", fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure


def _plane(x: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    return x, np.gradient(x, dt)
