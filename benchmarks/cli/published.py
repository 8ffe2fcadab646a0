"""The command that sets published numbers beside ours."""

from __future__ import annotations

import argparse
from textwrap import fill, indent

from rich.table import Table

from benchmarks.cli.console import console, print_json
from benchmarks.results import exchange, published
from benchmarks.results.published import Entry
from benchmarks.results.tables import format_number
from benchmarks.running.suites import check_names

WIDE = 100  # columns from which on the table is legible


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
        if console.width >= WIDE:
            console.print(_table(entries), highlight=False, markup=False)
        else:
            _print_blocks(entries)
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


def _print_blocks(entries: list[Entry]) -> None:
    """Print every number as a few short lines, for a narrow terminal."""
    for entry in entries:
        console.print(f"{entry.task}, {entry.method}: {entry.metric}", style="bold", markup=False)
        sources = [*entry.sources(), *([""] * len(entry.values()))]
        lines = [f"published {v} ({s})" for v, s in zip(entry.values(), sources, strict=False)]
        ours = _describe_ours(entry).replace("\n", ", ")
        lines += [f"ours {ours}; aim: {entry.verdict()}", entry.differs]
        for line in filter(None, lines):
            text = fill(line, console.width - 2, subsequent_indent="  ")
            console.print(indent(text, "  "), highlight=False, markup=False)


def _describe_ours(entry: Entry) -> str:
    """Return our median with quartiles, and how many runs failed."""
    ours = entry.ours
    if not ours:
        return "not run"
    median, low, high = (format_number(ours[name]) for name in ("median", "low", "high"))
    return f"{median} [{low}, {high}]\nn={ours['n']}, {ours['failed']} failed"
