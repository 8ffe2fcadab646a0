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

from benchmarks.methods.base import Method
from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS, Task

GROUP = "reservoirs.benchmarks"
VARIABLE = "RESERVOIRS_BENCH_PLUGINS"  # tells the processes of cells which files to read
_added: list[tuple[dict[str, Any], str]] = []  # registries and the names that plugins put there


def announce(paths: Iterable[Path]) -> None:
    """Make plugin files known to this process and to those it starts.

    Raises
    ------
    ValueError
        If one does not exist.
    """
    # Absolute: a process that reads the variable may work in another folder.
    files = [path.resolve() for path in paths]
    for file in files:
        if not file.is_file():
            raise ValueError(f"--plugin needs a Python file; {file} does not exist")
    os.environ[VARIABLE] = os.pathsep.join(str(file) for file in files)


def plugin_files() -> list[Path]:
    """Return the announced plugin files.

    They are absolute, in the order in which they are loaded.
    """
    return [Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]


def load_plugins() -> None:
    """Add the tasks and methods of all plugins, after removing those of earlier ones.

    Raises
    ------
    ValueError
        If a plugin raises, or defines no task or method, or a name that exists.
    """
    # A process that loads plugins twice would find its own names taken.
    while _added:
        registry, name = _added.pop()
        registry.pop(name, None)
    for file in plugin_files():
        _add(str(file), _run(file))
    for point in entry_points(group=GROUP):
        try:
            module = point.load()
        except Exception as error:
            raise ValueError(f"plugin {point.name}: {type(error).__name__}: {error}") from error
        _add(point.name, vars(module))


def adopt(variable: str) -> None:
    """Load the plugins of the process that started this one, if they are others.

    `variable` is the starter's environment variable of plugins.
    """
    if variable != os.environ.get(VARIABLE, ""):
        os.environ[VARIABLE] = variable
        load_plugins()


def _run(path: Path) -> dict[str, Any]:
    """Return the names that a file defines; an error names the file's line."""
    try:
        return runpy.run_path(str(path))
    except Exception as error:
        # The innermost frame inside the file is the author's line; deeper ones are in libraries.
        traceback = error.__traceback__
        line = 0
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == str(path):
                line = traceback.tb_lineno
            traceback = traceback.tb_next
        raise ValueError(f"plugin {path}, line {line}: {type(error).__name__}: {error}") from error


def _add(source: str, names: dict[str, Any]) -> None:
    """Put the tasks and methods among a plugin's names into the registries."""
    registries: tuple[tuple[str, type[Task | Method], dict[str, Any]], ...] = (
        ("TASKS", Task, TASKS),
        ("METHODS", Method, METHODS),
    )
    count = 0
    for title, kind, registry in registries:
        for item in names.get(title, []):
            if not isinstance(item, kind):
                raise ValueError(f"plugin {source}: {title} holds {item!r}, not a {kind.__name__}")
            if item.name in registry:
                raise ValueError(f"plugin {source}: {item.name!r} is taken; choose another name")
            registry[item.name] = item
            _added.append((registry, item.name))
            count += 1
    if not count:
        raise ValueError(
            f"plugin {source} defines neither TASKS nor METHODS; see docs/benchmarks.md"
        )
