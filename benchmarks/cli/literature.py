"""The command that sets published numbers beside ours."""

from __future__ import annotations

import argparse

from rich.table import Table

from benchmarks.cli.console import as_json, console
from benchmarks.results import exchange, published
from benchmarks.results.published import Entry
from benchmarks.results.tables import number
from benchmarks.running.suites import known


def records(options: argparse.Namespace) -> int:
    """Print published numbers beside ours, after renewing ours if asked."""
    if options.update:
        count = published.update(exchange.all_records(options.update))
        console.print(f"{count} numbers of ours renewed from {options.update}", highlight=False)
    names = known(options.name, published.tasks(), "task with published numbers")
    entries = published.entries(names)
    if options.json:
        as_json([entry.as_dict() for entry in entries])
    else:
        console.print(_table(entries), highlight=False, markup=False)
        console.print("a number marked ? was recalled, not read again in its source")
    return 0


def _table(entries: list[Entry]) -> Table:
    table = Table("task, method, metric", "published", "ours [quartiles]", "aim",
                  "sources; what differs", show_lines=True)  # fmt: skip
    for entry in entries:
        ours, found = "not run", entry.ours
        if found:
            span = f"{number(found['median'])} [{number(found['low'])}, {number(found['high'])}]"
            ours = f"{span}\nn={found['n']}, {found['failed']} failed"
        table.add_row(
            f"{entry.task}\n{entry.method}\n{entry.metric}", "\n".join(entry.values()) or "-",
            ours, entry.verdict(), "\n".join([*entry.sources(), entry.differs]).strip(),
        )  # fmt: skip
    return table
