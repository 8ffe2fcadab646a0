"""Pictures of training: losses, and gradients on their way back through time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from benchmarks.report.palette import Result, sparse
from reservoirs.display import LossCurveDisplay
from trainers import GradientFlowDisplay


def training_curves(results: list[Result], title: str) -> Figure | None:
    """Draw training and validation loss against epochs and against seconds.

    None where there is nothing to draw.
    """
    drawn = [r for r in results if "curve_loss" in r.typical()]
    if not drawn:
        return None
    figure = Figure(figsize=(10, 3.9), layout="constrained")
    by_epoch, by_second = figure.subplots(1, 2, sharey=True)
    for result in drawn:
        arrays = result.typical()
        epochs = 1 + np.arange(len(arrays["curve_loss"]))
        validation = arrays.get("curve_valid", ())
        for axes, x in ((by_epoch, epochs), (by_second, arrays["curve_seconds"])):
            curve = LossCurveDisplay(arrays["curve_loss"], validation, x)
            curve.plot(axes, color=result.colour, label=result.row.title)
    by_epoch.set(
        yscale="log", xlabel="epochs (Hessian-free: steps)", ylabel="loss, half the mean square"
    )
    by_second.set(xlabel="seconds", xscale="log")
    sparse(by_second.xaxis)
    for axes in (by_epoch, by_second):
        axes.grid(alpha=0.25)
    figure.legend(
        *by_epoch.get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8
    )
    figure.suptitle(f"{title}: solid training, dotted validation", fontsize=10)
    return figure


def learning(results: list[Result], title: str) -> Figure | None:
    """Draw the training loss against seconds and, where they are known, passes over the data.

    None where there is nothing to draw.
    """
    drawn = [r for r in results if any("learning_losses" in a for a in r.arrays)]
    if not drawn:
        return None
    counted = all("learning_passes" in a for r in drawn for a in r.arrays)
    figure = Figure(figsize=(10 if counted else 6.5, 4.1), layout="constrained")
    panels = figure.subplots(1, 2 if counted else 1, sharey=True, squeeze=False)[0]
    names = {"seconds": "seconds of training", "passes": "passes over the data"}
    # Where passes are not counted there is one panel, for seconds.
    for axes, (name, label) in zip(panels, names.items(), strict=False):
        for result in drawn:
            for number, arrays in enumerate(result.arrays):
                # One entry in the legend per method, not per seed.
                label_once = None if number else result.row.title
                x, losses = arrays[f"learning_{name}"], arrays["learning_losses"]
                axes.plot(x, losses, color=result.colour, lw=1.1, alpha=0.75, label=label_once)
        axes.set(xscale="log", yscale="log", xlabel=label)
        sparse(axes.xaxis)
        axes.grid(alpha=0.25)
    panels[0].set_ylabel("training loss")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8
    )
    figure.suptitle(f"{title}: a line per seed", fontsize=10)
    return figure


def gradient_flow(results: list[Result], title: str) -> Figure | None:
    """Draw the error norm against the lag, at the start and after training.

    None where there is nothing to draw.
    """
    drawn = [r for r in results if "flow_after" in r.typical()]
    if not drawn:
        return None
    figure = Figure(figsize=(9, 4.0), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name, words in zip(
        panels, ("flow_before", "flow_after"), ("at the start", "after training"), strict=True
    ):
        for result in drawn:
            curves = [a[name] for a in result.arrays if name in a]
            length = min(len(c) for c in curves)
            flow = GradientFlowDisplay([c[:length] for c in curves])
            flow.plot(axes, color=result.colour, label=result.label)
        axes.set_title(words)
    panels[1].set_ylabel("")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8
    )
    figure.suptitle(f"{title}: gradient through time, median and range of seeds", fontsize=10)
    return figure
