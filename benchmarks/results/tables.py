"""Summaries of records: medians with quartiles over seeds, failures last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.methods.registry import METHODS
from benchmarks.results.records import Record, failed, has_no_result
from benchmarks.tasks import TASKS

LARGER_IS_BETTER = ("vpt", "vpt_median", "accuracy", "capacity", "average")
# unless they rank
HIDDEN = {"amplitude_ratio", "one_step_mse", "censored", "n_symbols", "true_dimension"}
Quartiles = tuple[float, float, float]


@dataclass(frozen=True)
class Row:
    """One method on one task.

    Metrics are (median, lower quartile, upper quartile) over seeds; seconds are medians, of the
    fit, and of fit and prediction. `trained` counts weights; `reasons` say what failed or was
    skipped. The interval is the 95 % bootstrap one of the ranking metric, over seeds and starts.
    `validation` is the score that the settings were chosen by, None where nothing was searched, and
    `tune_seconds` processor time of that search. `noisy` cells ran while the machine had too much
    to do.
    """

    method: str
    metrics: dict[str, Quartiles]
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


def group_by_task(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Group records by task."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record["task"], []).append(record)
    return groups


def metric_names(records: Sequence[Record]) -> list[str]:
    """Return the metrics of one task worth a column, the ranking one last.

    Free runs come by their length.
    """
    names = {name for record in records for name in record.get("metrics", {})}
    ranking = TASKS[records[0]["task"]].ranking

    # One step first, then by horizon, shorter ones first, the metric that ranks last.
    def order(name: str) -> tuple[bool, bool, int, str]:
        number = int("".join(filter(str.isdecimal, name)) or 0)
        return name == ranking, name != "one_step", number, name

    return sorted(names - (HIDDEN - {ranking}), key=order)


def summarise(records: Sequence[Record]) -> list[Row]:
    """Return one row per method of one task, the best first by the ranking metric.

    Records are of all methods and seeds; methods without a result come last.
    """
    names = metric_names(records)
    methods = dict.fromkeys(record["method"] for record in records)
    rows = [_row(m, [r for r in records if r["method"] == m], names) for m in methods]
    ranking = names[-1] if names else ""
    sign = -1.0 if TASKS[records[0]["task"]].larger_is_better else 1.0

    def rank(row: Row) -> float:
        return sign * row.metrics[ranking][0] if ranking in row.metrics else np.inf

    return sorted(rows, key=rank)


def ranking_metric(record: Record) -> str:
    """Return the metric that ranks methods on a record's task.

    It is the task's, else the last of the record's own.
    """
    names = metric_names([record])
    return TASKS[record["task"]].ranking or (names[-1] if names else "")


def ranking_error(record: Record) -> float:
    """Return the ranking metric of a record as an error, infinite where the run failed.

    Where large values are good it is their inverse; a diverged run keeps its finite error.
    """
    if has_no_result(record):
        return np.inf
    larger = TASKS[record["task"]].larger_is_better
    value = metric_value(record, ranking_metric(record), larger)
    return (1.0 / value if value > 0 else np.inf) if larger else value


def regressions(records: Sequence[Record], expected: dict[str, dict[str, float]]) -> list[str]:
    """Return in words which medians are larger than a suite expects.

    `expected` is task -> method -> the largest value of the ranking metric.
    """
    texts = []
    for task, group in group_by_task(records).items():
        # where every cell failed there is no metric, and the task may not name the ranking one
        name = (metric_names(group) or [TASKS[task].ranking or "the error"])[-1]
        for row in summarise(group):
            limit = expected.get(task, {}).get(row.method)
            median = row.metrics[name][0] if name in row.metrics else np.inf
            if limit is not None and not median <= limit:
                texts.append(
                    f"{row.method} on {task}: {name} is {median:.3g}, at most {limit:g} expected"
                )
    return texts


def _row(method: str, records: Sequence[Record], names: list[str]) -> Row:
    """Return the row of one method from its records of one task."""
    metrics = {}
    for name in names:
        # records of an earlier version did not measure everything, which is no failure
        measured = [r for r in records if has_no_result(r) or name in r.get("metrics", {})]
        values = [metric_value(record, name, name in LARGER_IS_BETTER) for record in measured]
        if any(name in record.get("metrics", {}) for record in records):
            metrics[name] = quartiles(values)
    costs = [record.get("costs", {}) for record in records if not has_no_result(record)]
    incomplete = [record for record in records if record["status"] != "ok"]
    larger = TASKS[records[0]["task"]].larger_is_better
    # Records of 0.1.0 say nothing of the search.
    search = next((s for r in records if (s := r.get("search"))), None)
    score = search["score"] if search else None
    return Row(
        method,
        metrics,
        n_seeds=len(records),
        n_failed=sum(failed(record) for record in records),
        fit_seconds=_median([c["t_fit"] for c in costs if "t_fit" in c]),
        total_seconds=_median(
            [c["t_fit"] + c.get("t_predict", 0.0) for c in costs if "t_fit" in c]
        ),
        trained=_median([c["n_params_trained"] for c in costs if "n_params_trained" in c]),
        reasons=tuple(dict.fromkeys(f"{r['status']}: {r['reason']}" for r in incomplete)),
        validation=1.0 / score if score and larger else score,
        tune_seconds=search["seconds"] if search else 0.0,
        noisy=sum(bool(record.get("provenance", {}).get("noisy")) for record in records),
        larger_is_better=larger,
    )


def metric_value(record: Record, name: str, larger_is_better: bool) -> float:
    """Return a metric; a failed cell is infinitely bad."""
    worst = -np.inf if larger_is_better else np.inf
    value = record.get("metrics", {}).get(name, worst)
    return float(value) if value is not None and np.isfinite(value) else worst


def quartiles(values: Sequence[float]) -> Quartiles:
    """Return the median and the lower and upper quartile, infinities allowed.

    The values are those of the seeds.
    """
    ordered = np.sort(values)
    # No interpolation towards an infinity, which would be infinite or undefined.
    method: Literal["lower", "higher", "linear"] = "linear"
    if np.isinf(ordered[0]):
        method = "lower"
    elif np.isinf(ordered[-1]):
        method = "higher"
    median, low, high = np.quantile(ordered, [0.5, 0.25, 0.75], method=method)
    return float(median), float(low), float(high)


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else float("nan")


def format_number(value: float) -> str:
    """Return a number in few characters.

    "-" for NaN.

    Examples
    --------
    >>> format_number(0.25), format_number(1e-9), format_number(float("nan"))
    ('0.250', '1.0e-09', '-')
    """
    if np.isnan(value):
        return "-"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    return f"{value:.3f}" if 1e-3 <= abs(value) < 1e3 else f"{value:.1e}"


def format_quartiles(spread: Quartiles | None) -> str:
    """Return a median with its quartiles.

    "-" for None, the median alone where all are equal.
    """
    if spread is None:
        return "-"
    median, low, high = (format_number(v) for v in spread)
    return median if low == median == high else f"{median} [{low}, {high}]"


def format_count(value: float) -> str:
    """Return a number rounded to an integer.

    "-" for NaN.
    """
    return "-" if np.isnan(value) else f"{value:.0f}"
