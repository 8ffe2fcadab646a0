"""Tasks and methods of your own: a Python file, or an installed package's entry point.

A plugin defines a list `TASKS` of `benchmarks.Task`, a list `METHODS` of `benchmarks.Method`, or
both. `--plugin file.py` reads one; packages announce a module in the entry-point group
"reservoirs.benchmarks". The processes that run cells read the same files again.
"""

from __future__ import annotations

import os
import runpy
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

GROUP = "reservoirs.benchmarks"
VARIABLE = "RESERVOIRS_BENCH_PLUGINS"  # tells the processes of cells which files to read
_added: list[tuple[dict[str, Any], str]] = []  # names that came from plugins, and where they are


def announce(paths: Iterable[Path]) -> None:
    """Make plugin files known to this process and to those it starts.

    Raises
    ------
    ValueError
        If one is no file.
    """
    found = [path.resolve() for path in paths]
    for path in found:
        if not path.is_file():
            raise ValueError(f"--plugin takes a Python file, got {path}, which is none")
    os.environ[VARIABLE] = os.pathsep.join(str(path) for path in found)


def loaded() -> list[Path]:
    """Return the plugin files."""
    return [Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]


def load() -> None:
    """Add the tasks and methods of all plugins to the known ones, and forget those of others.

    Raises
    ------
    ValueError
        If a plugin raises, or defines no task or method, or a name that exists.
    """
    while _added:
        registry, name = _added.pop()
        registry.pop(name, None)
    for path in loaded():
        _add(str(path), _run(path))
    for point in entry_points(group=GROUP):
        try:
            module = point.load()
        except Exception as error:
            raise ValueError(f"plugin {point.name}: {type(error).__name__}: {error}") from error
        _add(point.name, vars(module))


def adopt(variable: str) -> None:
    """Load the plugins of the process that started this one, if it has others.

    Parameters
    ----------
    variable : the starter's environment variable of plugins
    """
    if variable != os.environ.get(VARIABLE, ""):
        os.environ[VARIABLE] = variable
        load()


def _run(path: Path) -> dict[str, Any]:
    try:
        return runpy.run_path(str(path))
    except Exception as error:
        tail = error.__traceback__
        line = 0
        while tail is not None:
            if tail.tb_frame.f_code.co_filename == str(path):
                line = tail.tb_lineno
            tail = tail.tb_next
        raise ValueError(f"plugin {path}, line {line}: {type(error).__name__}: {error}") from error


def _add(source: str, names: dict[str, Any]) -> None:
    from benchmarks.methods.base import Method
    from benchmarks.methods.registry import METHODS
    from benchmarks.tasks import TASKS, Task

    count = 0
    for title, kind, known in (("TASKS", Task, TASKS), ("METHODS", Method, METHODS)):
        registry: dict[str, Any] = known
        for item in names.get(title, []):
            if not isinstance(item, kind):
                raise ValueError(f"plugin {source}: {title} holds {item!r}, no {kind.__name__}")
            if item.name in registry:
                raise ValueError(f"plugin {source}: {item.name!r} is taken; choose another name")
            registry[item.name] = item
            _added.append((registry, item.name))
            count += 1
    if not count:
        raise ValueError(
            f"plugin {source} defines neither TASKS nor METHODS; see docs/benchmarks.md"
        )
