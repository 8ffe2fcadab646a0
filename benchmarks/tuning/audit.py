"""Checks that all stored searches were equal, on validation rows only, and repeat."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats._distn_infrastructure import rv_frozen

from benchmarks.cells.archive import read_archive
from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tuning.search import search, search_space
from benchmarks.tuning.stored import (
    Log,
    applicable_methods,
    budget,
    compared_methods,
)

TEST_SEEDS = range(1000)
EDGE, BINDING = 0.1, 2.0  # shares of a range, and how much worse a score inside is
RETUNED = ("sine_noisy_0.1", "esn", "trials:50")  # the search that `check` repeats


def check(folder: Path | None = None) -> list[str]:
    """Read every stored log and say what is wrong with it.

    None is the archive of the source tree; an ArchiveMissingError is raised where there is none, as
    in an installed package. No complaints if all searches were equal: same budget, validation rows
    and seeds for every method, seeds disjoint from the test seeds, the stored setting the best of
    its log, no best value kept by an end of its range, and one small search repeated with the same
    score.
    """
    complaints: list[str] = []
    groups: dict[tuple[str, str], list[Log]] = {}
    for name, log in _folder_logs(folder) if folder else archived_logs():
        groups.setdefault((log["track"], log["task"]), []).append(log)
        complaints.extend(f"{name}: {text}" for text in _check_log(log))
    for (track, task), logs in groups.items():
        complaints.extend(f"{track}, {task}: {text}" for text in _check_group(logs))
    # To repeat all would take as long as to make them; one tells whether scores still agree.
    task, method, track = RETUNED
    for log in groups.get((track, task), []):
        if log["method"] == method:
            complaints.extend(_check_repetition(log))
    return complaints


def archived_logs() -> Iterator[tuple[str, Log]]:
    """Yield the name and the log of every search in the archive."""
    for name, content in read_archive("searches/*").items():
        yield name.removeprefix("searches/"), json.loads(content)


def _folder_logs(folder: Path) -> Iterator[tuple[str, Log]]:
    """Yield the name and the log of every search in a folder of tracks."""
    for path in sorted(folder.glob("*/*--*.json")):
        yield f"{path.parent.name}/{path.name}", json.loads(path.read_text(encoding="utf-8"))


def _check_repetition(log: Log) -> list[str]:
    """Search once more and compare the score."""
    score = search(*RETUNED)["score"]
    if np.isclose(score, log["score"], rtol=0.02):  # rounding differs by processor
        return []
    return [f"{', '.join(RETUNED)}: scores {log['score']:.4g}, again {score:.4g}"]


def _check_group(logs: list[Log]) -> list[str]:
    """Compare the searches of one task on one track."""
    complaints = []
    searched = {log["method"] for log in logs}
    kind = budget(logs[0]["track"])[0]
    compared = applicable_methods(logs[0]["task"], compared_methods())
    absent = [name for name in compared if name not in searched]
    if absent:
        complaints.append(f"no search for {', '.join(absent)}")
    for name in ("n_trials", "validation_rows", "seeds", "sampler"):
        values = {json.dumps(log[name]) for log in logs}
        # A budget of seconds gives each method as many trials as it can make.
        if len(values) > 1 and not (name == "n_trials" and kind == "seconds"):
            complaints.append(f"{name} differs between methods: {sorted(values)}")
    return complaints


def _check_log(log: Log) -> list[str]:
    """Compare what a log claims with its trials."""
    complaints = []
    kind, amount = budget(log["track"])
    if len(log["trials"]) != log["n_trials"] or (kind == "trials" and log["n_trials"] != amount):
        complaints.append(f"{len(log['trials'])} trials logged, {log['n_trials']} claimed")
    # The first trial runs to its end, however long: alone it may exceed the budget.
    if kind == "seconds" and log["n_trials"] > 1 and log["seconds"] > amount:
        complaints.append(f"took {log['seconds']:.0f} s")
    if min(log["trials"], key=lambda trial: trial["score"])["settings"] != log["settings"]:
        complaints.append("the stored settings are not the best of the log")
    # methods by invitation repeat what others did
    if kind == "trials" and not METHODS[log["method"]].by_invitation:
        complaints.extend(_check_edges(log))
    if set(log["seeds"]) & set(TEST_SEEDS):
        complaints.append(f"tuning seeds {log['seeds']} overlap the test seeds")
    return complaints


def _check_edges(log: Log) -> list[str]:
    """Say which ends of ranges kept a search from better settings.

    That is where the best value lies within a tenth of its range from an end, the best further
    inside scores clearly worse, and the method does not say that the end is a limit.
    """
    task, method = TASKS[log["task"]], METHODS[log["method"]]
    complaints = []
    for name, where in search_space(task, method).items():
        place = _place_in(where)
        values = [trial["settings"].get(name) for trial in log["trials"]]
        if place is None or any(not _is_number(value) for value in values):
            continue
        places = np.array([place(value) for value in values])
        scores = np.array([trial["score"] for trial in log["trials"]])
        end = np.rint(places[scores.argmin()])  # 0 or 1, the nearer one
        inside = abs(places - end) > EDGE
        binds = not inside.any() or scores[inside].min() > BINDING * scores.min()
        limit = method.limits.get(name)
        if not inside[scores.argmin()] and binds and (limit is None or place(limit) != end):
            complaints.append(f"{name}={log['settings'][name]:.3g} lies at an end of its range")
    return complaints


def _place_in(where: list[Any] | rv_frozen) -> Callable[[float], float] | None:
    """Return a function from a value to its place in a range, 0 to 1; None for a choice."""
    if isinstance(where, list):
        numbers = [value for value in where if _is_number(value)]
        if len(numbers) < max(len(where), 5):  # of fewer most are ends
            return None
        ordered = sorted(numbers)
        return lambda value: ordered.index(value) / (len(ordered) - 1)
    low, high = (float(end) for end in where.support())
    if where.dist.name == "uniform":
        return lambda value: (value - low) / (high - low)
    return lambda value: float(np.log(value / low) / np.log(high / low))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
