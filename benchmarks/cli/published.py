"""The command that sets published numbers beside ours."""

from __future__ import annotations

import argparse

from rich.table import Table

from benchmarks.cli.console import console, print_json
from benchmarks.results import exchange, published
from benchmarks.results.published import Entry
from benchmarks.results.tables import format_number
from benchmarks.running.suites import check_names


def records(options: argparse.Namespace) -> int:
    """Print published numbers beside ours, after renewing ours if asked."""
    if options.update:
        count = published.update(exchange.all_records(options.update))
        console.print(f"{count} numbers of ours renewed from {options.update}", highlight=False)
    tasks = check_names(options.name, published.published_tasks(), "task with published numbers")
    entries = published.entries(tasks)
    if options.json:
        print_json([entry.as_dict() for entry in entries])
    else:
        console.print(_table(entries), highlight=False, markup=False)
        console.print("a number marked ? was recalled, not read again in its source")
    return 0


def _table(entries: list[Entry]) -> Table:
    columns = (
        "task, method, metric",
        "published",
        "ours [quartiles]",
        "aim",
        "sources; what differs",
    )
    table = Table(*columns, show_lines=True)
    for entry in entries:
        table.add_row(
            f"{entry.task}\n{entry.method}\n{entry.metric}",
            "\n".join(entry.values()) or "-",
            _describe_ours(entry),
            entry.verdict(),
            "\n".join([*entry.sources(), entry.differs]).strip(),
        )
    return table


def _describe_ours(entry: Entry) -> str:
    """Return our median with quartiles, and how many runs failed."""
    ours = entry.ours
    if not ours:
        return "not run"
    median, low, high = (format_number(ours[name]) for name in ("median", "low", "high"))
    return f"{median} [{low}, {high}]\nn={ours['n']}, {ours['failed']} failed"
