"""The study behind the defaults of the echo state network: one setting for all tasks.

Random settings, the same ones on every task, are ranked on validation rows. The best mean rank
wins among those that one pass by Cholesky can solve: smaller penalties are better on noise-free
data, but take a second pass by QR, 2.4 times as long, and follow the noise of noisy data. All of it
is stored: `benchmarks/tuned/study/defaults.json`.
"""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.model_selection import ParameterSampler

from benchmarks.methods.base import plain
from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tasks.base import Settings
from benchmarks.tuning import search as tuning
from reservoirs import ESNRegressor

STUDIED = (
    "sine_clean", "sine_noisy_0.1", "oscillator_eta0.1_multi", "oscillator_eta0.1_hold", "narma10",
    "channel_24db", "santa_fe", "mackey_glass17", "lorenz63", "japanese_vowels", "digits_rows",
)  # fmt: skip
SPACE: dict[str, list[float]] = {
    "spectral_radius": [0.3, 0.5, 0.7, 0.8, 0.9, 1.0],
    "leak_rate": [0.2, 0.3, 0.5, 0.7, 1.0],
    "input_scaling": [0.03, 0.1, 0.2, 0.3, 0.5, 1.0],
    "bias_scaling": [0.1, 0.2, 0.5, 1.0, 1.5],
    "alpha": [1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2],
}
N_SETTINGS = 80
SMALLEST_ALPHA = 1e-6
RUN = tuning.FIRST_SEED + 500  # of data and models, used by no search and no test


def settings() -> list[Settings]:
    """Return the settings compared, the same every time."""
    return [plain(drawn) for drawn in ParameterSampler(SPACE, N_SETTINGS, random_state=0)]


def defaults() -> Settings:
    """Return what `ESNRegressor()` has for the settings studied."""
    found = ESNRegressor().get_params()
    return {name: found[name] for name in SPACE}


def score(task_name: str, chosen: Settings) -> float:
    """Return the validation score of one setting, small is good; the task fixes only sizes."""
    import warnings

    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    task = TASKS[task_name]
    part = task.data("tuning", RUN).for_tuning()
    kept = {"n_units", "bidirectional", "degree"}
    fixed = {k: v for k, v in task.fixed.get("esn", {}).items() if k in kept}
    bare = tuning.without_settings(task)
    return tuning.score(bare, part, METHODS["esn"], {**chosen, **fixed}, RUN)


def study(workers: int) -> dict[str, Any]:
    """Score every setting on every task.

    Parameters
    ----------
    workers : processes at a time

    Returns
    -------
    The settings, their scores by task, and the winner.
    """
    from benchmarks.running.runner import server

    tried = settings()
    with ProcessPoolExecutor(workers, mp_context=server()) as pool:
        jobs = {name: [pool.submit(score, name, s) for s in tried] for name in STUDIED}
        scores = {name: [job.result() for job in found] for name, found in jobs.items()}
    return {"settings": tried, "scores": scores, "best": winner(tried, scores)}


def winner(tried: list[Settings], scores: dict[str, list[float]]) -> Settings:
    """Return the settings of the best mean rank among those with a penalty that is large enough.

    Parameters
    ----------
    tried : the settings
    scores : task -> their scores, small is good
    """
    ranks = np.mean([rankdata(found) for found in scores.values()], axis=0)
    able = np.array([s["alpha"] >= SMALLEST_ALPHA for s in tried])
    return tried[int(np.argmin(np.where(able, ranks, np.inf)))]


def stored() -> dict[str, Any]:
    """Return the stored study."""
    return json.loads((tuning.stored_folder() / "study" / "defaults.json").read_text())


def write(folder: Path, workers: int) -> None:
    """Run the study and store it.

    Parameters
    ----------
    folder : of the tuned settings
    workers : processes at a time
    """
    path = folder / "study" / "defaults.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(study(workers), indent=1, sort_keys=True) + "\n")


def table() -> list[tuple[str, float, float, float, int]]:
    """Return per task: the tuned score, the defaults' score, their ratio, the defaults' rank.

    Scores are those of validation rows of one run, small is good; the rank is among the settings
    of the study.
    """
    found, rows = stored(), []
    for name in STUDIED:
        tuned = tuning.settings_for(TASKS[name], METHODS["esn"])
        part = TASKS[name].data("tuning", RUN).for_tuning()
        best = tuning.score(TASKS[name], part, METHODS["esn"], tuned, RUN)
        ours = score(name, defaults())
        rank = 1 + sum(value < ours for value in found["scores"][name])
        rows.append((name, best, ours, ours / best, rank))
    return rows
