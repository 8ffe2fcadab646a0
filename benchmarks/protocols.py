"""How a method runs on filters, attractors and labelled series."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler

from benchmarks.methods import Method, Settings
from benchmarks.outcome import Outcome
from benchmarks.tasks.base import Array, Task
from benchmarks.tasks.kinds import Attractor, Filter, Labelled
from reservoirs import ForecastDivergedWarning, SequenceScaler, next_step
from reservoirs.metrics import error_growth, nmse, symbol_error_rate, valid_prediction_time

KEPT_ROWS = 1000  # of a test kept for the pictures
VPT_THRESHOLD = 0.3


def filtering(
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
    if data.metric == "ser":
        outcome.metrics["ser"] = symbol_error_rate(truth, found)
        outcome.metrics["n_symbols"] = float(len(truth))
    outcome.metrics["nmse"] = nmse(truth, found)
    shown = slice(0, KEPT_ROWS)
    outcome.arrays["truth"] = output.transform(truth[shown])
    outcome.arrays["prediction"] = output.transform(found[shown])
    outcome.arrays["error"] = error_growth(truth[shown], found[shown], scale=output.scale_)


def attractor(
    task: Task, data: Attractor, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Forecast from every start; "nrmse84" and "nrmse_total" are scored in original units."""
    scaler = StandardScaler(with_mean=data.scaled, with_std=data.scaled).fit(data.series)
    series = scaler.transform(data.series)
    model = method.build(settings, task, data, seed)
    outcome.fit(model, *next_step(series))
    began = time.perf_counter()
    truths, found = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ForecastDivergedWarning)  # counted below
        for rows in data.tests:
            before = scaler.transform(rows[: data.warm_up])
            truths.append(scaler.transform(rows[data.warm_up :]))
            ahead = model.forecast(len(truths[-1]), context=before, exog=None)
            found.append(np.asarray(ahead).reshape(truths[-1].shape))
    outcome.costs["t_predict"] = time.perf_counter() - began
    _score_attractor(data, scaler, np.stack(truths), np.stack(found), outcome)
    outcome.arrays.update(truth=truths[0], prediction=found[0])
    outcome.arrays["error"] = error_growth(truths[0], found[0], scale=series.std(axis=0))


def _score_attractor(
    data: Attractor, scaler: Any, truth: Array, found: Array, outcome: Outcome
) -> None:
    metrics = outcome.metrics
    lost = np.asarray(~np.isfinite(found).all(axis=(1, 2)))
    metrics["lost"] = float(lost.sum())
    if data.metric == "vpt":
        unit = scaler.transform(data.series).std(axis=0)
        times = [
            valid_prediction_time(t, f, threshold=VPT_THRESHOLD, dt=data.time, scale=unit)
            for t, f in zip(truth, found, strict=True)
        ]
        metrics["vpt_median"], metrics["vpt"] = float(np.median(times)), float(np.mean(times))
        return
    if lost.any():
        outcome.status, outcome.reason = "diverged", f"{lost.sum()} of {len(lost)} forecasts"
    raw, guess = (scaler.inverse_transform(a.reshape(-1, a.shape[2])) for a in (truth, found))
    if data.metric == "nrmse84":  # Jaeger (2001), eq. 25, before the squashing tanh(y - 1)
        ends = [np.arctanh(np.clip(a, -1, 1)).reshape(len(truth), -1)[:, -1] for a in (raw, guess)]
        variance = np.var(np.arctanh(data.series))
        metrics["nrmse84"] = float(np.sqrt(np.mean((ends[0] - ends[1]) ** 2) / variance))
    else:  # Gauthier et al. (2021): one scale for all variables
        total = np.mean((raw - guess) ** 2) / data.series.var(axis=0).sum()
        metrics["nrmse_total"] = float(np.sqrt(total))


def labelling(
    task: Task, data: Labelled, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Label the test series."""
    train, test = data.train, data.test
    if data.scaled:
        scaler = SequenceScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
    model = method.build(settings, task, data, seed)
    outcome.fit(model, train, data.train_labels)
    began = time.perf_counter()
    found = model.predict(test)
    outcome.costs["t_predict"] = time.perf_counter() - began
    accuracy = float(accuracy_score(data.test_labels, found))
    outcome.metrics.update(accuracy=accuracy, error_rate=1.0 - accuracy)
