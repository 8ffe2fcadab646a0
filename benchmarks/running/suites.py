"""Suites: small TOML files that say which tasks run on how many seeds."""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS, Task
from benchmarks.tasks.names import check_name, nearest
from benchmarks.tuning.stored import is_track

FEW = 30  # names that an error lists in full
KEYS = ("tasks", "methods", "seeds", "timeout", "track", "expected")


class UsageError(Exception):
    """Something the user asked for cannot be done as asked."""


@dataclass(frozen=True)
class Suite:
    """What a suite runs.

    The name is that of its file, without .toml, the title its first line. Seeds are counted per
    method; a cell is killed after `timeout` seconds. `expected` is task -> method -> the largest
    value of the ranking metric that is not a regression.
    """

    name: str
    title: str
    tasks: list[str]
    methods: list[str]
    seeds: int
    timeout: float = 300.0
    track: str = "stored"
    expected: dict[str, dict[str, float]] = field(default_factory=dict)


def check_names(names: Sequence[str], allowed: Iterable[str], kind: str) -> list[str]:
    """Return the names if all of them exist.

    `kind` says in the message what they name.

    Raises
    ------
    UsageError
        For the first that does not exist, with those that come near.
    """
    existing = list(allowed)
    for name in names:
        if name not in existing:
            raise UsageError(f"there is no {kind} {name!r}{_hint(name, existing)}")
    return list(names)


def _hint(name: str, existing: Sequence[str]) -> str:
    """Return what was meant by a name that does not exist; all names only where they are few."""
    near = nearest(name, existing)
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    if len(existing) <= FEW:
        return f"{hint or '.'} Known: {', '.join(existing)}"
    return hint or f"; `reservoirs-bench list` has all {len(existing)}"


def suites_folder() -> Path:
    """Return the folder of the suites that come with the package."""
    return Path(str(importlib.resources.files("benchmarks"))) / "suites"


def suite_names() -> list[str]:
    """Return the suites that come with the package."""
    return sorted(path.stem for path in suites_folder().glob("*.toml"))


def load_suite(name: str) -> Suite:
    """Return a suite of the package, or one in a TOML file of the user's.

    A path ends in .toml. Groups of tasks are spelt out.

    Raises
    ------
    UsageError
        If there is none, or if the file says something that it may not say.
    """
    path = Path(name)
    if path.suffix != ".toml":
        check_names([name], suite_names(), "suite")
        path = suites_folder() / f"{name}.toml"
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"suite {path} cannot be read: {error}") from error
    check_names(list(content), KEYS, f"key of a suite ({path})")
    for key in ("tasks", "seeds"):
        if key not in content:
            raise UsageError(f"suite {path} lacks {key}; see {suites_folder() / 'smoke.toml'}")
    _check_values(content, path)
    try:
        check_name(path.stem, "suite")
    except ValueError as error:
        raise UsageError(f"{error}; rename {path}") from error
    # By custom a suite begins with a comment that says what it is.
    title = text.splitlines()[0].removeprefix("# ")
    return _checked(Suite(path.stem, title, **_spell_out(content)), path)


GROUPS: dict[str, Callable[[Task], bool]] = {  # of tasks, which a suite may name instead
    "all": lambda task: not task.on_request,
    "dysts": lambda task: task.study == "dysts",
    "noise": lambda task: task.study == "noise",
    "reconstruction": lambda task: task.study == "reconstruction",
}


def _spell_out(content: dict[str, Any]) -> dict[str, Any]:
    """Return a suite's keys with the groups of tasks spelt out, and all methods for none.

    "all" means those that run not only on request: neither memory nor races nor studies of systems.
    """
    tasks = content["tasks"]
    if isinstance(tasks, str):
        tasks = [task.name for task in TASKS.values() if GROUPS[tasks](task)]
    methods = [m.name for m in METHODS.values() if not m.on_request]
    return {"methods": methods, **content, "tasks": tasks}


def _is_names(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str) for v in value)


def _is_positive(value: object, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool) and value > 0  # type: ignore[operator] # a number


def _is_expected(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(limits, dict) and all(_is_positive(v, int, float) for v in limits.values())
        for limits in value.values()
    )


VALUES: dict[str, tuple[Callable[[object], bool], str]] = {
    "tasks": (
        lambda value: _is_names(value) or (isinstance(value, str) and value in GROUPS),
        f"a list of names, or one of {', '.join(GROUPS)}",
    ),
    "methods": (_is_names, "a list of names"),
    "seeds": (lambda value: _is_positive(value, int), "a positive whole number"),
    "timeout": (lambda value: _is_positive(value, int, float), "a positive number of seconds"),
    "track": (
        lambda value: isinstance(value, str) and is_track(value),
        "default, stored, trials:N or seconds:N",
    ),
    "expected": (_is_expected, "positive numbers by task and method"),
}


def _check_values(content: dict[str, Any], path: Path) -> None:
    """Raise a UsageError for the first value that is not of its kind, with what is."""
    for key, value in content.items():
        holds, what = VALUES[key]
        if not holds(value):
            raise UsageError(f"suite {path}: {key} must be {what}, got {value!r}")
    for task, limits in content.get("expected", {}).items():
        check_names([task], TASKS, f"task (suite {path}, expected)")
        check_names(list(limits), METHODS, f"method (suite {path}, expected)")


def _checked(suite: Suite, path: Path) -> Suite:
    """Return the suite if its names exist, else raise a UsageError."""
    check_names(suite.tasks, TASKS, f"task (suite {path})")
    check_names(suite.methods, METHODS, f"method (suite {path})")
    return suite
