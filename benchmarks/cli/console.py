"""What a terminal shows: the consoles, and tables of results."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.methods.registry import METHODS
from benchmarks.results import tables
from benchmarks.results.records import Record
from benchmarks.results.rolling import COLUMNS, STUDIES, overall
from benchmarks.running.suites import UsageError
from benchmarks.tasks import TASKS

RESULTS = Path("results")  # the default of --out
# a pipe has no width to ask for, but may be told one
console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 110)
errors = Console(stderr=True)


def check_positive(value: float, option: str) -> None:
    """Raise a UsageError for a number that is not positive.

    Raises
    ------
    UsageError
        If it is zero, negative or NaN.
    """
    if not value > 0:
        raise UsageError(f"{option} must be positive, got {value}")


def print_json(value: object) -> None:
    """Print a value as JSON, infinities as strings.

    Dictionaries, lists, strings and numbers are printed as they are, others as their text.
    """
    sys.stdout.write(json.dumps(_finite(value), indent=1, default=str) + "\n")


def _finite(value: object) -> object:
    """Return a value with infinities and NaN as strings, which JSON does not have."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value


def print_results(records: Sequence[Record]) -> None:
    """Print a table per task: medians over seeds."""
    for name, group in tables.group_by_task(records).items():
        task, names = TASKS[name], tables.metric_names(group)
        note = f" ({task.note})" if task.note else ""
        table = Table(title=f"{task.title}{note}", title_justify="left", header_style="bold")
        table.add_column("method")
        for column in (*(n.replace("_", " ") for n in names), "failed", "fit, s", "weights"):
            table.add_column(column, justify="right")
        rows = tables.summarise(group)
        for row in rows:
            medians = (row.metrics.get(n, (np.nan,))[0] for n in names)
            table.add_row(
                row.title,
                *map(tables.format_number, medians),
                f"{row.n_failed}/{row.n_seeds}",
                tables.format_number(row.fit_seconds),
                tables.format_count(row.trained),
                style="dim" if METHODS[row.method].kind == "baseline" else "",
            )
        console.print(table)
        _print_reasons(rows)
    _print_studies(records)
    console.print(
        "medians over seeds; errors of forecasts are NRMSE (0 perfect, 1 the mean); the report has "
        "quartiles and intervals"
    )


def _print_studies(records: Sequence[Record]) -> None:
    """Print a table per group of real files: geometric means, relative to the seasonal naive."""
    for study, rows in overall(records).items():
        table = Table(title=STUDIES[study], title_justify="left", header_style="bold")
        table.add_column("method")
        for column in ("files", *(name.replace("_", " ") for name in COLUMNS), "fits, s"):
            table.add_column(column, justify="right")
        for row in rows:
            values = (getattr(row, name) for name in COLUMNS)
            table.add_row(
                row.title,
                str(row.n_files),
                *map(tables.format_number, values),
                tables.format_number(row.seconds),
                style="dim" if METHODS[row.method].kind == "baseline" else "",
            )
        console.print(table)


def _print_reasons(rows: list[tables.Row]) -> None:
    """Print why cells failed or were skipped, each reason once with the methods it met."""
    titles: dict[str, list[str]] = {}
    for row in rows:
        for reason in row.reasons:
            titles.setdefault(reason, []).append(row.title)
    for reason, names in titles.items():
        console.print(f"  {reason} ({', '.join(names)})", markup=False, highlight=False)
