"""Settings found by an equal search for every method, stored with the log that found them."""

from __future__ import annotations

import importlib.resources
import json
import time
import warnings
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterSampler

from benchmarks.methods import METHODS, Method, Settings, plain
from benchmarks.tasks import TASKS
from benchmarks.tasks.base import Task

TEST_SEEDS = range(1000)
FIRST_SEED = 1001  # of tuning, whose seeds count from here
SMALLEST = 1e-12  # the score of a perfect trial, so that logarithms stay finite
TUNED = [name for name, method in METHODS.items() if method.tuned]
RETUNED = ("sine_noisy_0.1", "esn")  # the small search that `check` repeats


def stored_folder() -> Path:
    """Return the folder of the stored settings."""
    return Path(str(importlib.resources.files("benchmarks"))) / "tuned"


def stored(name: str, folder: Path | None = None) -> dict[str, Any]:
    """Return what was stored for a task, empty where nothing was."""
    path = (folder or stored_folder()) / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def settings_for(task: Task, method: Method) -> Settings:
    """Return the tuned settings of a method on a task, its defaults where none are stored."""
    found = stored(task.settings_key).get("methods", {}).get(method.name)
    return found["settings"] if found else dict(method.defaults)


def score(task: Task, part: Any, method: Method, settings: Settings, seed: int) -> float:
    """Return the score of settings on validation rows, small is good; a failure scores 1000.

    Parameters
    ----------
    task : the task
    part : its data for tuning
    method, settings : what is scored
    seed : number of the run
    """
    from benchmarks.evaluation import evaluate

    outcome = evaluate(task, part, method, settings, task.model_seed("tuning", seed))
    value = outcome.metrics.get(method.judged_by or part.main_metric, np.nan)
    if task.larger_is_better:
        value = 1.0 / value if value > 0 else np.inf
    good = outcome.status == "ok" and np.isfinite(value)
    return max(float(value), SMALLEST) if good else 1e3


def without_settings(task: Task) -> Task:
    """Return a task that fixes no setting of any method."""
    return replace(task, fixed={})


def search(task_name: str, method_name: str, trials: int | None = None) -> dict[str, Any]:
    """Try random settings on the validation rows and keep the best.

    Parameters
    ----------
    task_name, method_name : keys
    trials : settings tried, each on every tuning seed; None is the task's number

    Returns
    -------
    The best settings, their score, and the log of all trials. The score is the geometric mean over
    seeds of the task's metric on the validation rows (of its inverse where large is good): for a
    forecast the NRMSE of a free run through all of them.
    """
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    task, method = TASKS[task_name], METHODS[method_name]
    trials = task.trials if trials is None else trials
    fixed = task.fixed.get(method_name, {})
    space = {**method.space, **task.space.get(method_name, {})}
    seeds = range(FIRST_SEED, FIRST_SEED + task.runs)
    parts = [task.data("tuning", seed).for_tuning() for seed in seeds]
    state = zlib.crc32(f"{task_name}/{method_name}".encode())
    log: list[dict[str, Any]] = []
    for number, drawn in enumerate(ParameterSampler(space, trials, random_state=state)):
        settings = {key: value for key, value in plain(drawn).items() if key not in fixed}
        began, scores = time.perf_counter(), []
        for seed, part in zip(seeds, parts, strict=True):
            scores.append(score(task, part, method, settings, seed))
        log.append(
            {
                "trial": number,
                "settings": settings,
                "scores": scores,
                "score": float(np.exp(np.mean(np.log(scores)))),
                "seconds": time.perf_counter() - began,
            }
        )
    best = min(log, key=lambda trial: trial["score"])
    return {
        "settings": best["settings"],
        "score": best["score"],
        "n_trials": trials,
        "validation_rows": parts[0].rows,
        "seeds": list(seeds),
        "trials": log,
    }


def tune(
    tasks: list[str], methods: list[str], folder: Path, workers: int, trials: int | None = None
) -> None:
    """Search the settings of methods on tasks and store them, one file per task.

    Parameters
    ----------
    tasks, methods : keys
    folder : where the files go
    workers : searches side by side
    trials : settings tried per method; None is each task's number
    """
    from benchmarks.runner import server

    jobs = {}
    with ProcessPoolExecutor(workers, mp_context=server()) as pool:
        for task in tasks:
            for method in wanted(task, methods):
                jobs[task, method] = pool.submit(search, task, method, trials)
        for (task, method), job in jobs.items():
            file = stored(task, folder) or {"task": task, "methods": {}}
            file["version"] = TASKS[task].version
            file["methods"][method] = job.result()
            text = json.dumps(file, indent=1, sort_keys=True)
            (folder / f"{task}.json").write_text(text + "\n")


def wanted(task: str, methods: list[str]) -> list[str]:
    """Return the methods that can be run on a task."""
    return [name for name in methods if not METHODS[name].supports(TASKS[task])]


def check(folder: Path | None = None) -> list[str]:
    """Read every stored log and say what is wrong with it.

    Parameters
    ----------
    folder : of the stored files; None is the package's

    Returns
    -------
    Complaints, none if all searches were equal: same number of trials, validation rows and seeds
    for every method, seeds disjoint from the test seeds, the stored setting the best of its log,
    and one small search repeated with the same result.
    """
    folder = folder or stored_folder()
    wrong = []
    for path in sorted(folder.glob("*.json")):
        file = stored(path.stem, folder)
        methods = file["methods"]
        missing = [name for name in wanted(path.stem, TUNED) if name not in methods]
        if missing:
            wrong.append(f"{path.name}: no search for {', '.join(missing)}")
        for name in ("n_trials", "validation_rows", "seeds"):
            seen = {json.dumps(found[name]) for found in methods.values()}
            if len(seen) > 1:
                wrong.append(f"{path.name}: {name} differs between methods: {sorted(seen)}")
        for name, found in methods.items():
            wrong.extend(f"{path.name}, {name}: {text}" for text in _check_log(found))
    task, method = RETUNED
    before = stored(task, folder)["methods"][method]
    again = search(task, method, before["n_trials"])
    if again["settings"] != before["settings"]:
        wrong.append(f"{task}, {method}: a new search finds {again['settings']}")
    return wrong


def _check_log(found: dict[str, Any]) -> list[str]:
    wrong = []
    if len(found["trials"]) != found["n_trials"]:
        wrong.append(f"{len(found['trials'])} trials logged, {found['n_trials']} claimed")
    if min(found["trials"], key=lambda t: t["score"])["settings"] != found["settings"]:
        wrong.append("the stored settings are not the best of the log")
    if set(found["seeds"]) & set(TEST_SEEDS):
        wrong.append(f"tuning seeds {found['seeds']} overlap the test seeds")
    return wrong
