"""Records as a table for other programs, several folders as one, and two folders compared."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cells.files import replace_file
from benchmarks.methods.registry import METHODS
from benchmarks.results import records, statistics, tables
from benchmarks.results.records import Record
from benchmarks.results.statistics import MIN_PAIRS, Pair
from benchmarks.tasks import TASKS
from benchmarks.tasks.data import Array


def results_folders(folder: Path) -> list[Path]:
    """Return the folders with cells at or below a folder.

    Raises
    ------
    ValueError
        If there is none.
    """
    folders = sorted(path.parent for path in folder.rglob("cells") if path.is_dir())
    if not folders:
        raise ValueError(f"{folder} holds no results: there is no folder `cells` in or below it")
    return folders


def all_records(folder: Path) -> list[Record]:
    """Return the newest record of every cell at or below a folder.

    A ValueError is raised if there are no results.
    """
    return records.drop_older(
        record for path in results_folders(folder) for record in records.newest_records(path)
    )


def page_records(folder: Path, asked: Sequence[Record] = ()) -> list[Record]:
    """Return the records that the page of a folder shows: all of them, whatever was asked for.

    Those of a run, `asked`, come first: those of the archive are not in the folder. Tasks and
    methods of a plugin that is not given now can be neither titled nor ranked, and are left out.
    """
    shown = {records.identity(record, "settings"): record for record in asked}
    for record in records.newest_records(folder):
        shown.setdefault(records.identity(record, "settings"), record)
    return [r for r in shown.values() if r["task"] in TASKS and r["method"] in METHODS]


def flatten(cell_records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return records as rows of a table: metrics as m.name, costs and provenance by name.

    Rows hold numbers and text, the settings as JSON.
    """
    rows = []
    for record in cell_records:
        row = {k: v for k, v in record.items() if not isinstance(v, dict | list)}
        row["settings"] = json.dumps(record["settings"], sort_keys=True)
        row |= {f"m.{name}": value for name, value in record.get("metrics", {}).items()}
        row |= record.get("costs", {})
        rows.append(row | record.get("provenance", {}))
    return rows


def export(folder: Path, output: Path) -> int:
    """Write all records at or below a folder as one table.

    The output is a file.csv, file.json or file.parquet (which needs pandas and pyarrow). The number
    of rows is returned.

    Raises
    ------
    ValueError
        For another ending.
    """
    rows = flatten(all_records(folder))
    if output.suffix == ".json":
        replace_file(output, json.dumps(rows, indent=1).encode())
    elif output.suffix == ".csv":
        replace_file(output, _as_csv(rows).encode())
    elif output.suffix == ".parquet":
        import pandas

        buffer = io.BytesIO()
        pandas.DataFrame(rows).to_parquet(buffer)
        replace_file(output, buffer.getvalue())
    else:
        raise ValueError(f"the output must end in .csv, .json or .parquet, got {output}")
    return len(rows)


def _as_csv(rows: list[dict[str, Any]]) -> str:
    # Not by pandas, which turns integers of a column with gaps into floats.
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def merge(folders: Sequence[Path], out: Path) -> int:
    """Copy the cells of several folders into one; of the same cell the newer record stays.

    Each folder holds `cells`. The number of records that were new or newer is returned.

    Raises
    ------
    ValueError
        If a folder holds no results.
    """
    for folder in folders:
        if not (folder / "cells").is_dir():
            raise ValueError(f"{folder} holds no results: there is no folder {folder / 'cells'}")
    paths = [path for folder in folders for path in sorted((folder / "cells").glob("*.json"))]
    return sum(_copy(path, out / "cells" / path.name) for path in paths)


def _copy(path: Path, target: Path) -> bool:
    """Copy a record and its arrays, unless the target is newer; tell whether it was copied."""
    record = records.read_whole(path)
    if record is None:
        return False
    there = records.read_whole(target) if target.exists() else None
    if there is not None and not _replaces(record, there):
        return False
    # Arrays first: a record that is there says that its arrays are too.
    arrays = path.with_suffix(".npz")
    if arrays.exists():
        replace_file(target.with_suffix(".npz"), arrays.read_bytes())
    replace_file(target, path.read_bytes())
    return True


def _replaces(record: Record, other: Record) -> bool:
    """Tell whether a record replaces another: a result any failure, else the later one."""
    if records.has_no_result(record) != records.has_no_result(other):
        return records.has_no_result(other)
    return records.start_time(record) > records.start_time(other)


@dataclass(frozen=True)
class Change:
    """How one method did on one task in two sets of records.

    The pair is of the errors of the same seeds, of their inverse where large is good. `corrected`
    is the p-value by Holm's method over all comparisons, None from fewer than six seeds. Failures
    are runs without result; a regression is worse beyond the tolerance.
    """

    task: str
    method: str
    pair: Pair
    corrected: float | None
    failed_before: int
    failed_after: int
    regression: bool

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def compare(before: Sequence[Record], after: Sequence[Record], tolerance: float) -> list[Change]:
    """Compare the ranking metric of the cells that two sets of records share.

    A regression is a median ratio of errors above the tolerance whose interval excludes 1 (from six
    seeds on; with fewer, the ratio of every seed must be above it), or a run that failed anew.

    The tolerance is the largest ratio of errors that is not a regression. The result has one change
    per task and method.
    """
    errors = _paired_errors(before, after)
    pairs = {key: statistics.compare_pairs(a, b) for key, (a, b) in errors.items()}
    # Holm's method needs all p-values at once; they are handed out again in the same order.
    corrected = iter(statistics.correct_holm([p.p for p in pairs.values() if p.p is not None]))
    changes = []
    for (task, method), pair in pairs.items():
        a, b = errors[task, method]
        p = next(corrected) if pair.p is not None else None
        failed_before, failed_after = int(np.isinf(a).sum()), int(np.isinf(b).sum())
        if pair.n >= MIN_PAIRS:
            worse = pair.ratio > tolerance and pair.low > 1.0
        else:
            worse = pair.ratio > tolerance and _smallest_ratio(a, b) > tolerance
        regression = worse or failed_after > failed_before
        changes.append(Change(task, method, pair, p, failed_before, failed_after, regression))
    return changes


def _paired_errors(
    before: Sequence[Record], after: Sequence[Record]
) -> dict[tuple[str, str], tuple[Array, Array]]:
    """Return the errors of the seeds that both have, by task and method."""
    old, new = _by_cell(before), _by_cell(after)
    errors = {}
    for task, method in dict.fromkeys(key[:2] for key in old if key in new):
        seeds = sorted(key[2] for key in old if key[:2] == (task, method) and key in new)
        a, b = (
            np.array([tables.ranking_error(cells[task, method, seed]) for seed in seeds])
            for cells in (old, new)
        )
        if not np.isnan(a).all():
            errors[task, method] = a, b
    return errors


def _smallest_ratio(a: Array, b: Array) -> float:
    return min(statistics.compare_pairs(a[i : i + 1], b[i : i + 1]).ratio for i in range(len(a)))


def _by_cell(cell_records: Sequence[Record]) -> dict[tuple[str, str, int], Record]:
    return {
        (r["task"], r["method"], r["seed"]): r
        for r in cell_records
        if r["task"] in TASKS and r["status"] != "skipped"
    }
