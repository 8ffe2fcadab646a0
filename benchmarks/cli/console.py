"""What a terminal shows: the consoles, and tables of results."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.methods.registry import METHODS
from benchmarks.results import tables
from benchmarks.tasks import TASKS

console = Console(width=None if sys.stdout.isatty() else 110)  # a pipe has no width to ask for
errors = Console(stderr=True)


def as_json(value: Any) -> None:
    """Print a value as JSON, infinities as strings."""
    sys.stdout.write(json.dumps(_plain(value), indent=1, default=str) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value


def results(found: list[dict[str, Any]]) -> None:
    """Print a table per task: medians over seeds."""
    for name, group in tables.by_task(found).items():
        task, names = TASKS[name], tables.metric_names(group)
        note = f" ({task.note})" if task.note else ""
        table = Table(title=f"{task.title}{note}", title_justify="left", header_style="bold")
        table.add_column("method")
        for metric in names:
            table.add_column(metric.replace("_", " "), justify="right")
        for column in ("failed", "fit, s", "weights"):
            table.add_column(column, justify="right")
        rows = tables.summarise(group)
        for row in rows:
            table.add_row(
                row.title,
                *(tables.number(row.metrics.get(n, (np.nan,))[0]) for n in names),
                f"{row.n_failed}/{row.n_seeds}",
                tables.number(row.fit_seconds),
                tables.count(row.trained),
                style="dim" if METHODS[row.method].kind == "baseline" else "",
            )
        console.print(table)
        _reasons(rows)
    console.print(
        "medians over seeds; errors of forecasts are NRMSE (0 perfect, 1 the mean); the report has "
        "quartiles and intervals"
    )


def _reasons(rows: list[tables.Row]) -> None:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        for reason in row.reasons:
            reasons.setdefault(reason, []).append(row.title)
    for reason, titles in reasons.items():
        console.print(f"  {reason} ({', '.join(titles)})", markup=False, highlight=False)
