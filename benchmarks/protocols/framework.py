"""The scores of the Common Task Framework: 100 is perfect, 0 as good as zeros, -100 the worst."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.methods.base import Method
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.framework import Framework

N_SHORT, N_LONG, N_BINS, WORST = 20, 500, 50, -100.0


def evaluate_framework(
    task: Task, data: Framework, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Ask a method for the rows of every pair, and score them."""
    model = method.build(settings, task, data, seed)
    began = time.perf_counter()
    for pair in data.pairs:
        prediction = np.asarray(model.rows_of(pair))
        for what, name in pair.scores.items():
            outcome.metrics[name] = score(what, pair.truth, prediction)
    outcome.costs.update(t_fit=time.perf_counter() - began, t_predict=0.0)
    outcome.metrics["average"] = float(np.mean(list(outcome.metrics.values())))


def score(what: str, truth: Array, prediction: Array) -> float:
    """Return a score of the framework.

    "short" and "all" are 100 (1 - norm(truth - prediction) / norm(truth)) in the spectral norm, of
    the first twenty rows and of all; "long" puts the mean over variables of the distance of
    histograms of the last 500 rows, sum of absolute differences over their number, in place of the
    ratio.

    References
    ----------
    Wyder et al. (2025), Common task framework for a critical evaluation of scientific machine
    learning algorithms, section 3.
    """
    if not np.isfinite(prediction).all():
        return WORST
    if what == "long":
        columns = zip(truth[-N_LONG:].T, prediction[-N_LONG:].T, strict=True)
        error = float(np.mean([_histogram_distance(x, y) for x, y in columns]))
    else:
        rows = slice(N_SHORT if what == "short" else None)
        error = float(
            np.linalg.norm(truth[rows] - prediction[rows], 2) / np.linalg.norm(truth[rows], 2)
        )
    return max(100.0 * (1.0 - error), WORST)


def _histogram_distance(truth: Array, prediction: Array) -> float:
    """Return the sum of absolute differences of two histograms on one range, over the rows."""
    ends = np.concatenate([truth, prediction])
    edges = np.linspace(ends.min(), ends.max(), N_BINS + 1)
    counts = [np.histogram(values, edges)[0] for values in (truth, prediction)]
    return float(np.abs(counts[0] - counts[1]).sum() / len(truth))
