"""The study behind the defaults of `ESNClassifier`: a ladder of settings, each on all tasks.

Labels per series are judged on a fourth of the training series, cut twice, labels per step on rows
after those learned from; no test series is looked at. The share of wrong labels has one scale, so
that its mean over the tasks decides. It is stored in `label_defaults.json`.
"""

from __future__ import annotations

import json
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.signal import lfilter

from benchmarks.cells.files import replace_file
from benchmarks.cells.processes import fork_server
from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tasks.base import Settings
from benchmarks.tuning import search as tuning
from reservoirs import ESNClassifier, datasets

ALL = ["mean", "deviation", "share_above_median"]
SLOW_AND_FAST = [0.1, 0.3, 0.9]
BEFORE: Settings = {  # the defaults of 0.1.0
    "pooling": "last",
    "leak_rate": 0.7,
    "standardize": False,
    "alpha": 1e-6,
    "input_scaling": 0.2,
    "bias_scaling": 1.5,
}
POOLED: Settings = {**BEFORE, "pooling": ALL, "alpha": "auto", "standardize": True}
RATES: Settings = {**POOLED, "leak_rate": SLOW_AND_FAST}
COMPARED: list[Settings] = [
    BEFORE,
    {**BEFORE, "alpha": "auto"},
    {**BEFORE, "pooling": "mean"},
    {**BEFORE, "pooling": "mean", "alpha": "auto"},
    {**BEFORE, "pooling": ALL},
    {**POOLED, "standardize": False},
    POOLED,
    {**RATES, "standardize": False},
    RATES,
    {**RATES, "leak_rate": [0.3, 0.9]},
    {**RATES, "leak_rate": [0.05, 0.2, 0.8]},
    {**RATES, "pooling": ["last", *ALL]},
    {**RATES, "pooling": ["last", *ALL], "leak_rate": [0.3, 0.9]},
    {**RATES, "input_scaling": 0.5},
    {**RATES, "input_scaling": 1.0},
    {**RATES, "input_scaling": 0.5, "bias_scaling": 0.5},
]
SERIES = (
    "labels_acsf1",
    "labels_arrowhead",
    "labels_basicmotions",
    "labels_gunpoint",
    "labels_italypowerdemand",
    "labels_japanesevowels",
    "labels_osuleaf",
    "labels_plaid",
    "digits_rows",
)
RUNS = (tuning.FIRST_SEED + 500, tuning.FIRST_SEED + 501)  # used by no search and no test
N_LEARNED = 2000  # rows of labels per step, and as many judged


def _symbols(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the four symbols sent through a channel with noise at 24 dB."""
    channel = datasets.channel_equalization(2 * N_LEARNED, random_state=seed)
    return channel.u[:, None], np.roll(channel.d, 2).astype(int)


def _memory(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sign of a random input ten steps ago."""
    u = np.random.default_rng(seed).uniform(-1, 1, 2 * N_LEARNED)
    return u[:, None], (np.roll(u, 10) > 0).astype(int)


def _regimes(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which of two noises of one variance is heard, a slow or a fast one."""
    rng = np.random.default_rng(seed)
    pieces, labels = [], []
    for _ in range(2 * N_LEARNED // 200):
        slow = int(rng.integers(2))
        noise = lfilter([1.0], [1.0, -0.9 if slow else -0.5], rng.normal(size=200))
        pieces.append(noise / noise.std())
        labels.append(np.full(200, slow))
    return np.concatenate(pieces)[:, None], np.concatenate(labels)


STEPS = {"channel_symbols": _symbols, "sign_of_ten_ago": _memory, "slow_or_fast_noise": _regimes}


def error(task: str, settings: Settings, run: int) -> float:
    """Return the share of wrong labels of one setting on the rows held out in one run."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if task in STEPS:
        X, y = STEPS[task](run)
        X = X / X[:N_LEARNED].std()
        model = ESNClassifier(n_units=200, washout=50, random_state=run, **settings)
        model.fit(X[:N_LEARNED], y[:N_LEARNED])
        return 1.0 - float(model.score(X[N_LEARNED:], y[N_LEARNED:]))
    data = TASKS[task].data("tuning", run).for_tuning()
    bare = tuning.without_settings(TASKS[task])
    return tuning.score(bare, data, METHODS["esn"], settings, run)


def study(workers: int) -> dict[str, Any]:
    """Score every setting on every task.

    The result holds the settings, their errors by task, averaged over the runs, and the best.
    """
    tasks = (*SERIES, *STEPS)
    with ProcessPoolExecutor(workers, mp_context=fork_server()) as pool:
        jobs = {
            task: [[pool.submit(error, task, s, run) for run in RUNS] for s in COMPARED]
            for task in tasks
        }
        errors = {
            task: [round(float(np.mean([job.result() for job in runs])), 5) for runs in by_setting]
            for task, by_setting in jobs.items()
        }
    return {"settings": COMPARED, "errors": errors, "best": best_settings(COMPARED, errors)}


def best_settings(compared: list[Settings], errors: dict[str, list[float]]) -> Settings:
    """Return the settings of the smallest mean error over the tasks, the first of equal ones.

    Labels per step may not come off worse on average than with the first settings.
    """
    everywhere = np.mean(list(errors.values()), axis=0)
    per_step = np.mean([errors[task] for task in STEPS], axis=0)
    return compared[int(np.argmin(np.where(per_step <= per_step[0], everywhere, np.inf)))]


def study_file() -> Path:
    """Return the file of the study that decided the defaults."""
    return Path(__file__).with_name("label_defaults.json")


def write_study(folder: Path, workers: int) -> dict[str, Any]:
    """Run the study and store it in a folder."""
    content = study(workers)
    settings = ",\n  ".join(json.dumps(s) for s in content["settings"])
    errors = ",\n  ".join(f'"{task}": {json.dumps(e)}' for task, e in content["errors"].items())
    best = json.dumps(content["best"])
    text = f'"settings": [\n  {settings}\n],\n"errors": {{\n  {errors}\n}},\n"best": {best}'
    replace_file(folder / study_file().name, f"{{\n{text}\n}}\n".encode())
    return content
