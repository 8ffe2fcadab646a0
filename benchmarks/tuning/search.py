"""An equal search for every method: the settings with the best score on validation rows."""

from __future__ import annotations

import time
import warnings
import zlib
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from optuna import Study, Trial
from optuna.samplers import BaseSampler
from scipy.stats._distn_infrastructure import rv_frozen

from benchmarks.cells.processes import fork_server
from benchmarks.methods.base import Method, plain
from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.tasks import TASKS
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Data
from benchmarks.tuning.stored import Log, budget, write_log

FIRST_SEED = 1001  # of tuning; test seeds are smaller
MIN_SCORE = 1e-12  # of a perfect trial, so that logarithms stay finite
FAILED_SCORE = 1e3
UNLIMITED_TRIALS = 10_000  # more than a budget of seconds ever allows


def score(task: Task, data: Data, method: Method, settings: Settings, seed: int) -> float:
    """Return the score of settings on validation rows, small is good.

    It is the metric that the search goes by, its inverse where large is good; 1000 for a failure.
    """
    outcome = evaluate(task, data, method, settings, task.model_seed("tuning", seed))
    value = outcome.metrics.get(method.judged_by or data.main_metric, np.nan)
    if task.larger_is_better:
        # Small is to be good here too, and an accuracy or a valid time of 0 as bad as can be.
        value = 1.0 / value if value > 0 else np.inf
    good = outcome.status == "ok" and np.isfinite(value)
    return max(float(value), MIN_SCORE) if good else FAILED_SCORE


def without_settings(task: Task) -> Task:
    """Return a task that fixes no setting of any method."""
    return replace(task, fixed={})


def search(task_name: str, method_name: str, track: str = "stored") -> Log:
    """Try settings on the validation rows, by Optuna's tree-structured Parzen estimator.

    "stored" is the task's own number of trials. The log has the best settings, their score and all
    trials. The score is the geometric mean over seeds of the task's metric on the validation rows
    (of its inverse where large is good): for a forecast the NRMSE of a free run through all of
    them.
    """
    # As many searches as cores run side by side.
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    task, method = TASKS[task_name], METHODS[method_name]
    kind, amount = budget(track)
    n_trials = {"stored": task.trials, "trials": amount}.get(kind, UNLIMITED_TRIALS)
    space = search_space(task, method)
    seeds = range(FIRST_SEED, FIRST_SEED + task.runs)
    validation = [task.data("tuning", seed).for_tuning() for seed in seeds]
    trials: list[Log] = []

    def objective(trial: Trial) -> float:
        settings = plain({name: _suggest(trial, name, where) for name, where in space.items()})
        start = time.process_time()
        scores = [
            score(task, data, method, settings, seed)
            for seed, data in zip(seeds, validation, strict=True)
        ]
        # The geometric mean: one run with a large error does not outweigh the others.
        value = float(np.exp(np.mean(np.log(scores))))
        entry = {"trial": len(trials), "settings": settings, "scores": scores, "score": value}
        trials.append({**entry, "seconds": time.process_time() - start})
        return value

    def stop_in_time(study: Study, _: object) -> None:
        # The next trial may take as long as the longest, and the last fit one run more.
        seconds = [trial["seconds"] for trial in trials]
        if kind == "seconds" and sum(seconds) + max(seconds) * (1 + 1 / len(seeds)) > amount:
            study.stop()

    # Not hash(), whose value for a text differs from process to process.
    state = zlib.crc32(f"{task_name}/{method_name}".encode())
    study = optuna.create_study(sampler=_sampler(space, n_trials, state))
    study.optimize(objective, n_trials=n_trials, callbacks=[stop_in_time])
    best = min(trials, key=lambda trial: trial["score"])
    return {
        "task": task_name,
        "version": task.version,
        "method": method_name,
        "track": track,
        "sampler": "tpe",
        "settings": best["settings"],
        "score": best["score"],
        "n_trials": len(trials),
        "validation_rows": validation[0].rows,
        "seeds": list(seeds),
        "seconds": sum(trial["seconds"] for trial in trials),
        "trials": trials,
    }


def search_space(task: Task, method: Method) -> dict[str, Any]:
    """Return what is searched: the method's space and the task's, less what the task fixes."""
    fixed = task.fixed.get(method.name, {})
    space = {**method.space, **task.space.get(method.name, {})}
    return {name: where for name, where in space.items() if name not in fixed}


def _suggest(trial: Trial, name: str, where: list[Any] | rv_frozen) -> float | str | None:
    """Return a value from a list or one of SciPy's distributions."""
    if isinstance(where, list):
        choice: float | str | None = trial.suggest_categorical(name, where)
        return choice
    # Spaces hold uniform and log-uniform distributions only.
    low, high = (float(end) for end in where.support())
    return float(trial.suggest_float(name, low, high, log=where.dist.name != "uniform"))


def _sampler(space: dict[str, Any], n_trials: int, seed: int) -> BaseSampler:
    # TPE may draw the same settings of a small grid twice; to try all of them costs no more.
    if all(isinstance(where, list) for where in space.values()) and (
        prod(len(where) for where in space.values()) <= n_trials
    ):
        return optuna.samplers.BruteForceSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed)


def tune(pairs: list[tuple[str, str]], track: str, folder: Path, workers: int) -> None:
    """Search settings and store each log as soon as it is complete.

    Pairs are task and method; `workers` is how many searches run side by side.
    """
    with ProcessPoolExecutor(workers, mp_context=fork_server()) as pool:
        jobs = [pool.submit(search, *pair, track) for pair in pairs]
        for job in as_completed(jobs):
            write_log(job.result(), folder)
