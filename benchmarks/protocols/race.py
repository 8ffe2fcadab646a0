"""How a method runs in a race: train for some seconds of processor time, then measure the loss."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from benchmarks.methods.base import Method
from benchmarks.methods.module_racers import ModuleLoss
from benchmarks.protocols.outcome import Outcome, sizes
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Race


def evaluate_race(
    task: Task, data: Race, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Train until the time is up; the loss is that of all training data."""
    race = _network if data.module is None else _module
    began = time.process_time()
    step, loss, n_weights = race(task, data, method, settings, seed)
    spent = time.process_time() - began
    seconds, losses = [spent], [loss()]
    while spent < data.seconds and np.isfinite(losses[-1]):
        began = time.process_time()
        step()
        spent += time.process_time() - began
        # the loss is measured at seconds that grow by 1/64, and its time is not the racer's
        if spent > (1.0 + 1.0 / 64) * seconds[-1]:
            seconds.append(spent)
            losses.append(loss())
    seconds[-1], losses[-1] = spent, loss()
    outcome.metrics["train_loss"] = losses[-1]
    outcome.costs.update(t_fit=spent, t_predict=0.0)
    outcome.costs["n_params_trained"] = outcome.costs["n_params_total"] = n_weights
    outcome.arrays.update(learning_seconds=np.array(seconds), learning_losses=np.array(losses))
    if not np.isfinite(losses[-1]):
        outcome.fail("training diverged")


def _network(
    task: Task, data: Race, method: Method, settings: Settings, seed: int
) -> tuple[Callable[[], object], Callable[[], float], int]:
    """Return an epoch, the loss and the size of an RNNRegressor, trained for its first epoch."""
    model = method.build(settings, task, data, seed)
    window = model.window
    variance = data.y[window - 1 :].var(axis=0)
    model.partial_fit(data.X, data.y)

    def loss() -> float:
        error = (np.asarray(model.predict(data.X)) - data.y)[window - 1 :]
        return 0.5 * float(np.mean(error**2 / variance))

    return lambda: model.partial_fit(data.X, data.y), loss, sizes(model)[0]


def _module(
    task: Task, data: Race, method: Method, settings: Settings, seed: int
) -> tuple[Callable[[], object], Callable[[], float], int]:
    """Return a step, the loss and the size of a torch module."""
    assert data.module is not None  # the caller asked
    # every optimizer starts from the same weights, and nobody else's draws change
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = data.module()
    dtype = next(module.parameters()).dtype
    inputs, targets = torch.as_tensor(data.X, dtype=dtype), torch.as_tensor(data.y)
    if targets.is_floating_point():
        targets = targets.to(dtype)
    training = ModuleLoss(module, inputs, targets)
    step = method.build(settings, task, training, seed)

    def loss() -> float:
        with torch.no_grad():
            return float(training.on()[0])

    return step, loss, sum(p.numel() for p in module.parameters())
