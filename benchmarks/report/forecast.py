"""Pictures of forecasts: against the truth, error growth, phase portraits."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from benchmarks.report.palette import Result
from reservoirs.display import ForecastDisplay, PhasePortraitDisplay

SHOWN = 300  # steps of a free run drawn in detail
VALID = 0.3  # error, in standard deviations, up to which a forecast counts as valid


def forecasts(results: list[Result], title: str, steps: str) -> Figure | None:
    """Draw truth and forecast of every learner, with a strip of the error below.

    A dashed line marks the valid time: the first step whose error exceeds 0.3 deviations.

    `results` are of one task, `steps` says what the horizontal axis counts; None where there is
    nothing to draw.
    """
    drawn = [r for r in results if r.learner and r.typical() and "memory" not in r.typical()]
    if not drawn:
        return None
    figure = Figure(figsize=(10, max(1.35 * len(drawn) + 0.7, 3.4)), layout="constrained")
    heights = [4, 0.6] * len(drawn)
    axes = figure.subplots(2 * len(drawn), 1, sharex=True, gridspec_kw={"height_ratios": heights})
    for i, result in enumerate(drawn):
        arrays, top, strip = result.typical(), axes[2 * i], axes[2 * i + 1]
        truth, guess = arrays["truth"][:SHOWN, :1], arrays["prediction"][:SHOWN, :1]
        drawing = ForecastDisplay(truth, guess, errors=arrays["error"][:SHOWN], threshold=VALID)
        drawing.plot(top, color=result.colour)
        top.set(xlabel="", ylabel="x / std")
        if i:
            top.get_legend().remove()
        top.set_title(f"{result.label}; the median seed", fontsize=9, loc="left")
        # The logarithm of an exact hit would be minus infinity.
        shade = np.log10(np.maximum(arrays["error"][:SHOWN], 1e-12))[None]
        image = strip.imshow(
            shade, aspect="auto", cmap="viridis", vmin=-8, vmax=0.5, extent=(0, len(truth), 0, 1)
        )
        strip.set_yticks([])
    axes[-1].set_xlabel(steps)
    figure.colorbar(image, ax=list(axes), label="log10 error", shrink=0.8, pad=0.01)
    figure.suptitle(title, fontsize=10)
    return figure


def error_growth(results: list[Result], title: str) -> Figure | None:
    """Draw the error against the step, or against Lyapunov times where they are known.

    Median and 10-90 % band over seeds; over starts where a task has many, of the median seed. The
    dotted line grows by e per Lyapunov time; beyond the dashed one data and equations part.

    None where there is nothing to draw.
    """
    drawn = [r for r in results if r.typical()]
    if not drawn or max(len(r.typical()["error"]) for r in drawn) < 5:
        return None
    figure = Figure(figsize=(8.5, 4.6), layout="constrained")
    axes = figure.subplots()
    times = next((r.typical()["time"] for r in drawn if "time" in r.typical()), None)
    unit = 1.0 if times is None else times[0]
    for result in drawn:
        low, middle, high = _levels(result)
        style = result.line
        steps = unit * (1 + np.arange(len(middle)))
        axes.plot(steps, middle, linestyle=style, color=result.colour, lw=1.5, label=result.label)
        if result.learner:
            axes.fill_between(steps, low, high, color=result.colour, alpha=0.15, lw=0)
    axes.set(yscale="log", ylabel="error / std", title=title)
    if times is None:
        axes.set(xscale="log", xlabel="steps after the last known value")
    else:
        axes.set(xlabel="Lyapunov times", ylim=(1e-9, 10.0))
        # The slope to compare with: errors grow e-fold per Lyapunov time, wherever they start.
        shown = np.linspace(0.0, min(steps[-1], 13.0), 50)
        axes.plot(shown, 1e-6 * np.exp(shown), ":", color="#000000", lw=0.9, label="e per time")
        if np.isfinite(times[1]):
            axes.axvline(
                times[1], color="#000000", ls="--", lw=0.9, label="data and equations part"
            )
    axes.grid(alpha=0.25)
    figure.legend(loc="outside lower center", fontsize=7, ncols=3)
    return figure


def _levels(result: Result) -> np.ndarray:
    """Return the 10 %, 50 % and 90 % quantile of the error at every step."""
    if "error_quantiles" in result.typical():
        return np.maximum(result.typical()["error_quantiles"], 1e-16)
    # Runs that diverged count as large errors: without them the others would look too good.
    curves = [
        np.minimum(np.nan_to_num(a["error"], nan=1e3, posinf=1e3), 1e3)
        for a in result.arrays
        if "error" in a
    ]
    smooth = [np.maximum(_smooth(c), 1e-16) for c in curves]
    return np.quantile(smooth, [0.1, 0.5, 0.9], axis=0)


def _smooth(curve: np.ndarray, width: int = 15) -> np.ndarray:
    """Return the running root mean square, so that zero crossings of the error do not show."""
    square = np.cumsum(np.concatenate([[0.0], curve**2]))
    ends = np.arange(1, len(curve) + 1)
    starts = np.maximum(ends - width, 0)
    return np.sqrt((square[ends] - square[starts]) / (ends - starts))


def phase_portraits(results: list[Result], dt: float, title: str) -> Figure | None:
    """Draw position against velocity of every learner's free run over the truth.

    `dt` is the time between two steps; None where there is nothing to draw.
    """
    drawn = [r for r in results if r.learner and r.typical()]
    if not drawn:
        return None
    figure = Figure(figsize=(max(2.3 * len(drawn), 6.5), 2.9), layout="constrained")
    panels = figure.subplots(1, len(drawn), sharex=True, sharey=True, squeeze=False)[0]
    for result, axes in zip(drawn, panels, strict=True):
        arrays = result.typical()
        truth, guess = arrays["truth"][:, :1], arrays["prediction"][: len(arrays["truth"]), :1]
        PhasePortraitDisplay(truth, guess, dt=dt).plot(axes, color=result.colour, lw=0.6)
        axes.get_legend().remove()
        axes.set_title(result.row.title, fontsize=8)
        axes.set_xlabel("x / std", fontsize=8)
        axes.set_ylabel("")
    panels[0].set_ylabel("velocity (std per unit time)", fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure
