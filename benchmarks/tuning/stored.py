"""Settings that searches found: those of the package, and those of folders of searches made here.

A track is the budget of a search: "default" searches nothing, "trials:50" tries fifty settings,
"seconds:60" spends sixty seconds of one thread's processor time, the last fit included, and
"stored" is what came with the package, found with each task's own number of trials.
"""

from __future__ import annotations

import importlib.resources
import json
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.cells.cell import SearchResult
from benchmarks.cells.files import replace_file
from benchmarks.methods.base import Method
from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tasks.base import Settings, Task

Log = dict[str, Any]
_folders: list[Path] = []  # of searches made here, asked before the package's


def stored_folder() -> Path:
    """Return the folder of the stored settings."""
    return Path(str(importlib.resources.files("benchmarks"))) / "tuned"


def budget(track: str) -> tuple[str, int]:
    """Return what a track counts, and how much of it.

    Parameters
    ----------
    track : str
        "default", "stored", "trials:N" or "seconds:N".

    Returns
    -------
    kind : str
        The word before the colon.
    amount : int
        N, 0 where there is none.

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


def log_file(folder: Path, track: str, task: str, method: str) -> Path:
    """Return where the log of a search is stored.

    Parameters
    ----------
    folder : Path
        Of the tracks.
    track, task, method : str
        Of the search.

    Returns
    -------
    Path
        folder/track/task--method.json
    """
    return folder / track.replace(":", "_") / f"{task}--{method}.json"


@cache
def _read(path: Path) -> Log:
    log: Log = json.loads(path.read_text())
    return log


def add_folder(folder: Path) -> None:
    """Look for searches in a folder too, before those of the package.

    Parameters
    ----------
    folder : Path
        Of tracks; it may come to exist later.
    """
    if folder not in _folders:
        _folders.insert(0, folder)


def load_log(task: str, method: str, track: str = "stored") -> Log:
    """Return the log of a stored search.

    Parameters
    ----------
    task, method : str
        Names.
    track : str, default="stored"
        The budget.

    Returns
    -------
    dict
        Empty where there is none for the task's version.
    """
    for folder in (*_folders, stored_folder()):
        path = log_file(folder, track, task, method)
        if path.exists() and _read(path)["version"] == TASKS[task].version:
            return _read(path)
    return {}


def settings_for(task: Task, method: Method, track: str = "stored") -> Settings:
    """Return the settings that a track found for a method.

    Parameters
    ----------
    task : Task
        Whose settings, or those of the task that it shares them with.
    method : Method
        What is to be built.
    track : str, default="stored"
        The budget.

    Returns
    -------
    dict
        The method's defaults where none are stored.
    """
    log = {} if track == "default" else load_log(task.settings_key, method.name, track)
    return dict(log["settings"]) if log else dict(method.defaults)


def search_result(task: Task, method: Method, track: str = "stored") -> SearchResult | None:
    """Return the score and the cost of the search that found a method's settings.

    Parameters
    ----------
    task : Task
        As for `settings_for`.
    method : Method
        As for `settings_for`.
    track : str, default="stored"
        The budget.

    Returns
    -------
    SearchResult or None
        None where nothing was searched.
    """
    log = {} if track == "default" else load_log(task.settings_key, method.name, track)
    return SearchResult(log["score"], log["seconds"]) if log else None


def missing_searches(tasks: list[str], methods: list[str], track: str) -> list[tuple[str, str]]:
    """Return the searches that a track needs and that are not stored.

    Parameters
    ----------
    tasks, methods : list of str
        Names.
    track : str
        The budget.

    Returns
    -------
    list of (str, str)
        Task and method.
    """
    if budget(track)[0] in ("default", "stored"):
        return []
    keys = dict.fromkeys(TASKS[name].settings_key for name in tasks)
    pairs = [
        (task, method)
        for task in keys
        for method in applicable_methods(task, methods)
        if METHODS[method].tuned
    ]
    return [pair for pair in pairs if not load_log(*pair, track)]


def applicable_methods(task: str, methods: list[str]) -> list[str]:
    """Return the methods that can be run on a task.

    Parameters
    ----------
    task : str
        Its name.
    methods : list of str
        Names.

    Returns
    -------
    list of str
        In the order given.
    """
    return [name for name in methods if not METHODS[name].refusal(TASKS[task])]


def tunable_methods() -> list[str]:
    """Return the methods whose settings are searched.

    Returns
    -------
    list of str
        Names.
    """
    return [name for name, method in METHODS.items() if method.tuned]


def write_log(log: Log, folder: Path) -> None:
    """Store the log of a search.

    Parameters
    ----------
    log : dict
        Of `benchmarks.tuning.search.search`.
    folder : Path
        Of the tracks.
    """
    path = log_file(folder, log["track"], log["task"], log["method"])
    replace_file(path, (json.dumps(log, indent=1, sort_keys=True) + "\n").encode())
    _read.cache_clear()
