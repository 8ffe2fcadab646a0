"""How a method runs on an attractor: one long series to learn, forecasts from many starts."""

from __future__ import annotations

import time

import numpy as np
from sklearn.preprocessing import StandardScaler

from benchmarks.methods.base import Forecaster, InformedBaseline, Method
from benchmarks.protocols.divergence import watch_bounds
from benchmarks.protocols.long_run import measure_long_run
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Attractor
from reservoirs import next_step
from reservoirs.metrics import error_growth, valid_prediction_time

VPT_THRESHOLD = 0.3
DIVERGED_ERROR = 1e3  # stands for the error of a forecast that is not finite


def evaluate_attractor(
    task: Task, data: Attractor, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Forecast from every start; "nrmse84" and "nrmse_total" are scored in original units."""
    # the scale is that of the training series, for all starts
    scaler = StandardScaler(with_mean=data.scaled, with_std=data.scaled).fit(data.series)
    series = scaler.transform(data.series)
    truths = [scaler.transform(rows[data.warm_up :]) for rows in data.test_starts]
    model = method.build(settings, task, data, seed)
    if isinstance(model, InformedBaseline):
        outcome.costs.update(t_fit=0.0, n_params_trained=0, n_params_total=0)
        began = time.perf_counter()
        free = [scaler.transform(rows) for rows in model.forecasts(data).free]
        outcome.costs["t_predict"] = time.perf_counter() - began
    else:
        outcome.fit(model, *next_step(series))
        free = _run_free(model, data, scaler, outcome)
        if data.long_run is not None:
            context = scaler.transform(data.test_starts[0, : data.warm_up])
            measure_long_run(model, context, scaler.transform(data.long_run), outcome)
    _score(data, scaler, np.stack(truths), np.stack(free), outcome)
    # one forecast is drawn, and how the error of all of them grows
    outcome.arrays.update(truth=truths[0], prediction=free[0])
    errors = [
        error_growth(t, f, scale=series.std(axis=0)) for t, f in zip(truths, free, strict=True)
    ]
    outcome.arrays["error"] = errors[0]
    levels = np.nan_to_num(np.stack(errors), nan=DIVERGED_ERROR, posinf=DIVERGED_ERROR)
    outcome.arrays["error_quantiles"] = np.quantile(levels, [0.1, 0.5, 0.9], axis=0)


def _run_free(
    model: Forecaster, data: Attractor, scaler: StandardScaler, outcome: Outcome
) -> list[Array]:
    """Return the forecast from every start, scaled."""
    n_steps = data.test_starts.shape[1] - data.warm_up
    began = time.perf_counter()
    free = []
    with watch_bounds() as steps:
        for rows in data.test_starts:
            context = scaler.transform(rows[: data.warm_up])
            ahead = model.forecast(n_steps, context=context, exog=None)
            free.append(np.asarray(ahead).reshape(n_steps, -1))
    outcome.metrics["lost"] = float(len(steps))
    outcome.costs["t_predict"] = time.perf_counter() - began
    return free


def _score(
    data: Attractor, scaler: StandardScaler, truth: Array, free: Array, outcome: Outcome
) -> None:
    """Score all forecasts together, in the metric of the data."""
    metrics = outcome.metrics
    # a baseline makes its forecasts by itself, and may fail to
    infinite = float(np.sum(~np.isfinite(free).all(axis=(1, 2))))
    metrics["lost"] = lost = max(metrics.get("lost", 0.0), infinite)
    if data.metric == "vpt":
        unit = scaler.transform(data.series).std(axis=0)
        times = [
            valid_prediction_time(t, f, threshold=VPT_THRESHOLD, dt=data.time, scale=unit)
            for t, f in zip(truth, free, strict=True)
        ]
        metrics["vpt_median"], metrics["vpt"] = float(np.median(times)), float(np.mean(times))
        # a forecast that is valid to its end says only that its time is at least so long
        longest = truth.shape[1] * data.time
        metrics["censored"] = float(np.mean([t >= longest - data.time / 2 for t in times]))
        outcome.arrays.update(samples=np.array(times), time=np.array([data.time, data.agreement]))
        return
    if lost:
        outcome.fail(f"{lost:.0f} of {len(free)} forecasts")
    raw, guess = (scaler.inverse_transform(a.reshape(-1, a.shape[2])) for a in (truth, free))
    if data.metric == "nrmse84":
        # Jaeger (2001), eq. 25: sqrt(mean((y - y')^2) / var(y)), before the squashing tanh(y - 1)
        ends = [np.arctanh(np.clip(a, -1, 1)).reshape(len(truth), -1)[:, -1] for a in (raw, guess)]
        variance = np.var(np.arctanh(data.series))
        metrics["nrmse84"] = float(np.sqrt(np.mean((ends[0] - ends[1]) ** 2) / variance))
    else:
        # Gauthier et al. (2021): one scale for all variables
        total = np.mean((raw - guess) ** 2) / data.series.var(axis=0).sum()
        metrics["nrmse_total"] = float(np.sqrt(total))
