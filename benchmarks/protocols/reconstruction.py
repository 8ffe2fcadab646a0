"""How a method reconstructs an attractor: fitted on a context, run free from its end."""

from __future__ import annotations

import time

import numpy as np
from sklearn.preprocessing import StandardScaler

from benchmarks.methods.base import Method
from benchmarks.protocols.divergence import watch_bounds
from benchmarks.protocols.long_run import measure_attractor
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Reconstruction
from reservoirs import next_step
from reservoirs.metrics import error_growth, mase

SHORT = 10  # steps of the error beside the measures of the attractor


def evaluate_reconstruction(
    task: Task,
    data: Reconstruction,
    method: Method,
    settings: Settings,
    seed: int,
    outcome: Outcome,
) -> None:
    """Compare a free run with what the system does, in units of the context's deviation."""
    scaler = StandardScaler().fit(data.context)
    context, truth = scaler.transform(data.context), scaler.transform(data.truth)
    model = method.build(settings, task, data, seed)
    outcome.fit(model, *next_step(context))
    n_dropped = int(data.transient * len(truth))
    began = time.perf_counter()
    with watch_bounds() as steps:
        run = model.forecast(len(truth) + n_dropped, context=context, exog=None)
    outcome.costs["t_predict"] = time.perf_counter() - began
    run = np.asarray(run).reshape(-1, truth.shape[1])
    outcome.metrics["mase10"] = mase(truth[:SHORT], run[:SHORT], y_train=truth)
    measure_attractor(truth, run[n_dropped:], outcome)
    ahead = run[: len(truth)]
    outcome.arrays.update(truth=truth[: len(ahead)], prediction=ahead)
    outcome.arrays["error"] = error_growth(truth, ahead)
    finite = np.isfinite(run).all()
    outcome.metrics["long_run_lost"] = float(bool(steps) or not finite)
    if not finite:
        outcome.fail("the free run is not finite")
