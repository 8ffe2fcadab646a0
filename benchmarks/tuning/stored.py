"""Settings that searches found: those of the package, and those of folders of searches made here.

A track is the budget of a search: "default" searches nothing, "trials:50" tries fifty settings,
"seconds:60" spends sixty seconds of one thread's processor time, the last fit included, and
"stored" is what came with the package, found with each task's own number of trials, or with fifty.

The package holds what the program reads of its searches, `settings.json`; their logs are in the
archive of the source tree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from math import log10
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cells.cell import SearchResult
from benchmarks.cells.files import replace_file
from benchmarks.methods.base import Method
from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tasks.base import Settings, Task

Log = dict[str, Any]
LONGER = "trials:50"  # the track of the default suite, whose searches nothing repeats with fewer


@dataclass(frozen=True)
class StoredSearch:
    """A search as the program reads it; its log has all trials.

    The track is the budget, the version that of the task's data. The settings are the best of
    `n_trials`, with their score on validation rows, small is good; the seconds are processor time
    of the whole search, the seeds those of data and models, disjoint from the test seeds.
    `best_after` is the expected log10 score of the best of so many random trials,
    `trial_counts(n_trials)`, in hundredths: it is only drawn.
    """

    task: str
    method: str
    track: str
    version: int
    settings: Settings
    score: float
    seconds: float
    seeds: list[int]
    n_trials: int
    best_after: list[int]

    @classmethod
    def from_log(cls, log: Log) -> StoredSearch:
        """Return what the program reads of a log."""
        names = [field.name for field in fields(cls) if field.name != "best_after"]
        values = {name: log[name] for name in names}
        for name in ("score", "seconds"):  # printed and drawn; the log keeps all digits
            values[name] = float(f"{log[name]:.4g}")
        logs = np.sort([round(100.0 * log10(trial["score"])) for trial in log["trials"]])
        rank = np.arange(len(logs) + 1) / len(logs)  # share of trials below each score
        # The best of n trials drawn from N is worse than the k best with probability
        # (1 - k/N)^n, so the weight of the k-th is (1 - (k-1)/N)^n - (1 - k/N)^n.
        n = trial_counts(len(logs))[:, None]
        weights = (1 - rank[:-1]) ** n - (1 - rank[1:]) ** n
        return cls(**values, best_after=np.rint(weights @ logs).astype(int).tolist())


def trial_counts(n_trials: int) -> np.ndarray:
    """Return the numbers of trials, up to all, at which the best score is drawn."""
    return np.unique(np.rint(np.geomspace(1, n_trials, 12))).astype(int)


def settings_file() -> Path:
    """Return the file of the settings that come with the package."""
    return Path(__file__).with_name("settings.json")


def budget(track: str) -> tuple[str, int]:
    """Return what a track counts, and how much of it.

    The track is "default", "stored", "trials:N" or "seconds:N"; the amount is N, 0 where there is
    none.

    Raises
    ------
    ValueError
        If it is not a track.
    """
    if track in ("default", "stored"):
        return track, 0
    kind, _, amount = track.partition(":")
    if kind in ("trials", "seconds") and amount.isdigit() and int(amount) > 0:
        return kind, int(amount)
    raise ValueError(
        f"a track is default, stored, trials:N or seconds:N (trials:50, say), got {track!r}"
    )


def is_track(text: str) -> bool:
    """Tell whether a text is a track."""
    try:
        budget(text)
    except ValueError:
        return False
    return True


def log_file(folder: Path, track: str, task: str, method: str) -> Path:
    """Return where the log of a search is stored.

    folder/track/task--method.json
    """
    return folder / track.replace(":", "_") / f"{task}--{method}.json"


@cache
def _packaged() -> dict[tuple[str, str, str], StoredSearch]:
    """Return the searches that came with the package by track, task and method."""
    searches = [
        StoredSearch(**entry) for entry in json.loads(settings_file().read_text(encoding="utf-8"))
    ]
    return {(search.track, search.task, search.method): search for search in searches}


_folders: list[Path] = []  # of searches made here, asked before the package's


def add_folder(folder: Path) -> None:
    """Look for searches in a folder too, before those of the package.

    The folder, of tracks, may come to exist later.
    """
    if folder not in _folders:
        _folders.insert(0, folder)


def load_search(task: str, method: str, track: str = "stored") -> StoredSearch | None:
    """Return a stored search.

    Of "stored" without one of its own it is that of `LONGER`. None where there is none for the
    task's version.
    """
    for name in (track, LONGER) if track == "stored" else (track,):
        for search in _candidates(task, method, name):
            # Settings of an older version were found on other data.
            if search.version == TASKS[task].version:
                return search
    return None


def _candidates(task: str, method: str, track: str) -> Iterator[StoredSearch]:
    """Yield the searches of that name, those made here first."""
    for folder in _folders:
        path = log_file(folder, track, task, method)
        if path.exists():
            yield _read_log(path)
    if (track, task, method) in _packaged():
        yield _packaged()[track, task, method]


def _read_log(path: Path) -> StoredSearch:
    try:
        search = StoredSearch.from_log(json.loads(path.read_text(encoding="utf-8")))
        numbers = [search.score, search.seconds]
        if not isinstance(search.settings, dict) or not np.isfinite(numbers).all():
            raise ValueError("its settings are not an object, or a number is not finite")
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise ValueError(
            f"{path} is not the log of a search ({type(error).__name__}: {error}); delete it to "
            "search again"
        ) from error
    return search


def settings_for(task: Task, method: Method, track: str = "stored") -> Settings:
    """Return the settings that a track found for a method.

    They are those of the task, or of the task that it shares them with; the method's defaults where
    none are stored.
    """
    search = None if track == "default" else load_search(task.settings_key, method.name, track)
    return dict(search.settings if search else method.defaults)


def search_result(task: Task, method: Method, track: str = "stored") -> SearchResult | None:
    """Return the score and the cost of the search that found a method's settings.

    None where nothing was searched.
    """
    search = None if track == "default" else load_search(task.settings_key, method.name, track)
    return SearchResult(search.score, search.seconds) if search else None


def missing_searches(tasks: list[str], methods: list[str], track: str) -> list[tuple[str, str]]:
    """Return the searches that a track needs and that are not stored.

    Each is task and method.
    """
    if budget(track)[0] in ("default", "stored"):
        return []
    # Tasks may share one search, which is to run once.
    keys = dict.fromkeys(TASKS[name].settings_key for name in tasks)
    pairs = [
        (task, method)
        for task in keys
        for method in applicable_methods(task, methods)
        if METHODS[method].tuned
    ]
    return [pair for pair in pairs if load_search(*pair, track) is None]


def applicable_methods(task: str, methods: list[str]) -> list[str]:
    """Return the methods that can be run on a task.

    They come in the order given.
    """
    return [name for name in methods if not METHODS[name].refusal(TASKS[task])]


def tunable_methods() -> list[str]:
    """Return the methods whose settings are searched."""
    return [name for name, method in METHODS.items() if method.tuned]


def compared_methods() -> list[str]:
    """Return those of them that run without being named, of which none may lack a search."""
    return [name for name in tunable_methods() if not METHODS[name].on_request]


def write_log(log: Log, folder: Path) -> None:
    """Store the log of a search.

    The log is one of `benchmarks.tuning.search.search`, the folder that of the tracks.
    """
    path = log_file(folder, log["track"], log["task"], log["method"])
    replace_file(path, (json.dumps(log, indent=1, sort_keys=True) + "\n").encode())
