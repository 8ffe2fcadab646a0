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
    found = model.predict(rows[first:], context=rows[max(first - data.warm_up, 0) : first])
    outcome.costs["t_predict"] = time.perf_counter() - began
    found = output.inverse_transform(np.asarray(found).reshape(len(rows) - first, -1))
    truth = data.targets[first:]
    if data.metric == "capacity":
        outcome.metrics["capacity"] = float(profile(truth, found).sum())
        outcome.arrays["memory"] = profile(truth, found)
        if hasattr(model, "reservoir_"):
            values = np.linalg.eigvals(model.reservoir_.recurrent_weights_.toarray())
            outcome.arrays.update(eigenvalues=np.column_stack([values.real, values.imag]))
    if data.metric == "ser":
        outcome.metrics["ser"] = symbol_error_rate(truth, found)
        outcome.metrics["n_symbols"] = float(len(truth))
    outcome.metrics["nmse"] = nmse(truth, found)
    shown = slice(0, KEPT_ROWS)
    outcome.arrays["truth"] = output.transform(truth[shown])
    outcome.arrays["prediction"] = output.transform(found[shown])
    outcome.arrays["error"] = error_growth(truth[shown], found[shown], scale=output.scale_)


def profile(truth: Array, found: Array) -> Array:
    """Return the squared correlation of every column; those below 0.02 are chance, and zero."""
    a, b = truth - truth.mean(axis=0), found - found.mean(axis=0)
    spread = (a**2).sum(axis=0) * (b**2).sum(axis=0)
    squares = (a * b).sum(axis=0) ** 2 / np.where(spread > 0, spread, 1.0)
    return np.where(squares > CHANCE, squares, 0.0)
