"""A cell: one method on one task with one seed, and the hash of all that decides its result."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.cells import plugins

SCHEMA = 2
DISPLAY_ONLY = (  # sources of `benchmarks` that decide no result
    "cli/",
    "report/",
    "results/",
    "running/backends",
    "running/plan",
    "running/runner",
    "running/session",
    "running/suites",
)


@dataclass(frozen=True)
class SearchResult:
    """What the search for a cell's settings gave and cost.

    The score is that on validation rows, small is good; the seconds are processor time of the whole
    search.
    """

    score: float
    seconds: float


@dataclass(frozen=True)
class Cell:
    """One thing to run.

    The version is that of the task's data, the seed that of data and model; the settings are those
    that the track found for the method on the task. The search behind them is for the tables and
    decides no result.
    """

    task: str
    task_version: int
    method: str
    settings: dict[str, Any]
    seed: int
    track: str = "stored"
    search: SearchResult | None = field(default=None, compare=False)

    @property
    def identity(self) -> dict[str, Any]:
        """What is asked for, whatever code runs it."""
        fields = asdict(self)
        # The same settings from another search give the same result: it must not run again.
        del fields["search"]
        return fields

    @property
    def key(self) -> str:
        """A hash of everything that decides the result, the code included."""
        # Sorted: the order in which settings were written decides nothing.
        text = json.dumps([SCHEMA, self.identity, code_hash()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """The stem of the cell's files."""
        return f"{self.task}--{self.method}--{self.seed}--{self.key}"


def code_hash() -> str:
    """Return a hash of the sources that decide a result, plugins among them.

    It has twelve hexadecimal digits.
    """
    # The package is hashed once per process; a plugin edited since has another time.
    return _code_hash(tuple((path, path.stat().st_mtime_ns) for path in plugins.plugin_files()))


@cache
def _code_hash(plugin_versions: tuple[tuple[Path, int], ...]) -> str:
    digest = hashlib.sha256()
    for package in ("reservoirs", "trainers", "benchmarks"):
        root = Path(str(importlib.resources.files(package)))
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if package != "benchmarks" or not name.startswith(DISPLAY_ONLY):
                digest.update(name.encode() + path.read_bytes())
    for path, _ in plugin_versions:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
