"""Summaries of records: medians with quartiles over seeds, failures last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.methods.registry import METHODS
from benchmarks.results.records import KEPT, Record
from benchmarks.tasks import TASKS, Task
from benchmarks.tuning import search as tuning

LARGER_IS_BETTER = ("vpt", "vpt_median", "accuracy", "capacity")


@dataclass(frozen=True)
class Row:
    """One method on one task.

    Attributes
    ----------
    method : its key
    metrics : name -> (median, lower quartile, upper quartile) over seeds
    n_seeds, n_failed : cells, and those without an "ok" result
    fit_seconds, total_seconds : medians, of the fit, and of fit and prediction
    trained : trained weights
    reasons : what failed or was skipped
    interval : 95 % bootstrap interval of the ranking metric, over seeds and starts
    validation : the score that its settings were chosen by, None where nothing was chosen
    tune_seconds : processor time of that search
    noisy : cells that ran while the machine had too much to do
    larger_is_better : of the ranking metric
    """

    method: str
    metrics: dict[str, tuple[float, float, float]]
    n_seeds: int
    n_failed: int
    fit_seconds: float
    total_seconds: float
    trained: float
    reasons: tuple[str, ...]
    interval: tuple[float, float] | None = None
    validation: float | None = None
    tune_seconds: float = 0.0
    noisy: int = 0
    larger_is_better: bool = False

    @property
    def title(self) -> str:
        """The method's name for people."""
        return METHODS[self.method].title


def by_task(records: list[Record]) -> dict[str, list[Record]]:
    """Group records by task, in their order."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record["task"], []).append(record)
    return groups


def metric_names(records: list[Record]) -> list[str]:
    """Return the metrics of one task worth a column, the ranking one last."""
    found = {name for record in records for name in record.get("metrics", {})}
    ranking = TASKS[records[0]["task"]].ranking
    hidden = {"amplitude_ratio", "one_step_mse", "censored", "n_symbols"} - {ranking}

    def order(name: str) -> tuple[bool, bool, int]:
        return name == ranking, name != "one_step", int("".join(filter(str.isdigit, name)) or 0)

    return sorted(found - hidden, key=order)


def summarise(records: list[Record]) -> list[Row]:
    """Return one row per method of one task, the best first by the ranking metric.

    Parameters
    ----------
    records : of one task, all methods and seeds
    """
    names = metric_names(records)
    methods = list(dict.fromkeys(record["method"] for record in records))
    rows = [_row(m, [r for r in records if r["method"] == m], names) for m in methods]
    ranking = names[-1] if names else ""
    sign = -1.0 if TASKS[records[0]["task"]].larger_is_better else 1.0

    def rank(row: Row) -> float:
        return sign * row.metrics[ranking][0] if ranking in row.metrics else np.inf

    return sorted(rows, key=rank)


def ranking_of(record: Record) -> str:
    """Return the metric that ranks methods on a record's task: the task's, else the last one."""
    names = metric_names([record])
    return TASKS[record["task"]].ranking or (names[-1] if names else "")


def error(record: Record) -> float:
    """Return the ranking metric of a record as an error, infinite where the run failed.

    Where large values are good it is their inverse; a diverged run keeps its finite error.
    """
    if record["status"] not in KEPT:
        return np.inf
    larger = TASKS[record["task"]].larger_is_better
    found = value(record, ranking_of(record), larger)
    return (1.0 / found if found > 0 else np.inf) if larger else found


def regressions(found: list[Record], expected: dict[str, dict[str, float]]) -> list[str]:
    """Return in words which medians are larger than a suite expects, none where all is well.

    Parameters
    ----------
    found : records
    expected : task -> method -> largest value of the ranking metric
    """
    worse = []
    for task, group in by_task(found).items():
        for row in summarise(group):
            limit = expected.get(task, {}).get(row.method)
            names = metric_names(group)
            middle = row.metrics[names[-1]][0] if names and names[-1] in row.metrics else np.inf
            if limit is not None and not middle <= limit:
                worse.append(f"{row.method} on {task}: {names[-1]} is {middle:.3g}, at most "
                             f"{limit:g} expected")  # fmt: skip
    return worse


def _row(method: str, records: list[Record], names: list[str]) -> Row:
    metrics = {}
    for name in names:
        values = [value(record, name, name in LARGER_IS_BETTER) for record in records]
        if any(name in record.get("metrics", {}) for record in records):
            metrics[name] = quartiles(values)
    costs = [record.get("costs", {}) for record in records if record["status"] in KEPT]
    bad = [record for record in records if record["status"] != "ok"]
    failed = [record for record in bad if record["status"] != "skipped"]
    task, track = TASKS[records[0]["task"]], records[0].get("track", "default")
    log = {} if track == "default" else tuning.stored(task.settings_key, method, track)
    return Row(
        method,
        metrics,
        len(records),
        len(failed),
        _median([c["t_fit"] for c in costs if "t_fit" in c]),
        _median([c["t_fit"] + c.get("t_predict", 0.0) for c in costs if "t_fit" in c]),
        _median([c["n_params_trained"] for c in costs if "n_params_trained" in c]),
        tuple(dict.fromkeys(f"{r['status']}: {r['reason']}" for r in bad)),
        validation=_validation(task, log),
        tune_seconds=log.get("seconds", 0.0),
        noisy=sum(bool(record.get("provenance", {}).get("noisy")) for record in records),
        larger_is_better=task.larger_is_better,
    )


def _validation(task: Task, log: dict[str, Any]) -> float | None:
    """Return the score of a search in the unit of the task's metric."""
    if not log:
        return None
    return 1.0 / log["score"] if task.larger_is_better else float(log["score"])


def value(record: Record, name: str, larger_is_better: bool) -> float:
    """Return a metric; a failed cell is infinitely bad."""
    worst = -np.inf if larger_is_better else np.inf
    found = record.get("metrics", {}).get(name, worst)
    return float(found) if found is not None and np.isfinite(found) else worst


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Return the median and the lower and upper quartile, infinities allowed."""
    ordered = np.sort(values)
    method: Any = (
        "lower" if np.isinf(ordered[0]) else "higher" if np.isinf(ordered[-1]) else "linear"
    )
    return tuple(  # type: ignore[return-value] # three numbers
        float(np.quantile(ordered, q, method=method)) for q in (0.5, 0.25, 0.75)
    )


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else float("nan")


def number(value: float) -> str:
    """Return a number in few characters, "-" for none."""
    if np.isnan(value):
        return "-"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    return f"{value:.3f}" if 1e-3 <= abs(value) < 1e3 else f"{value:.1e}"


def cell(spread: tuple[float, float, float] | None) -> str:
    """Return a median with its quartiles."""
    if spread is None:
        return "-"
    middle, low, high = (number(v) for v in spread)
    return middle if low == middle == high else f"{middle} [{low}, {high}]"


def count(value: float) -> str:
    """Return a whole number, "-" for none."""
    return "-" if np.isnan(value) else f"{value:.0f}"
