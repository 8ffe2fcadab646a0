"""Records: one JSON file per cell, and an npz file for its arrays, written so that none is torn."""

from __future__ import annotations

import io
import json
import logging
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypedDict, cast
from zipfile import BadZipFile

import numpy as np

from benchmarks.cells import archive
from benchmarks.cells.cell import SCHEMA, Cell
from benchmarks.cells.files import replace_file
from benchmarks.results.fields import find_fault
from benchmarks.tasks.data import Array

ABANDONED = 60.0  # seconds after which a half-written file has no writer
NOT_FAILED = ("ok", "skipped")  # any other status is a failure
WITH_RESULT = ("ok", "diverged", "skipped")  # any other may be retried
LOGGER = logging.getLogger("benchmarks")
_SAID: set[Path] = set()  # files that were complained about
IDENTITY = ("task", "task_version", "method", "settings", "seed", "track")


class Record(TypedDict, total=False):
    """What a cell left: what was asked for, how it ended, its metrics and costs.

    The key is the cell's hash; task, seed and version are of the data, the search has score and
    seconds. The status is "ok", "diverged" (a result all the same), "skipped", or a failure:
    "error", "memory", "timeout" or "killed", for which there is a reason; `tail` are the last lines
    of an error's traceback. Metrics and costs are numbers by name; the provenance has versions,
    machine, load and the time of the start. The last three are seconds, processor seconds and
    megabytes of the cell's process.
    """

    schema: int
    key: str
    task: str
    task_version: int
    method: str
    settings: dict[str, Any]
    seed: int
    track: str
    search: dict[str, float] | None
    status: str
    reason: str
    tail: list[str]
    metrics: dict[str, float]
    costs: dict[str, float]
    provenance: dict[str, Any]
    t_total: float
    cpu_s: float
    peak_mem_mb: float


def failed(record: Record) -> bool:
    """Tell whether a record holds a failure: what tables count, and what a run exits with 1 for.

    A diverged cell has failed, though it has a result; a skipped one lacks what it needs, which is
    no failure.
    """
    return record["status"] not in NOT_FAILED


def has_no_result(record: Record) -> bool:
    """Tell whether a record holds no metrics, for its cell ended before it had some."""
    return record["status"] not in WITH_RESULT


def remove_abandoned(folder: Path) -> None:
    """Delete what writers that were killed in the middle left behind.

    Files of the last minute may still be written by somebody else, and stay.
    """
    for path in (folder / "cells").glob(".*"):
        if time.time() - path.stat().st_mtime > ABANDONED:
            path.unlink(missing_ok=True)


def write_record(
    folder: Path, cell: Cell, outcome: Record, arrays: Mapping[str, Array] | None = None
) -> None:
    """Write a cell's arrays, then its record: a record that is there is complete.

    The outcome holds status, reason, metrics and costs; arrays are stored in float32.
    """
    # with_suffix() would cut names that hold a dot (sine_noisy_0.1).
    stem = folder / "cells" / cell.name
    if arrays:
        buffer = io.BytesIO()
        stored: dict[str, Any] = {k: np.asarray(v, np.float32) for k, v in arrays.items()}
        np.savez_compressed(buffer, **stored)
        replace_file(stem.with_name(stem.name + ".npz"), buffer.getvalue())
    record = {"schema": SCHEMA, "key": cell.key, **asdict(cell), **outcome}
    # Metrics and settings may be numbers of NumPy, which JSON does not know.
    text = json.dumps(record, indent=1, sort_keys=True, default=float)
    replace_file(stem.with_name(stem.name + ".json"), text.encode())


def read_record(folder: Path, cell: Cell) -> Record | None:
    """Return a cell's record.

    None where the cell was not run, or where its file was not whole.
    """
    path = folder / "cells" / f"{cell.name}.json"
    return read_whole(path) if path.exists() else None


def read_whole(path: Path) -> Record | None:
    """Return the record in a file, or set the file aside if it holds none.

    A file that is not whole gives None and is renamed to end in ".bad", so that its cell runs
    again.

    Raises
    ------
    ValueError
        If a record has another schema.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        _set_aside(path, f"{type(error).__name__}: {error}")
        return None
    schema = content.get("schema") if isinstance(content, dict) else None
    if isinstance(schema, int) and schema != SCHEMA:
        raise ValueError(
            f"{path} has schema {schema}, this version reads {SCHEMA}; use another --out"
        )
    fault = find_fault(content)
    if fault:
        _set_aside(path, fault)
        return None
    return cast(Record, content)


def _set_aside(path: Path, fault: str) -> None:
    bad = path.with_name(path.name + ".bad")
    try:
        path.replace(bad)
        where = f"it is now {bad.name}, and its cell runs again"
    except FileNotFoundError:  # another command was faster, and has said so
        return
    except OSError as error:
        where = f"it is ignored, and cannot be renamed: {error.strerror}"
    if path not in _SAID:
        LOGGER.warning("%s is not a record: %s; %s", path, fault, where)
        _SAID.add(path)


def newest_records(folder: Path) -> list[Record]:
    """Return the records of a folder, of each cell the newest one whatever code made it.

    The folder has `cells`; records come in the order of their files.
    """
    return drop_older(records_in(folder))


def records_in(folder: Path) -> Iterator[Record]:
    """Return every record of a folder, after setting aside what is not one.

    The folder has `cells`; records come in the order of their files.
    """
    for path in sorted((folder / "cells").glob("*.json")):
        record = read_whole(path)
        if record is not None:
            yield record


def drop_older(records: Iterable[Record]) -> list[Record]:
    """Return the newest record of each cell, whatever its settings.

    Records may be of several versions of the code, or of several folders; one stays per task,
    version, method, seed and track.
    """
    newest: dict[str, Record] = {}
    for record in records:
        cell = identity(record, "settings")
        if cell not in newest or start_time(newest[cell]) <= start_time(record):
            newest[cell] = record
    return list(newest.values())


def start_time(record: Record) -> float:
    """Return when a record's cell began.

    In seconds since 1970, 0 where it does not say.
    """
    return float(record.get("provenance", {}).get("started", 0.0))


def load_arrays(folder: Path, record: Record) -> dict[str, Array]:
    """Return the arrays of a record.

    The record is of that folder, or of the archive; the result is empty where it has none.
    """
    name = f"{record['task']}--{record['method']}--{record['seed']}--{record['key']}.npz"
    path = folder / "cells" / name
    if path.exists():
        content = path.read_bytes()
    else:
        content = _archived(f"runs/{name}").get(f"runs/{name}", b"")
    if not content:
        return {}
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return {key: file[key].astype(np.float64) for key in file.files}
    except (BadZipFile, EOFError, OSError, TypeError, ValueError, zlib.error) as error:
        if path not in _SAID:
            LOGGER.warning("the arrays of %s are damaged and not drawn: %s", path, error)
            _SAID.add(path)
        return {}


def archived_records(cells: Iterable[Cell]) -> dict[str, Record]:
    """Return the records of long runs that the archive of the source tree holds.

    They count for the same task and version, method, settings and seed, whatever the code is now:
    the record's own key and provenance say what made it.

    The result is by key of the cell, empty where there is no archive, as in an installed package.
    """
    archived: dict[str, Record] = {}
    for content in _archived("runs/*.json").values():
        record = cast(Record, json.loads(content))
        archived[identity(record)] = record
    identities = {cell.key: identity(cell.identity) for cell in cells}
    return {key: archived[cell] for key, cell in identities.items() if cell in archived}


def _archived(pattern: str) -> dict[str, bytes]:
    """Return files of the archive, none where it is absent."""
    return archive.read_archive(pattern) if archive.archive_file().exists() else {}


def identity(record: Mapping[str, Any], *without: str) -> str:
    """Return what was asked for as text, some of it left out.

    `record` may be the identity of a cell too; `without` are fields that do not count. Equal for
    the same cell.
    """
    fields = {name: record[name] for name in IDENTITY if name not in without}
    return json.dumps(fields, sort_keys=True)


def finished(folder: Path, cells: Iterable[Cell], *, retry: bool = False) -> dict[str, Record]:
    """Return the records of the cells that need no run.

    The result is by key of the cell. With `retry` cells without a result run again; skipped
    ones always do, for what they lacked may be there.
    """
    records = {}
    for cell in cells:
        record = read_record(folder, cell)
        # What a skipped cell lacked may be installed by now.
        if record is None or record["status"] == "skipped" or (retry and has_no_result(record)):
            continue
        records[cell.key] = record
    return records
