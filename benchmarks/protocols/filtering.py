"""How a method runs on a filter: an output computed from an input, step by step."""

from __future__ import annotations

import time

import numpy as np
from sklearn.preprocessing import StandardScaler

from benchmarks.methods.base import Method
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Filter
from reservoirs.metrics import error_growth, nmse, symbol_error_rate

KEPT_ROWS = 1000  # of a test kept for the pictures
CHANCE = 0.02  # squared correlations below are left out


def evaluate_filter(
    task: Task, data: Filter, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Predict the test rows from their inputs, after a warm-up; score in raw units."""
    n, first = data.n_train, data.n_train + data.n_valid
    scaler = StandardScaler().fit(data.inputs[:n])
    output = StandardScaler().fit(data.targets[:n])
    rows, targets = scaler.transform(data.inputs), output.transform(data.targets)
    model = method.build(settings, task, data, seed)
    outcome.fit(model, rows[:n], targets[:n])
    began = time.perf_counter()
    context = rows[max(first - data.warm_up, 0) : first]
    outputs = model.predict(rows[first:], context=context)
    outcome.costs["t_predict"] = time.perf_counter() - began
    # scored in the units of the targets: symbols are decided there
    outputs = output.inverse_transform(np.asarray(outputs).reshape(len(rows) - first, -1))
    truth = data.targets[first:]
    if data.metric == "capacity":
        outcome.metrics["capacity"] = float(profile(truth, outputs).sum())
        outcome.arrays["memory"] = profile(truth, outputs)
        # what a linear network remembers is in the eigenvalues of W
        if hasattr(model, "reservoir_"):
            values = np.linalg.eigvals(model.reservoir_.recurrent_weights_.toarray())
            outcome.arrays.update(eigenvalues=np.column_stack([values.real, values.imag]))
    if data.metric == "ser":
        outcome.metrics["ser"] = symbol_error_rate(truth, outputs)
        outcome.metrics["n_symbols"] = float(len(truth))
    outcome.metrics["nmse"] = nmse(truth, outputs)
    shown = slice(0, KEPT_ROWS)
    outcome.arrays["truth"] = output.transform(truth[shown])
    outcome.arrays["prediction"] = output.transform(outputs[shown])
    outcome.arrays["error"] = error_growth(truth[shown], outputs[shown], scale=output.scale_)


def profile(truth: Array, outputs: Array) -> Array:
    """Return what is reconstructed of every target: the squared correlation, zero below 0.02.

    cov(truth, outputs)^2 / (var(truth) var(outputs))

    Both are (n_rows, n_targets). The result has one number of [0, 1] per target; smaller ones than
    0.02 are chance.
    """
    a, b = truth - truth.mean(axis=0), outputs - outputs.mean(axis=0)
    spread = (a**2).sum(axis=0) * (b**2).sum(axis=0)
    squares = (a * b).sum(axis=0) ** 2 / np.where(spread > 0, spread, 1.0)
    return np.where(squares > CHANCE, squares, 0.0)
