"""The study behind the defaults of the echo state network: one setting for all tasks.

Random settings, the same ones on every task, are ranked on validation rows. The best mean rank
wins among those that one pass by Cholesky can solve: smaller penalties are better on noise-free
data, but take a second pass by QR, 2.4 times as long, and follow the noise of noisy data. All of it
is stored: `study/defaults.json` in the archive of the source tree.
"""

from __future__ import annotations

import json
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.stats import rankdata
from sklearn.model_selection import ParameterSampler

from benchmarks.cells.archive import read_archive
from benchmarks.cells.files import replace_file
from benchmarks.cells.processes import fork_server
from benchmarks.methods.base import plain
from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tasks.base import Settings
from benchmarks.tuning import search as tuning
from benchmarks.tuning.stored import settings_for
from reservoirs import ESNRegressor

STUDIED = (
    "sine_clean",
    "sine_noisy_0.1",
    "oscillator_eta0.1_multi",
    "oscillator_eta0.1_hold",
    "narma10",
    "channel_24db",
    "santa_fe",
    "mackey_glass17",
    "lorenz63",
    "japanese_vowels",
    "digits_rows",
)
SPACE: dict[str, list[float]] = {
    "spectral_radius": [0.3, 0.5, 0.7, 0.8, 0.9, 1.0],
    "leak_rate": [0.2, 0.3, 0.5, 0.7, 1.0],
    "input_scaling": [0.03, 0.1, 0.2, 0.3, 0.5, 1.0],
    "bias_scaling": [0.1, 0.2, 0.5, 1.0, 1.5],
    "alpha": [1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2],
}
N_SETTINGS = 80
MIN_ALPHA = 1e-6
RUN = tuning.FIRST_SEED + 500  # of data and models, used by no search and no test
SIZES = {"n_units", "bidirectional", "degree"}  # what a task may fix in the study
FILE = "study/defaults.json"


def studied_settings() -> list[Settings]:
    """Return the settings compared.

    They are the same every time.
    """
    return [plain(drawn) for drawn in ParameterSampler(SPACE, N_SETTINGS, random_state=0)]


def current_defaults() -> Settings:
    """Return what `ESNRegressor()` has for the settings studied."""
    parameters = ESNRegressor().get_params()
    return {name: parameters[name] for name in SPACE}


def default_score(task_name: str, settings: Settings) -> float:
    """Return the validation score of one setting; the task fixes only sizes.

    The task is one of `STUDIED`; small is good.
    """
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    task = TASKS[task_name]
    data = task.data("tuning", RUN).for_tuning()
    fixed = {k: v for k, v in task.fixed.get("esn", {}).items() if k in SIZES}
    bare = tuning.without_settings(task)
    return tuning.score(bare, data, METHODS["esn"], {**settings, **fixed}, RUN)


def study(workers: int) -> dict[str, Any]:
    """Score every setting on every task.

    The result holds the settings, their scores by task, and the best.
    """
    compared = studied_settings()
    with ProcessPoolExecutor(workers, mp_context=fork_server()) as pool:
        # All are submitted before the first result is waited for, so that no process idles.
        jobs = {name: [pool.submit(default_score, name, s) for s in compared] for name in STUDIED}
        scores = {name: [job.result() for job in submitted] for name, submitted in jobs.items()}
    return {"settings": compared, "scores": scores, "best": best_settings(compared, scores)}


def best_settings(compared: list[Settings], scores: dict[str, list[float]]) -> Settings:
    """Return the settings of the best mean rank among those whose penalty is large enough.

    `scores` are by task, small is good.
    """
    # Ranks, because the errors of different tasks have no common scale.
    ranks = np.mean([rankdata(values) for values in scores.values()], axis=0)
    allowed = np.array([settings["alpha"] >= MIN_ALPHA for settings in compared])
    return compared[int(np.argmin(np.where(allowed, ranks, np.inf)))]


def stored_study() -> dict[str, Any]:
    """Return the study that decided the defaults, of the archive.

    An ArchiveMissingError is raised if there is no archive, as in an installed package.
    """
    content: dict[str, Any] = json.loads(read_archive(FILE)[FILE])
    return content


def write_study(folder: Path, workers: int) -> dict[str, Any]:
    """Run the study and store it.

    The folder is that of the tracks.
    """
    content = study(workers)
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    replace_file(folder / FILE, text.encode())
    return content


class Comparison(NamedTuple):
    """How the defaults do on one task; scores are those of validation rows of one run.

    Small scores are good. The rank is that of the defaults among the settings of the study.
    """

    task: str
    tuned: float
    default: float
    rank: int


def compare_with_tuned(scores: dict[str, list[float]]) -> list[Comparison]:
    """Compare the defaults with the tuned settings of every task studied.

    `scores` are by task, of the settings of a study; the result has one comparison per task.
    """
    rows = []
    for name in STUDIED:
        settings = settings_for(TASKS[name], METHODS["esn"])
        data = TASKS[name].data("tuning", RUN).for_tuning()
        tuned = tuning.score(TASKS[name], data, METHODS["esn"], settings, RUN)
        default = default_score(name, current_defaults())
        rank = 1 + sum(score < default for score in scores[name])
        rows.append(Comparison(name, tuned, default, rank))
    return rows
