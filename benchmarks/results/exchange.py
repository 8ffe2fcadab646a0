"""Records as a table for other programs, several folders as one, and two folders compared."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import records, statistics, tables
from benchmarks.results.records import Record
from benchmarks.results.statistics import FEWEST, Pair
from benchmarks.tasks import TASKS


def results_folders(folder: Path) -> list[Path]:
    """Return the folders with cells at or below a folder.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = sorted(path.parent for path in folder.rglob("cells") if path.is_dir())
    if not found:
        raise ValueError(f"{folder} holds no results: there is no folder `cells` in or below it")
    return found


def all_records(folder: Path) -> list[Record]:
    """Return the newest record of every cell at or below a folder, once each."""
    return records.newest(r for path in results_folders(folder) for r in records.every(path))


def rows(found: Iterable[Record]) -> list[dict[str, Any]]:
    """Return records as flat rows: metrics as m.name, costs and provenance by name."""
    flat = []
    for record in found:
        row = {k: v for k, v in record.items() if not isinstance(v, dict | list)}
        row["settings"] = json.dumps(record["settings"], sort_keys=True)
        row |= {f"m.{name}": value for name, value in record.get("metrics", {}).items()}
        row |= record.get("costs", {})
        flat.append(row | record.get("provenance", {}))
    return flat


def export(folder: Path, output: Path) -> int:
    """Write all records at or below a folder as one table; return their number.

    Parameters
    ----------
    folder : of results
    output : file.csv, file.json or file.parquet (which needs pandas and pyarrow)

    Raises
    ------
    ValueError
        For another ending.
    """
    found = rows(all_records(folder))
    if output.suffix == ".json":
        records.replace_file(output, json.dumps(found, indent=1).encode())
    elif output.suffix == ".csv":
        names = list(dict.fromkeys(name for row in found for name in row))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, names)
        writer.writeheader()
        writer.writerows(found)
        records.replace_file(output, text.getvalue().encode())
    elif output.suffix == ".parquet":
        import pandas

        pandas.DataFrame(found).to_parquet(output)
    else:
        raise ValueError(f"the output must end in .csv, .json or .parquet, got {output}")
    return len(found)


def merge(folders: list[Path], out: Path) -> int:
    """Copy the cells of several folders into one; of the same cell the newer record stays.

    Parameters
    ----------
    folders : each holds `cells`
    out : folder that gets them

    Returns
    -------
    How many records were new or newer.

    Raises
    ------
    ValueError
        If a folder holds no results.
    """
    for folder in folders:
        if not (folder / "cells").is_dir():
            raise ValueError(f"{folder} holds no results: there is no folder {folder / 'cells'}")
    count = 0
    for folder in folders:
        for path in sorted((folder / "cells").glob("*.json")):
            target = out / "cells" / path.name
            record = records.load(path)
            if target.exists() and not _newer(record, records.load(target)):
                continue
            arrays = path.with_suffix(".npz")
            if arrays.exists():
                records.replace_file(target.with_suffix(".npz"), arrays.read_bytes())
            records.replace_file(target, path.read_bytes())
            count += 1
    return count


def _newer(record: Record, other: Record) -> bool:
    """Tell whether a record replaces another: a result any failure, else the later one."""
    good, was_good = (r["status"] in records.KEPT for r in (record, other))
    if good != was_good:
        return good
    return records.started(record) > records.started(other)


@dataclass(frozen=True)
class Change:
    """How one method did on one task in two sets of records.

    Attributes
    ----------
    task, method : keys
    pair : of the errors of the same seeds; of their inverse where large is good
    corrected : p by Holm's method over all comparisons, None from fewer than six seeds
    failed_before, failed_after : runs without result
    regression : whether the second is worse beyond the tolerance
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


def compare(before: list[Record], after: list[Record], tolerance: float) -> list[Change]:
    """Compare the ranking metric of the cells that two sets of records share.

    A regression is a median ratio of errors above the tolerance whose interval excludes 1 (from six
    seeds on; with fewer, the ratio of every seed must be above it), or a run that failed anew.

    Parameters
    ----------
    before, after : records
    tolerance : largest ratio of errors that is no regression
    """
    old, new = _by_cell(before), _by_cell(after)
    found = []
    for task, method in dict.fromkeys(key[:2] for key in old if key in new):
        seeds = sorted(key[2] for key in old if key[:2] == (task, method) and key in new)
        a = np.array([tables.error(old[task, method, seed]) for seed in seeds])
        b = np.array([tables.error(new[task, method, seed]) for seed in seeds])
        if np.isnan(a).all():
            continue
        found.append((task, method, a, b, statistics.paired(a, b)))
    tested = [pair.p for *_, pair in found if pair.p is not None]
    corrected = iter(statistics.holm(tested))
    changes = []
    for task, method, a, b, pair in found:
        p = next(corrected) if pair.p is not None else None
        failed = int(np.isinf(a).sum()), int(np.isinf(b).sum())
        lowest = pair.low if pair.n >= FEWEST else _smallest_ratio(a, b)
        worse = pair.ratio > tolerance and lowest > (1.0 if pair.n >= FEWEST else tolerance)
        changes.append(Change(task, method, pair, p, *failed, worse or failed[1] > failed[0]))
    return changes


def _smallest_ratio(a: Any, b: Any) -> float:
    return min(statistics.paired(a[i : i + 1], b[i : i + 1]).ratio for i in range(len(a)))


def _by_cell(found: list[Record]) -> dict[tuple[str, str, int], Record]:
    return {
        (r["task"], r["method"], r["seed"]): r
        for r in found
        if r["task"] in TASKS and r["status"] != "skipped"
    }
