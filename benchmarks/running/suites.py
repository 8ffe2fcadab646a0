"""Suites: small TOML files that say which tasks run on how many seeds."""

from __future__ import annotations

import difflib
import importlib.resources
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tuning.search import budget


class UsageError(Exception):
    """Something the user asked for cannot be done as asked."""


@dataclass(frozen=True)
class Suite:
    """What a suite runs.

    Attributes
    ----------
    name : of its file, without .toml
    title : its first line
    tasks, methods : names
    seeds : test seeds per method
    timeout : seconds until a cell is killed
    track : budget of tuning
    expected : task -> method -> the largest value of the ranking metric that is no regression
    """

    name: str
    title: str
    tasks: list[str]
    methods: list[str]
    seeds: int
    timeout: float = 300.0
    track: str = "stored"
    expected: dict[str, dict[str, float]] = field(default_factory=dict)


def known(names: Sequence[str], allowed: Iterable[str], what: str) -> list[str]:
    """Return the names, or complain about the first that does not exist.

    Raises
    ------
    UsageError
        With the names that come near.
    """
    every = list(allowed)
    for name in names:
        if name not in every:
            near = difflib.get_close_matches(name, every, n=3)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise UsageError(f"there is no {what} {name!r}{hint}. Known: {', '.join(every)}")
    return list(names)


def folder() -> Path:
    """Return the folder of the suites that come with the package."""
    return Path(str(importlib.resources.files("benchmarks"))) / "suites"


def names() -> list[str]:
    """Return the suites that come with the package."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def load(name: str) -> Suite:
    """Return a suite of the package, or one in a TOML file of the user's.

    Parameters
    ----------
    name : of a suite, or a path that ends in .toml

    Raises
    ------
    UsageError
        If there is none, or if the file says something that it may not say.
    """
    path = Path(name)
    if path.suffix != ".toml":
        known([name], names(), "suite")
        path = folder() / f"{name}.toml"
    try:
        text = path.read_text()
        found = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"suite {path} cannot be read: {error}") from error
    allowed = ("tasks", "methods", "seeds", "timeout", "track", "expected")
    known(list(found), allowed, f"key of a suite ({path})")
    for key in ("tasks", "seeds"):
        if key not in found:
            raise UsageError(f"suite {path} lacks {key}; see {folder() / 'smoke.toml'}")
    first = text.splitlines()[0]
    return _checked(Suite(path.stem, first.removeprefix("# "), **_everything(found)), path)


def _everything(found: dict[str, Any]) -> dict[str, Any]:
    """Return a suite's keys with the groups of tasks spelt out.

    "all" means those that run not only on request: neither memory nor races nor dysts' systems.
    """
    groups = {
        "all": [t.name for t in TASKS.values() if not t.on_request],
        "dysts": [t.name for t in TASKS.values() if t.study == "dysts"],
    }
    tasks = found["tasks"]
    tasks = groups.get(tasks, tasks) if isinstance(tasks, str) else tasks
    return {
        "methods": [m.name for m in METHODS.values() if not m.on_request],
        **found,
        "tasks": tasks,
    }


def _checked(suite: Suite, path: Path) -> Suite:
    """Return the suite if its values are of use.

    Raises
    ------
    UsageError
        If they are not.
    """
    for key, kind in (("tasks", list), ("methods", list), ("seeds", int)):
        if not isinstance(getattr(suite, key), kind):
            raise UsageError(f"suite {path}: {key} must be a {kind.__name__}")
    if not (suite.seeds > 0 and suite.timeout > 0):
        raise UsageError(f"suite {path}: seeds and timeout must be positive")
    known(suite.tasks, TASKS, f"task (suite {path})")
    known(suite.methods, METHODS, f"method (suite {path})")
    budget(suite.track)
    return suite
