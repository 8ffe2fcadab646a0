"""Records: one JSON file per cell, and an npz file for its arrays, written so that none is torn."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SCHEMA = 1
KEPT = ("ok", "diverged", "skipped")  # results; everything else is a failure that may be retried


@dataclass(frozen=True)
class Cell:
    """One thing to run: a task, a method with settings, and a seed."""

    task: str
    task_version: int
    method: str
    settings: dict[str, Any]
    seed: int

    @property
    def key(self) -> str:
        """A hash of everything that decides the result, the code included."""
        text = json.dumps([SCHEMA, asdict(self), code_hash()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """The stem of the cell's files."""
        return f"{self.task}--{self.method}--{self.seed}--{self.key}"


@cache
def code_hash() -> str:
    """Return a hash of the sources that decide a result."""
    digest = hashlib.sha256()
    display_only = {"cli.py", "report.py", "plots.py", "tables.py", "runner.py"}
    for package in ("reservoirs", "trainers", "benchmarks"):
        root = Path(str(importlib.resources.files(package)))
        for path in sorted(root.rglob("*.py")):
            if path.name not in display_only:
                digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _replace(path: Path, data: bytes) -> None:
    """Write a file under another name first, so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def write(
    folder: Path, cell: Cell, record: dict[str, Any], arrays: dict[str, Any] | None = None
) -> None:
    """Write a cell's arrays, then its record.

    Parameters
    ----------
    folder : of the results
    cell : whose record this is
    record : status, reason, metrics and costs
    arrays : name -> array, kept in float32
    """
    stem = folder / "cells" / cell.name
    if arrays:
        import io

        buffer = io.BytesIO()
        kept: dict[str, Any] = {k: np.asarray(v, np.float32) for k, v in arrays.items()}
        np.savez_compressed(buffer, **kept)
        _replace(stem.with_name(stem.name + ".npz"), buffer.getvalue())
    full = {"schema": SCHEMA, "key": cell.key, **asdict(cell), **record}
    text = json.dumps(full, indent=1, sort_keys=True, default=float)
    _replace(stem.with_name(stem.name + ".json"), text.encode())


def read(folder: Path, cell: Cell) -> dict[str, Any] | None:
    """Return a cell's record, or None; a file that is no record of this schema is an error.

    Raises
    ------
    ValueError
        If the file cannot be read as a record.
    """
    path = folder / "cells" / f"{cell.name}.json"
    if not path.exists():
        return None
    try:
        record: dict[str, Any] = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path} is not a record: {error}; delete it to run the cell again"
        ) from error
    if record.get("schema") != SCHEMA:
        raise ValueError(
            f"{path} has schema {record.get('schema')}, this version reads {SCHEMA}; "
            "use another --out"
        )
    return record


def arrays(folder: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Return the arrays of a record, empty where it has none."""
    name = f"{record['task']}--{record['method']}--{record['seed']}--{record['key']}.npz"
    path = folder / "cells" / name
    if not path.exists():
        path = recorded_folder() / name
    if not path.exists():
        return {}
    with np.load(path) as file:
        return {key: file[key].astype(np.float64) for key in file.files}


def recorded_folder() -> Path:
    """Return the folder of the records that come with the package: runs of many hours."""
    return Path(str(importlib.resources.files("benchmarks"))) / "recorded"


def recorded(cells: list[Cell]) -> dict[str, dict[str, Any]]:
    """Return the records, by key of the cell, that came with the package.

    They count for the same task and version, method, settings and seed, whatever the code is now:
    the record's own key and provenance say what made it.

    Parameters
    ----------
    cells : what is asked for
    """
    kept = {}
    for path in sorted(recorded_folder().glob("*.json")):
        record = json.loads(path.read_text())
        kept[_what(record)] = record
    return {cell.key: kept[what] for cell in cells if (what := _what(asdict(cell))) in kept}


def _what(cell: dict[str, Any]) -> str:
    names = ("task", "task_version", "method", "settings", "seed")
    return json.dumps([cell[name] for name in names], sort_keys=True)


def done(folder: Path, cells: list[Cell], *, retry: bool) -> dict[str, dict[str, Any]]:
    """Return the records, by key, of the cells that need no run.

    Parameters
    ----------
    folder : of the results
    cells : what is asked for
    retry : run failed cells again; skipped ones always are, for what they lacked may be there now
    """
    found = {}
    for cell in cells:
        record = read(folder, cell)
        if record is None or record["status"] == "skipped":
            continue
        if record["status"] in KEPT or not retry:
            found[cell.key] = record
    return found


def write_timings(path: Path, timings: list[Any], memory: dict[str, float]) -> None:
    """Write every sample of the speed suite.

    Parameters
    ----------
    path : of the JSON file
    timings : of `benchmarks.speed`
    memory : megabytes by method
    """
    found = {"schema": SCHEMA, "timings": [asdict(t) for t in timings], "memory_mb": memory}
    _replace(path, json.dumps(found, indent=1).encode())
