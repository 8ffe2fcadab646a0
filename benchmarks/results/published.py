"""Published numbers beside ours: what was reported where, under which settings, and what we get.

The files `published/*.json` hold both. Ours are put in by `reservoirs-bench records --update` from
a folder of results, as medians with quartiles, so that they can be read without running hours.
"""

from __future__ import annotations

import importlib.resources
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cells.files import replace_file
from benchmarks.results import tables
from benchmarks.results.records import Record, start_time
from benchmarks.results.tables import format_number

STUDIES = re.compile(r"dysts|noise_\d+")  # of many systems: names before that of the system
RECALLED = "R"  # the tag of numbers that nobody read again in their source


@dataclass(frozen=True)
class Entry:
    """One number of ours and what others reported.

    The task "dysts", "dysts_raw" or "noise_5" is a study of many systems, and ours the median over
    them of the medians over seeds. `published` has value, source and tag of each number ("V" read
    in the source, "M" computed with the authors' settings or data, "R" recalled only), `ours`
    median, low, high, n, failed, track and date; it is empty before it was run. `aim` is what ours
    should reach,
    None where there is none; `differs` says how our settings differ, or why the aim is missed.
    """

    task: str
    method: str
    metric: str
    published: list[dict[str, Any]] = field(default_factory=list)
    aim: float | None = None
    larger_is_better: bool = False
    differs: str = ""
    ours: dict[str, Any] = field(default_factory=dict)

    def values(self) -> list[str]:
        """Return the published numbers, those merely recalled with a question mark."""
        return [format_number(p["value"]) + "?" * (p["tag"] == RECALLED) for p in self.published]

    def sources(self) -> list[str]:
        """Return where they were published."""
        return [p["source"] for p in self.published]

    def verdict(self) -> str:
        """Say whether the aim is met, or by what factor it is missed."""
        if self.aim is None:
            return "-"
        aim = f"{'>=' if self.larger_is_better else '<='} {format_number(self.aim)}"
        if not self.ours:
            return aim
        median = self.ours["median"]
        met = median >= self.aim if self.larger_is_better else median <= self.aim
        if met:
            return f"{aim}: met"
        factor = self.aim / median if self.larger_is_better else median / self.aim
        return f"{aim}: missed by {factor:.2g} times"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def published_folder() -> Path:
    """Return the folder of the files with published numbers."""
    return Path(str(importlib.resources.files("benchmarks"))) / "published"


def _files() -> dict[Path, list[Entry]]:
    return {
        path: [Entry(**item) for item in json.loads(path.read_text(encoding="utf-8"))]
        for path in sorted(published_folder().glob("*.json"))
    }


def entries(names: list[str] | None = None) -> list[Entry]:
    """Return the published numbers of some tasks.

    They come in the order of the files; None are all tasks.
    """
    all_entries = [entry for content in _files().values() for entry in content]
    return [e for e in all_entries if not names or any(_belongs(name, e.task) for name in names)]


def published_tasks() -> list[str]:
    """Return the tasks with published numbers."""
    return list(dict.fromkeys(entry.task for entry in entries()))


def update(records: list[Record]) -> int:
    """Put the medians of some records into the files.

    Numbers of a later run, or of more cells, stay: no old or small folder of results replaces them.

    The number of those renewed is returned.
    """
    count = 0
    for path, old in _files().items():
        new = []
        for entry in old:
            ours = _ours(entry, records)
            better = bool(ours) and _supersedes(ours, entry.ours)
            count += better
            new.append({**entry.as_dict(), "ours": ours if better else entry.ours})
        text = json.dumps(new, indent=1, ensure_ascii=False) + "\n"
        replace_file(path, text.encode())
    return count


def _belongs(task: str, name: str) -> bool:
    """Say whether a task is the one of an entry, or a system of its study."""
    study = STUDIES.match(task)
    raw = "_raw" * task.endswith("_raw")
    return task == name or (study is not None and name == study[0] + raw)


def _supersedes(new: dict[str, Any], old: dict[str, Any]) -> bool:
    return not old or bool(new["date"] > old["date"] and new["n"] >= old["n"])


def _ours(entry: Entry, records: list[Record]) -> dict[str, Any]:
    """Return our number for an entry; of a study, the median over its systems."""
    matching = [
        r for r in records if _belongs(r["task"], entry.task) and r["method"] == entry.method
    ]
    matching = [r for r in matching if r["status"] != "skipped"]
    if not matching:
        return {}
    groups = list(tables.group_by_task(matching).values())
    values = [
        [tables.metric_value(record, entry.metric, entry.larger_is_better) for record in group]
        for group in groups
    ]
    median, low, high = tables.quartiles(
        values[0] if len(groups) == 1 else [float(np.median(group)) for group in values]
    )
    if not np.isfinite(median):
        return {}
    when = datetime.fromtimestamp(max(start_time(r) for r in matching), UTC)
    return {
        "median": median,
        "low": low,
        "high": high,
        "n": len(matching),
        "failed": sum(r["status"] != "ok" for r in matching),
        "track": matching[0]["track"],
        "date": when.isoformat(timespec="seconds"),
    }
