"""How a method forecasts one series: fit, predict, run free, score. Times kept apart."""

from __future__ import annotations

import time

import numpy as np
from sklearn.base import clone

from benchmarks.methods.base import Forecaster, Forecasts, InformedBaseline, Method
from benchmarks.protocols import physics
from benchmarks.protocols.divergence import watch_bounds
from benchmarks.protocols.long_run import measure_long_run
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.split import Simulation, Split
from reservoirs import ESNRegressor
from reservoirs.metrics import amplitude_ratio, error_growth, nrmse, smape

LARGEST = 10.0  # a free run beyond ten standard deviations more than the data has failed


def evaluate_forecast(
    task: Task, split: Split, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Predict one step ahead and run free from the end of the rows before the test."""
    if split.scaled:
        split = split.standardised()
    model = method.build(settings, task, split, seed)
    if isinstance(model, InformedBaseline):
        forecasts = _baseline_predictions(model, split, outcome)
    else:
        forecasts = _fit_and_predict(model, method, split, outcome)
        _measure_physics(task, model, split, outcome)
        if split.long_run is not None:
            known = split.series[: split.origin + 1][-split.warm_up :]
            measure_long_run(model, known, split.long_run, outcome)
    _score(task, split, *forecasts, outcome)


def _measure_physics(task: Task, model: Forecaster, split: Split, outcome: Outcome) -> None:
    """Measure what the task asks for, and the gradients of a trained network."""
    physics.gradients(model, *split.examples(split.n_train), outcome)
    for probe in task.probes:
        if probe not in physics.PROBES:
            raise ValueError(
                f"task {task.name!r} asks for the probe {probe!r}; there are "
                f"{', '.join(sorted(physics.PROBES))}"
            )
        physics.PROBES[probe](task, model, split, outcome)


def _baseline_predictions(
    model: InformedBaseline[Split], split: Split, outcome: Outcome
) -> Forecasts:
    """Return the forecasts of a baseline that knows what made the series."""
    costs = outcome.costs
    began = time.perf_counter()
    forecasts = model.forecasts(split)
    costs["t_fit"] = time.perf_counter() - began
    costs["n_params_total"] = costs["n_params_trained"] = model.n_weights
    return forecasts


def _fit_and_predict(
    model: Forecaster, method: Method, split: Split, outcome: Outcome
) -> Forecasts:
    """Fit on the training rows; return one-step predictions and the longest free run."""
    costs = outcome.costs
    if isinstance(model, ESNRegressor):
        costs["t_compile"] = _compile_time(model, split)
    # a network that monitors its validation loss holds those rows out itself
    X, y = split.examples(split.n_train + (split.n_monitored if method.monitors_validation else 0))
    outcome.fit(model, X, y)
    _curves(model, outcome)
    began = time.perf_counter()
    first, n_free = split.origin + 1, min(split.horizons[-1], len(split.series) - split.origin - 1)
    warm_up = slice(max(first - split.warm_up, 0), first)
    rows, _ = split.examples(len(split.series))
    if isinstance(split, Simulation):
        free = model.predict(rows[first:], context=rows[warm_up])[:n_free]
        one_step = np.empty((0, free.shape[1]))
    else:
        # row t of the examples holds observation t, its target is observation t + 1
        context = rows[warm_up.start : split.origin]
        one_step = model.predict(rows[split.origin :], context=context)
        exog = None if split.exog is None else split.exog[warm_up.start : first + n_free - 1]
        with watch_bounds() as steps:
            free = model.forecast(n_free, context=split.series[warm_up], exog=exog)
        if steps:
            outcome.fail(f"the free run left the range of the data at step {steps[0]}")
    costs["t_predict"] = time.perf_counter() - began
    return Forecasts(one_step, free)


def _compile_time(model: ESNRegressor, split: Split) -> float:
    """Return the seconds that loading or compiling the kernels takes, paid once per process."""
    X, y = split.examples(60)
    began = time.perf_counter()
    # a network of the same settings needs the same loops
    small = clone(model).set_params(n_units=8, washout=0).fit(X, y)
    if not isinstance(split, Simulation):
        exog = None if split.exog is None else split.exog[:1]
        small.forecast(1, exog=exog)
    return time.perf_counter() - began


def _curves(model: Forecaster, outcome: Outcome) -> None:
    history = getattr(model, "history_", None)
    if not history:
        return
    outcome.arrays["curve_seconds"] = np.array([r["seconds"] for r in history])
    outcome.arrays["curve_loss"] = np.array([r["loss"] for r in history])
    outcome.arrays["curve_gradient"] = np.array([r["gradient_norm"] for r in history])
    if "validation_loss" in history[0]:
        outcome.arrays["curve_valid"] = np.array([r["validation_loss"] for r in history])
    if getattr(model, "status_", "") == "diverged":
        outcome.fail("training diverged")


def _score(task: Task, split: Split, one_step: Array, free: Array, outcome: Outcome) -> None:
    """Score against the clean truth, in units of the training truth's deviation."""
    first, metrics = split.origin + 1, outcome.metrics
    truth, scale = split.truth, split.scale
    if isinstance(split, Simulation):
        metrics["simulation"] = nrmse(truth[first : first + len(free)], free, scale=scale)
    else:
        metrics["one_step"] = nrmse(truth[first : first + len(one_step)], one_step, scale=scale)
        # in raw units, against what is observed: noise puts a floor under it
        observed = split.series[first : first + len(one_step)]
        raw = np.mean(((one_step - observed) * split.deviation) ** 2)
        metrics["one_step_mse"] = float(raw)
        for horizon in split.horizons:
            key = f"free{horizon}"
            metrics[key] = nrmse(truth[first : first + horizon], free[:horizon], scale=scale)
        if len(free) > 1:
            metrics["amplitude_ratio"] = amplitude_ratio(truth[first : first + len(free)], free)
    target = truth[first : first + len(free)]
    if task.ranking == "smape":
        raw_truth = (split.original or split).truth[first : first + len(free)]
        metrics["smape"] = smape(raw_truth, free * split.deviation + split.mean)
    outcome.arrays.update(truth=target, prediction=free)
    outcome.arrays["error"] = error_growth(target, free, scale=scale)
    # a run that leaves the range has failed, even if it comes back
    low, high = split.truth.min() - LARGEST, split.truth.max() + LARGEST
    if not (np.isfinite(free).all() and free.min() > low and free.max() < high):
        outcome.fail(outcome.reason or "the free run left the range of the data")
