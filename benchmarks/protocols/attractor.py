"""How a method runs on filters, attractors and labelled series."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler

from benchmarks.methods.base import Method, Settings
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks.base import Array, Task
from benchmarks.tasks.kinds import Attractor, Filter, Labelled
from reservoirs import ForecastDivergedWarning, SequenceScaler, next_step
from reservoirs.metrics import error_growth, nmse, symbol_error_rate, valid_prediction_time

KEPT_ROWS = 1000  # of a test kept for the pictures
VPT_THRESHOLD = 0.3
CHANCE = 0.02  # squared correlations below are left out
OFF = 1e-6  # the oracle's error at the start, in standard deviations
LOST = 1e3  # stands for the error of a forecast that has left


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


def attractor(
    task: Task, data: Attractor, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Forecast from every start; "nrmse84" and "nrmse_total" are scored in original units."""
    scaler = StandardScaler(with_mean=data.scaled, with_std=data.scaled).fit(data.series)
    series = scaler.transform(data.series)
    if method.name == "oracle":
        truths, found = _oracle(data, scaler, outcome)
    else:
        model = method.build(settings, task, data, seed)
        outcome.fit(model, *next_step(series))
        truths, found = _forecasts(model, data, scaler, outcome)
    _score_attractor(data, scaler, np.stack(truths), np.stack(found), outcome)
    outcome.arrays.update(truth=truths[0], prediction=found[0])
    errors = [
        error_growth(t, f, scale=series.std(axis=0)) for t, f in zip(truths, found, strict=True)
    ]
    outcome.arrays["error"] = errors[0]
    levels = np.nan_to_num(np.stack(errors), nan=LOST, posinf=LOST)
    outcome.arrays["error_quantiles"] = np.quantile(levels, [0.1, 0.5, 0.9], axis=0)


def _oracle(data: Attractor, scaler: Any, outcome: Outcome) -> tuple[list[Array], list[Array]]:
    """Return truths and what the equations give from starts that are off by 1e-6 of the spread."""
    if data.states is None or data.equations is None:
        raise ValueError("the oracle needs the states at the starts; it has nothing to tune")
    n_steps = data.tests.shape[1] - data.warm_up
    shift = (
        OFF * data.states.std(axis=0) * np.random.default_rng(0).choice([-1, 1], data.states.shape)
    )
    began = time.perf_counter()
    found = data.equations(data.states + shift, n_steps)
    outcome.costs.update(t_fit=0.0, t_predict=time.perf_counter() - began)
    outcome.costs["n_params_total"] = outcome.costs["n_params_trained"] = 0
    scaled = [scaler.transform(rows) for rows in found]
    return [scaler.transform(rows[data.warm_up :]) for rows in data.tests], scaled


def _forecasts(
    model: Any, data: Attractor, scaler: Any, outcome: Outcome
) -> tuple[list[Array], list[Array]]:
    """Return truths and forecasts from every start, scaled."""
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
    return truths, found


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
        longest = truth.shape[1] * data.time
        metrics["censored"] = float(np.mean([t >= longest - data.time / 2 for t in times]))
        outcome.arrays.update(samples=np.array(times), time=np.array([data.time, data.agreement]))
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
