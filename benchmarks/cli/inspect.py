"""The commands that show what is there: info, status, report, compare, export, merge."""

from __future__ import annotations

import argparse
import inspect
from collections import defaultdict
from dataclasses import dataclass
from textwrap import fill, indent
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from benchmarks.cells import machine
from benchmarks.cli.console import check_positive, console, print_json
from benchmarks.cli.run import read_plan
from benchmarks.methods.registry import METHODS
from benchmarks.report import write_page
from benchmarks.results import exchange, published, records
from benchmarks.results.exchange import Change
from benchmarks.results.tables import format_number
from benchmarks.running import suites
from benchmarks.running.session import Session, open_session
from benchmarks.tasks import TASKS
from benchmarks.tuning import stored

if TYPE_CHECKING:
    from scipy.stats._distn_infrastructure import rv_frozen


def info(options: argparse.Namespace) -> int:
    """Say everything about a task, a method or a suite."""
    name = options.name
    suites.check_names([name], [*TASKS, *METHODS, *suites.suite_names()], "task, method or suite")
    if name in TASKS:
        facts = _describe_task(name)
    elif name in METHODS:
        facts = _describe_method(name)
    else:
        facts = vars(suites.load_suite(name))
    facts = {key: value for key, value in facts.items() if value}
    if options.json:
        print_json(facts)
        return 0
    console.print(name, style="bold", markup=False, highlight=False)
    for key, value in facts.items():
        text = _say(value)
        inline = "\n" not in text and len(text) + len(key) + 2 <= console.width
        console.print(
            f"{key.replace('_', ' ')}:{' ' if inline else chr(10)}"
            + (text if inline else indent(text, "  ")),
            markup=False,
            highlight=False,
        )
    return 0


def _say(value: object) -> str:
    """Return a fact as lines that fit: names with commas, longer texts one a line."""
    width = max(console.width - 2, 20)
    if isinstance(value, dict):
        return "\n".join(fill(f"{k}: {v}", width, subsequent_indent="  ") for k, v in value.items())
    if isinstance(value, list) and all(" " not in str(item) for item in value):
        return fill(", ".join(map(str, value)), width, break_on_hyphens=False)
    lines = map(str, value) if isinstance(value, list) else str(value).splitlines()
    return "\n".join(fill(line, width, subsequent_indent="  ") for line in lines)


def _describe_task(name: str) -> dict[str, Any]:
    task = TASKS[name]
    try:
        data = task.data("test", 0)
        size: Any = f"{data.rows[0]} to train on, {data.rows[1]} in all"
    except ImportError as error:
        data, size = None, f"not here: {error}"
    ranking = task.ranking or getattr(data, "main_metric", "")
    numbers = [
        f"{entry.method}, {entry.metric}: {value} ({source})"
        for entry in published.entries([name])
        for value, source in zip(entry.values(), entry.sources(), strict=True)
    ]
    return {
        "title": task.title,
        "note": task.note,
        "version": task.version,
        "rows": size,
        "ranked_by": f"{ranking}, {'large' if task.larger_is_better else 'small'} is good",
        "methods": [m.name for m in METHODS.values() if not m.refusal(task)],
        "echo_state_units": task.n_units,
        "fixed_settings": task.fixed,
        "settings_of": task.settings_key,
        "published": numbers,
    }


def _describe_method(name: str) -> dict[str, Any]:
    method = METHODS[name]
    spaces = {
        name: where if isinstance(where, list) else _describe_range(where)
        for name, where in method.space.items()
    }
    return {
        "title": method.title,
        "settings_without_tuning": method.defaults,
        "searched": spaces,
        "tasks": [t.name for t in TASKS.values() if not method.refusal(t)],
        "built_by": inspect.getdoc(method.build) or "",
    }


def _describe_range(distribution: rv_frozen) -> str:
    low, high = distribution.support()
    log = "" if distribution.dist.name == "uniform" else ", logarithmic"
    return f"{low:g} to {high:g}{log}"


@dataclass
class _Progress:
    """How far one task is."""

    done: int = 0
    failed: int = 0
    to_do: int = 0
    seconds_left: float = 0.0


def status(options: argparse.Namespace) -> int:
    """Say what of a suite is done, what failed, what is to do and how long that may take."""
    session = open_session(read_plan(options))
    plan, progress = session.plan, _progress_by_task(session)
    searches = stored.missing_searches(plan.tasks, plan.methods, plan.track)
    load = machine.load_average()
    if options.json:
        tasks = {
            name: {key.replace("_", " "): value for key, value in vars(task).items()}
            for name, task in progress.items()
        }
        print_json({"tasks": tasks, "searches to do": len(searches), "load": load})
        return 0
    table = Table(
        *("task", "done", "failed", "to do", "seconds left"),
        title=f"{plan.suite.name}: {plan.folder}",
        title_justify="left",
    )
    for name, task in progress.items():
        left = "unknown" if np.isnan(task.seconds_left) else f"{task.seconds_left:.0f}"
        table.add_row(name, str(task.done), str(task.failed), str(task.to_do), left)
    console.print(table, highlight=False)
    if searches:
        console.print(f"{len(searches)} searches of {plan.track} come first")
    if machine.is_noisy(load):
        console.print(f"the load is {load:.1f}: times measured now would be marked noisy")
    return 0


def _progress_by_task(session: Session) -> dict[str, _Progress]:
    """Count the cells of every task; seconds are the medians of the same method's records."""
    seconds: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for record in records.newest_records(session.plan.folder):
        seconds[record["task"], record["method"]].append(record.get("t_total", np.nan))
    progress: defaultdict[str, _Progress] = defaultdict(_Progress)
    for cell in session.cells:
        task, cell_record = progress[cell.task], session.kept.get(cell.key)
        if cell_record is None:
            task.to_do += 1
            task.seconds_left += float(np.median(seconds.get((cell.task, cell.method), [np.nan])))
        elif records.failed(cell_record):
            task.failed += 1
        else:
            task.done += 1
    return progress


def report(options: argparse.Namespace) -> int:
    """Write the report of a folder of results again, whatever code made them.

    Raises
    ------
    UsageError
        If there are several folders of results.
    """
    folder, *others = exchange.results_folders(options.folder)
    if others:
        names = ", ".join(map(str, [folder, *others]))
        raise suites.UsageError(f"{options.folder} holds several: {names}")
    shown = exchange.page_records(folder)
    path = options.output or folder / "report.html"
    write_page(path, folder, shown, f"reservoirs-bench: {folder.name}")
    console.print(f"report of {len(shown)} cells: {path}", highlight=False)
    return 0


def compare(options: argparse.Namespace) -> int:
    """Print paired differences between two folders of results; 3 if the second is worse.

    Raises
    ------
    UsageError
        If nothing can be compared.
    """
    check_positive(options.tolerance, "--tolerance")
    before, after = (exchange.all_records(f) for f in (options.before, options.after))
    changes = exchange.compare(before, after, options.tolerance)
    if not changes:
        raise suites.UsageError("the two folders share no cell: same task, method and seed")
    worse = [change for change in changes if change.regression]
    if options.json:
        print_json([change.as_dict() for change in changes])
    else:
        title = f"A {options.before}, B {options.after}; B is better below 1"
        console.print(_table_of_changes(changes, title), highlight=False)
        console.print(
            f"{len(worse)} of {len(changes)} are worse by more than {options.tolerance:g}"
        )
    return 3 if worse else 0


def _table_of_changes(changes: list[Change], title: str) -> Table:
    columns = (
        "task",
        "method",
        "n",
        "error B / error A",
        "95 % interval",
        "p (Holm)",
        "failed A, B",
        "",
    )
    table = Table(*columns, title=title, title_justify="left")
    for change in changes:
        pair = change.pair
        table.add_row(
            change.task,
            change.method,
            str(pair.n),
            format_number(pair.ratio),
            f"{format_number(pair.low)} to {format_number(pair.high)}",
            "n < 6" if change.corrected is None else f"{change.corrected:.3g}",
            f"{change.failed_before}, {change.failed_after}",
            "[red]worse[/]" if change.regression else "",
        )
    return table


def export(options: argparse.Namespace) -> int:
    """Write all records at or below a folder as one table."""
    count = exchange.export(options.folder, options.output)
    console.print(f"{count} records: {options.output}", highlight=False)
    return 0


def merge(options: argparse.Namespace) -> int:
    """Put the records of several folders into one."""
    count = exchange.merge(options.folders, options.out)
    console.print(f"{count} records new or newer in {options.out}", highlight=False)
    return 0
