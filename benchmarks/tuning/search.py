"""Settings found by an equal search for every method, stored with the log that found them.

A track is the budget of a search: "default" searches nothing, "trials:50" tries fifty settings,
"seconds:60" spends sixty seconds of one thread's processor time, the last fit included, and
"stored" is what came with the package, found with each task's own number of trials.
"""

from __future__ import annotations

import importlib.resources
import json
import time
import warnings
import zlib
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.methods.base import Method, plain
from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tasks.base import Settings, Task

TEST_SEEDS = range(1000)
FIRST_SEED = 1001  # of tuning, whose seeds count from here
SMALLEST = 1e-12  # the score of a perfect trial, so that logarithms stay finite
MANY = 10_000  # trials, which a budget of seconds never reaches
RETUNED = ("sine_noisy_0.1", "esn", "trials:50")  # what `check` repeats
Log = dict[str, Any]


def stored_folder() -> Path:
    """Return the folder of the stored settings."""
    return Path(str(importlib.resources.files("benchmarks"))) / "tuned"


def budget(track: str) -> tuple[str, int]:
    """Return what a track counts, and how much of it.

    Raises
    ------
    ValueError
        If it is no track.
    """
    if track in ("default", "stored"):
        return track, 0
    kind, _, amount = track.partition(":")
    if kind in ("trials", "seconds") and amount.isdigit() and int(amount) > 0:
        return kind, int(amount)
    raise ValueError(
        f"a track is default, stored, trials:N or seconds:N (trials:50, say), got {track!r}"
    )


def _file(folder: Path, track: str, task: str, method: str) -> Path:
    return folder / track.replace(":", "_") / f"{task}--{method}.json"


@cache
def _read(path: Path) -> Log:
    found: Log = json.loads(path.read_text())
    return found


_own: list[Path] = []  # folders of searches made here, asked before the package's


def look_in(folder: Path) -> None:
    """Find stored searches in a folder too, before the package's own."""
    if folder not in _own:
        _own.insert(0, folder)


def stored(task: str, method: str, track: str = "stored") -> Log:
    """Return the log of a stored search, empty where there is none for the task's version."""
    for folder in (*_own, stored_folder()):
        path = _file(folder, track, task, method)
        if path.exists() and _read(path)["version"] == TASKS[task].version:
            return _read(path)
    return {}


def settings_for(task: Task, method: Method, track: str = "stored") -> Settings:
    """Return the settings that a track found for a method, its defaults where none are stored."""
    found = {} if track == "default" else stored(task.settings_key, method.name, track)
    return dict(found["settings"]) if found else dict(method.defaults)


def missing(tasks: list[str], methods: list[str], track: str) -> list[tuple[str, str]]:
    """Return the searches that a track needs and that are not stored, of (task, method)."""
    if budget(track)[0] in ("default", "stored"):
        return []
    keys = dict.fromkeys(TASKS[name].settings_key for name in tasks)
    pairs = [(task, m) for task in keys for m in wanted(task, methods) if METHODS[m].space]
    return [pair for pair in pairs if not stored(*pair, track)]


def score(task: Task, part: Any, method: Method, settings: Settings, seed: int) -> float:
    """Return the score of settings on validation rows, small is good; a failure scores 1000.

    Parameters
    ----------
    task : the task
    part : its data for tuning
    method, settings : what is scored
    seed : number of the run
    """
    from benchmarks.protocols.evaluate import evaluate

    outcome = evaluate(task, part, method, settings, task.model_seed("tuning", seed))
    value = outcome.metrics.get(method.judged_by or part.main_metric, np.nan)
    if task.larger_is_better:
        value = 1.0 / value if value > 0 else np.inf
    good = outcome.status == "ok" and np.isfinite(value)
    return max(float(value), SMALLEST) if good else 1e3


def without_settings(task: Task) -> Task:
    """Return a task that fixes no setting of any method."""
    return replace(task, fixed={})


def search(task_name: str, method_name: str, track: str = "stored") -> Log:
    """Try settings on the validation rows, by Optuna's tree-structured Parzen estimator.

    Parameters
    ----------
    task_name, method_name : keys
    track : the budget; "stored" is the task's own number of trials

    Returns
    -------
    The best settings, their score, and the log of all trials. The score is the geometric mean over
    seeds of the task's metric on the validation rows (of its inverse where large is good): for a
    forecast the NRMSE of a free run through all of them.
    """
    import optuna
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    task, method = TASKS[task_name], METHODS[method_name]
    kind, amount = budget(track)
    n_trials = {"stored": task.trials, "trials": amount}.get(kind, MANY)
    fixed = task.fixed.get(method_name, {})
    space = {**method.space, **task.space.get(method_name, {})}
    space = {name: where for name, where in space.items() if name not in fixed}
    seeds = range(FIRST_SEED, FIRST_SEED + task.runs)
    parts = [task.data("tuning", seed).for_tuning() for seed in seeds]
    log: list[Log] = []

    def objective(trial: Any) -> float:
        settings = plain({name: _drawn(trial, name, where) for name, where in space.items()})
        began = time.process_time()
        scores = [
            score(task, part, method, settings, seed)
            for seed, part in zip(seeds, parts, strict=True)
        ]
        value = float(np.exp(np.mean(np.log(scores))))
        spent = time.process_time() - began
        log.append({"trial": len(log), "settings": settings, "scores": scores, "score": value,
                    "seconds": spent})  # fmt: skip
        return value

    def enough(study: Any, trial: Any) -> None:
        longest, spent = max(t["seconds"] for t in log), sum(t["seconds"] for t in log)
        if kind == "seconds" and spent + longest * (1 + 1 / len(seeds)) > amount:
            study.stop()

    state = zlib.crc32(f"{task_name}/{method_name}".encode())
    study = optuna.create_study(sampler=_sampler(space, n_trials, state))
    study.optimize(objective, n_trials=n_trials, callbacks=[enough])
    best = min(log, key=lambda trial: trial["score"])
    return {
        "task": task_name, "version": task.version, "method": method_name, "track": track,
        "sampler": "tpe", "settings": best["settings"], "score": best["score"],
        "n_trials": len(log), "validation_rows": parts[0].rows, "seeds": list(seeds),
        "seconds": sum(trial["seconds"] for trial in log), "trials": log,
    }  # fmt: skip


def _drawn(trial: Any, name: str, where: Any) -> Any:
    """Return a value from a list or one of SciPy's distributions."""
    if isinstance(where, list):
        return trial.suggest_categorical(name, where)
    low, high = (float(end) for end in where.support())
    return trial.suggest_float(name, low, high, log=where.dist.name != "uniform")


def _sampler(space: dict[str, Any], n_trials: int, seed: int) -> Any:
    import optuna

    if all(isinstance(where, list) for where in space.values()) and (
        prod(len(where) for where in space.values()) <= n_trials
    ):
        return optuna.samplers.BruteForceSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed)


def tune(pairs: list[tuple[str, str]], track: str, folder: Path, workers: int) -> None:
    """Search settings and store them, a file per task and method, each as soon as it is found.

    Parameters
    ----------
    pairs : of (task, method)
    track : the budget
    folder : where the files go
    workers : searches side by side
    """
    from benchmarks.running.runner import server

    with ProcessPoolExecutor(workers, mp_context=server()) as pool:
        for log in _finished(pool, pairs, track):
            write(log, folder)


def _finished(pool: Executor, pairs: list[tuple[str, str]], track: str) -> Any:
    from concurrent.futures import as_completed

    jobs: list[Future[Log]] = [pool.submit(search, *pair, track) for pair in pairs]
    return (job.result() for job in as_completed(jobs))


def write(log: Log, folder: Path) -> None:
    """Store the log of a search.

    Parameters
    ----------
    log : of `search`
    folder : of the tracks
    """
    from benchmarks.results.records import replace_file

    path = _file(folder, log["track"], log["task"], log["method"])
    replace_file(path, (json.dumps(log, indent=1, sort_keys=True) + "\n").encode())
    _read.cache_clear()


def wanted(task: str, methods: list[str]) -> list[str]:
    """Return the methods that can be run on a task."""
    return [name for name in methods if not METHODS[name].refusal(TASKS[task])]


def tuned() -> list[str]:
    """Return the methods whose settings are searched."""
    return [name for name, method in METHODS.items() if method.tuned]


def check(folder: Path | None = None) -> list[str]:
    """Read every stored log and say what is wrong with it.

    Parameters
    ----------
    folder : of the stored files; None is the package's

    Returns
    -------
    Complaints, none if all searches were equal: same budget, validation rows and seeds for every
    method, seeds disjoint from the test seeds, the stored setting the best of its log, and one
    small search repeated with the same score.
    """
    folder = folder or stored_folder()
    wrong: list[str] = []
    groups: dict[str, list[Log]] = {}
    for path in sorted(folder.glob("*/*--*.json")):
        log = json.loads(path.read_text())
        groups.setdefault(f"{log['track']}, {log['task']}", []).append(log)
        wrong.extend(f"{path.parent.name}/{path.name}: {text}" for text in _check_log(log))
    for title, logs in groups.items():
        wrong.extend(f"{title}: {text}" for text in _check_group(logs))
    before = next((g for g in groups.get(f"{RETUNED[2]}, {RETUNED[0]}", [])
                   if g["method"] == RETUNED[1]), None)  # fmt: skip
    if before is not None:
        score = search(*RETUNED)["score"]
        if not np.isclose(score, before["score"], rtol=0.02):  # rounding differs by processor
            wrong.append(f"{', '.join(RETUNED)}: scores {before['score']:.4g}, again {score:.4g}")
    return wrong


def _check_group(logs: list[Log]) -> list[str]:
    """Compare the searches of one task on one track."""
    wrong = []
    there, kind = {log["method"] for log in logs}, budget(logs[0]["track"])[0]
    absent = [name for name in wanted(logs[0]["task"], tuned()) if name not in there]
    if absent:
        wrong.append(f"no search for {', '.join(absent)}")
    for name in ("n_trials", "validation_rows", "seeds", "sampler"):
        seen = {json.dumps(log[name]) for log in logs}
        if len(seen) > 1 and not (name == "n_trials" and kind == "seconds"):
            wrong.append(f"{name} differs between methods: {sorted(seen)}")
    return wrong


def _check_log(log: Log) -> list[str]:
    wrong = []
    kind, amount = budget(log["track"])
    if len(log["trials"]) != log["n_trials"] or (kind == "trials" and log["n_trials"] != amount):
        wrong.append(f"{len(log['trials'])} trials logged, {log['n_trials']} claimed")
    if kind == "seconds" and log["n_trials"] > 1 and log["seconds"] > amount:
        wrong.append(f"took {log['seconds']:.0f} s")
    if min(log["trials"], key=lambda t: t["score"])["settings"] != log["settings"]:
        wrong.append("the stored settings are not the best of the log")
    if set(log["seeds"]) & set(TEST_SEEDS):
        wrong.append(f"tuning seeds {log['seeds']} overlap the test seeds")
    return wrong
