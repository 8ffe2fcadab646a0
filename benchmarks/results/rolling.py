"""Real files together: geometric means over files of errors against the seasonal naive forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.methods.registry import METHODS
from benchmarks.results.records import Record
from benchmarks.results.tables import group_by_task, metric_value
from benchmarks.tasks import TASKS
from benchmarks.tasks.kinds import Rolling

STUDIES = {
    "real": "Fifteen real files, with which the rules of Forecaster were found",
    "real-fresh": "Six real files, chosen before anybody looked at them",
    "": "Other real files",
}


@dataclass(frozen=True)
class Overall:
    """One method on all files of a study.

    `relative_rmse` is the error over that of the seasonal naive forecast, `mase` the mean absolute
    scaled error, both geometric means over the files, `worst` the largest relative error of a file,
    `worse` the share of single forecasts more than a tenth worse than the seasonal naive one,
    `met_bound` that of forecasts held by their bound. Coverages are means over files, NaN without
    intervals; seconds are those of all fits, at one origin a file. A file that was skipped is left
    out, one that failed is infinitely wrong.
    """

    method: str
    n_files: int
    relative_rmse: float
    mase: float
    worst: float
    worse: float
    met_bound: float
    coverage80: float
    coverage90: float
    seconds: float
    by_file: dict[str, float]

    @property
    def title(self) -> str:
        """The method's name for people."""
        return METHODS[self.method].title


COLUMNS = ("relative_rmse", "mase", "worst", "worse", "met_bound", "coverage80", "coverage90")


def overall(records: Sequence[Record]) -> dict[str, list[Overall]]:
    """Return a row per method, the best first, for each study of real files among the records."""
    studies: dict[str, list[Record]] = {}
    for record in records:
        task = TASKS[record["task"]]
        if issubclass(task.kind, Rolling) and record["status"] != "skipped":
            study = task.study if task.study in STUDIES else ""
            studies.setdefault(study, []).append(record)
    return {
        study: sorted(_rows(studies[study]), key=lambda row: row.relative_rmse)
        for study in STUDIES
        if study in studies
    }


def _rows(records: Sequence[Record]) -> list[Overall]:
    methods = dict.fromkeys(record["method"] for record in records)
    return [_row(name, [r for r in records if r["method"] == name]) for name in methods]


def _row(method: str, records: Sequence[Record]) -> Overall:
    """Return the row of one method from its records of all files and seeds."""
    files = group_by_task(records)

    def values(name: str) -> np.ndarray:
        """Return a metric of every record."""
        return np.array([metric_value(record, name, larger_is_better=False) for record in records])

    def coverage(name: str) -> float:
        found = [m[name] for r in records if name in (m := r.get("metrics", {}))]
        return float(np.mean(found)) if found else np.nan

    by_file = {
        name: _geometric([metric_value(r, "relative_rmse", larger_is_better=False) for r in group])
        for name, group in files.items()
    }
    seconds = [r.get("costs", {}).get("t_fit", np.nan) for r in records]
    return Overall(
        method,
        len(files),
        relative_rmse=_geometric(list(by_file.values())),
        mase=_geometric(values("mase")),
        worst=max(by_file.values()),
        worse=float(values("worse").mean()),
        met_bound=float(values("met_bound").mean()),
        coverage80=coverage("coverage80"),
        coverage90=coverage("coverage90"),
        seconds=float(np.sum(seconds)) * len(files) / len(records),
        by_file=by_file,
    )


def _geometric(values: Sequence[float] | np.ndarray) -> float:
    """Return the geometric mean; a perfect forecast makes it zero."""
    with np.errstate(divide="ignore"):
        return float(np.exp(np.mean(np.log(values))))
