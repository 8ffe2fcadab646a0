"""Pictures across methods and tasks: cost against error, budgets of tuning, ranks, profiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.methods.registry import METHODS
from benchmarks.report.palette import Result, colour, line, sparse
from benchmarks.results import statistics
from benchmarks.tuning.stored import StoredSearch, trial_counts

FACTORS = np.geomspace(1.0, 1e4, 200)


def pareto(results: list[Result], metric: str, title: str) -> Figure | None:
    """Draw the error against total time, and against trained weights, with the front of each.

    None where there is nothing to draw.
    """
    drawn = [
        r for r in results if metric in r.row.metrics and np.isfinite(r.row.metrics[metric][0])
    ]
    if len(drawn) < 2:
        return None
    figure = Figure(figsize=(10.5, 4.3), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    levels = [max(r.row.metrics[metric][0], 1e-17) for r in drawn]
    costs = (
        ("seconds per cell: fit and forecast", [max(r.row.total_seconds, 1e-3) for r in drawn]),
        ("trained weights (+1)", [np.nan_to_num(r.row.trained) + 1.0 for r in drawn]),
    )
    large = results[0].row.larger_is_better
    for axes, (label, cost) in zip(panels, costs, strict=True):
        for result, x, middle in zip(drawn, cost, levels, strict=True):
            # Neither 0 nor infinity has a place on a logarithmic axis.
            low, high = (max(v, 1e-17) for v in result.row.metrics[metric][1:])
            spread = [[middle - low], [max(min(high, 1e6) - middle, 0.0)]]
            axes.errorbar(
                [x],
                [middle],
                yerr=spread,
                color=result.colour,
                ms=7,
                capsize=2,
                lw=1,
                marker=METHODS[result.row.method].marker,
                ls="none",
                label=result.label,
            )
        front = _front(np.array(cost), np.array(levels), large)
        axes.step(*front, where="post", color="#000000", lw=0.8, ls=":", alpha=0.7)
        axes.set(xscale="log", yscale="log", xlabel=label)
        axes.grid(alpha=0.25)
        sparse(axes.xaxis, axes.yaxis)
    unit = " (NRMSE)" if metric.startswith(("free", "simulation")) else ""
    panels[0].set_ylabel(metric.replace("_", " ") + unit)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", fontsize=7, ncols=3)
    figure.suptitle(f"{title}: dotted: Pareto front", fontsize=10)
    return figure


def _front(cost: np.ndarray, level: np.ndarray, large: bool) -> tuple[np.ndarray, np.ndarray]:
    # From the cheapest on, the best error so far.
    order = np.argsort(cost)
    best = (np.maximum if large else np.minimum).accumulate(level[order])
    return cost[order], best


def tuning(searches: Sequence[StoredSearch], title: str) -> Figure | None:
    """Draw the expected best validation score of so many random trials of a search.

    The searches are of one task; None where there is nothing to draw.

    References
    ----------
    Dodge, Gururangan, Card, Schwartz & Smith (2019), Show your work, eq. 1.
    """
    searches = [search for search in searches if search.n_trials > 1]
    if not searches:
        return None
    figure = Figure(figsize=(7.5, 4.0), layout="constrained")
    axes = figure.subplots()
    for search in searches:
        axes.plot(
            trial_counts(search.n_trials),
            10.0 ** (np.array(search.best_after) / 100.0),
            color=colour(search.method),
            ls=line(search.method),
            lw=1.5,
            label=f"{search.method}, {search.seconds:.0f} s",
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="settings tried",
        ylabel="best validation score",
        title=title,
    )
    sparse(axes.xaxis, axes.yaxis)
    axes.grid(alpha=0.25)
    figure.legend(loc="outside lower center", fontsize=7, ncols=3)
    return figure


def ranks(methods: dict[str, str], errors: np.ndarray, unit: str) -> Figure | None:
    """Draw the critical-difference diagram and the performance profile across tasks.

    `methods` are titles by name, `errors` (n_blocks, n_methods), infinite where a method failed,
    and `unit` says what a block is; None where there is nothing to draw.
    """
    if errors.shape[0] < 2 or errors.shape[1] < 2:
        return None
    ranking = statistics.rank_methods(list(methods.values()), errors)
    figure = Figure(figsize=(11, max(2.8, 0.28 * len(methods) + 1.8)), layout="constrained")
    left, right = figure.subplots(1, 2)
    _critical(left, ranking)
    learners = [METHODS[name].kind == "learner" for name in methods]  # others may know the answer
    learners = learners if any(learners) else [True] * len(methods)
    shares = statistics.performance_profile(errors[:, learners], FACTORS)
    drawn = [name for name, is_one in zip(methods, learners, strict=True) if is_one]
    for name, share in zip(drawn, shares.T, strict=True):
        right.plot(FACTORS, share, color=colour(name), ls=line(name), lw=1.5, label=methods[name])
    right.set(
        xscale="log",
        xlabel="factor of the best learner's error",
        ylim=(-0.02, 1.02),
        ylabel=f"share of {unit} within it",
        title="performance profile",
    )
    right.grid(alpha=0.25)
    right.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.01, 0.5))
    if ranking.p is not None:
        test = f"Friedman p = {ranking.p:.2g}"
    elif ranking.n_blocks < statistics.MIN_PAIRS:
        test = f"no test: fewer than {statistics.MIN_PAIRS}"
    else:
        test = "no test: fewer than 3 methods"
    figure.suptitle(f"{ranking.n_blocks} {unit}; {test}", fontsize=10)
    return figure


def _critical(axes: Axes, ranking: statistics.Ranking) -> None:
    """Draw mean ranks, and bars over methods that Wilcoxon-Holm does not tell apart."""
    axes.set_title("mean rank (1 is best); bars: no significant difference at 5 %", fontsize=10)
    if ranking.pairs is None:
        order = np.arange(len(ranking.methods))
        axes.barh(order, ranking.ranks, color="#0072B2", alpha=0.6)
        axes.set_yticks(order, ranking.methods, fontsize=8)
        axes.invert_yaxis()
        axes.set_xlabel("mean rank")
        return
    import pandas
    from scikit_posthocs import critical_difference_diagram

    table = pandas.DataFrame(ranking.pairs, index=ranking.methods, columns=ranking.methods)
    series = pandas.Series(ranking.ranks, index=ranking.methods)
    critical_difference_diagram(series, table, ax=axes, label_props={"fontsize": 8})
