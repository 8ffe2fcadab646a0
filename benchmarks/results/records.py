"""Records: one JSON file per cell, and an npz file for its arrays, written so that none is torn."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cells import plugins

SCHEMA = 2
ABANDONED = 60.0  # seconds after which a half-written file has no writer
Record = dict[str, Any]
KEPT = ("ok", "diverged", "skipped")  # results; everything else is a failure that may be retried
DISPLAY_ONLY = (  # decides no result
    "cli/",
    "report/",
    "results/",
    "running/backends",
    "running/runner",
    "running/suites",
)


@dataclass(frozen=True)
class Cell:
    """One thing to run: a task, a method with the settings that a track found, and a seed."""

    task: str
    task_version: int
    method: str
    settings: dict[str, Any]
    seed: int
    track: str = "stored"

    @property
    def key(self) -> str:
        """A hash of everything that decides the result, the code included."""
        text = json.dumps([SCHEMA, asdict(self), code_hash()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """The stem of the cell's files."""
        return f"{self.task}--{self.method}--{self.seed}--{self.key}"


def code_hash() -> str:
    """Return a hash of the sources that decide a result, plugins among them."""
    return _code_hash(tuple((path, path.stat().st_mtime_ns) for path in plugins.loaded()))


@cache
def _code_hash(added: tuple[tuple[Path, int], ...]) -> str:
    digest = hashlib.sha256()
    for package in ("reservoirs", "trainers", "benchmarks"):
        root = Path(str(importlib.resources.files(package)))
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if package != "benchmarks" or not name.startswith(DISPLAY_ONLY):
                digest.update(name.encode() + path.read_bytes())
    for path, _ in added:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def replace_file(path: Path, data: bytes) -> None:
    """Write a file under another name first, so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Delete what writers that were killed in the middle left behind.

    Parameters
    ----------
    folder : of the results; files of the last minute may still be written by somebody else
    """
    for path in (folder / "cells").glob(".*"):
        if time.time() - path.stat().st_mtime > ABANDONED:
            path.unlink(missing_ok=True)


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
        replace_file(stem.with_name(stem.name + ".npz"), buffer.getvalue())
    full = {"schema": SCHEMA, "key": cell.key, **asdict(cell), **record}
    text = json.dumps(full, indent=1, sort_keys=True, default=float)
    replace_file(stem.with_name(stem.name + ".json"), text.encode())


def read(folder: Path, cell: Cell) -> dict[str, Any] | None:
    """Return a cell's record, or None; a file that is no record of this schema is an error."""
    path = folder / "cells" / f"{cell.name}.json"
    return load(path) if path.exists() else None


def every(folder: Path) -> list[dict[str, Any]]:
    """Return all records of a folder, of each cell the newest one whatever code made it.

    Parameters
    ----------
    folder : of the results, with its `cells`
    """
    return newest(load(path) for path in sorted((folder / "cells").glob("*.json")))


def newest(found: Iterable[Record]) -> list[Record]:
    """Return the newest record of each cell, whatever its settings."""
    kept: dict[str, Record] = {}
    for record in found:
        what = _what(record, "settings")
        before = kept.get(what)
        if before is None or started(before) <= started(record):
            kept[what] = record
    return list(kept.values())


def started(record: Record) -> float:
    """Return when a record's cell began, in seconds since 1970."""
    return float(record.get("provenance", {}).get("started", 0.0))


def load(path: Path) -> dict[str, Any]:
    """Return the record in a file.

    Raises
    ------
    ValueError
        If the file cannot be read as a record of this schema.
    """
    try:
        record: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
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


def _what(cell: dict[str, Any], *less: str) -> str:
    names = ("task", "task_version", "method", "settings", "seed", "track")
    return json.dumps([cell[name] for name in names if name not in less], sort_keys=True)


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
    replace_file(path, json.dumps(found, indent=1).encode())
