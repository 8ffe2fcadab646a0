"""The commands that show what is there: list, info, status, report, compare, export, merge."""

from __future__ import annotations

import argparse
import inspect
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.cells import machine
from benchmarks.cli.console import as_json, console
from benchmarks.cli.running import planned, positive
from benchmarks.methods.registry import METHODS
from benchmarks.results import exchange, published, records
from benchmarks.results.records import KEPT
from benchmarks.results.tables import number
from benchmarks.running import suites
from benchmarks.running.suites import known
from benchmarks.tasks import TASKS
from benchmarks.tuning import search as tuning


def listing(options: argparse.Namespace) -> int:
    """List tasks, methods and suites with a line each."""
    found = {
        "tasks": {
            t.name: f"{t.title}. {t.note}" if t.note else t.title
            for t in TASKS.values()
            if options.json or not t.study
        },
        "methods": {m.name: m.title for m in METHODS.values()},
        "suites": {name: suites.load(name).title for name in suites.names()},
    }
    if options.json:
        as_json(found)
        return 0
    for title, lines in found.items():
        table = Table(title=title, title_justify="left", show_header=False, box=None)
        for line in lines.items():
            table.add_row(*line)
        console.print(table)
    return 0


def info(options: argparse.Namespace) -> int:
    """Say everything about a task, a method or a suite."""
    name = known([options.name], [*TASKS, *METHODS, *suites.names()], "task, method or suite")[0]
    if name in TASKS:
        about = _about_task(name)
    elif name in METHODS:
        about = _about_method(name)
    else:
        about = {k: v for k, v in vars(suites.load(name)).items() if v}
    if options.json:
        as_json(about)
        return 0
    table = Table(title=name, title_justify="left", show_header=False, box=None)
    for key, value in about.items():
        text = ", ".join(value) if isinstance(value, list) else str(value)
        table.add_row(key.replace("_", " "), text)
    console.print(table, markup=False, highlight=False)
    return 0


def _about_task(name: str) -> dict[str, Any]:
    task = TASKS[name]
    try:
        data = task.data("test", 0)
        size: Any = f"{data.rows[0]} to train on, {data.rows[1]} in all"
    except ImportError as error:
        data, size = None, f"not here: {error}"
    ranking = task.ranking or getattr(data, "main_metric", "")
    about = {
        "title": task.title, "note": task.note, "version": task.version, "rows": size,
        "ranked_by": f"{ranking}, {'large' if task.larger_is_better else 'small'} is good",
        "methods": [m.name for m in METHODS.values() if not m.refusal(task)],
        "echo_state_units": task.n_units, "fixed_settings": task.fixed,
        "settings_of": task.settings_key,
        "published": [f"{e.method}, {e.metric}: {v} ({s})" for e in published.entries([name])
                      for v, s in zip(e.values(), e.sources(), strict=True)],
    }  # fmt: skip
    return {key: value for key, value in about.items() if value}


def _about_method(name: str) -> dict[str, Any]:
    method = METHODS[name]
    spaces = {k: v if isinstance(v, list) else _range(v) for k, v in method.space.items()}
    about = {
        "title": method.title, "settings_without_tuning": method.defaults, "searched": spaces,
        "tasks": [t.name for t in TASKS.values() if not method.refusal(t)],
        "built_by": inspect.getdoc(method.build) or "",
    }  # fmt: skip
    return {key: value for key, value in about.items() if value}


def _range(distribution: Any) -> str:
    low, high = distribution.support()
    log = "" if distribution.dist.name == "uniform" else ", logarithmic"
    return f"{low:g} to {high:g}{log}"


def status(options: argparse.Namespace) -> int:
    """Say what of a suite is done, what failed, what is to do and how long that may take."""
    plan = planned(options)
    cells = plan.cells()
    kept = {**records.recorded(cells), **records.done(plan.folder, cells, retry=False)}
    seconds: dict[tuple[str, str], list[float]] = {}
    for record in records.every(plan.folder):
        spent = seconds.setdefault((record["task"], record["method"]), [])
        spent.append(record.get("t_total", np.nan))
    table: dict[str, dict[str, Any]] = {}
    for cell in cells:
        row = table.setdefault(cell.task, {"done": 0, "failed": 0, "to do": 0, "seconds left": 0.0})
        found = kept.get(cell.key)
        if found is None:
            row["to do"] += 1
            row["seconds left"] += float(np.median(seconds.get((cell.task, cell.method), [np.nan])))
        else:
            row["done" if found["status"] in KEPT else "failed"] += 1
    searches = tuning.missing(plan.tasks, plan.methods, plan.track)
    if options.json:
        as_json({"tasks": table, "searches to do": len(searches), "load": machine.load()})
        return 0
    shown = Table("task", "done", "failed", "to do", "seconds left", title_justify="left",
                  title=f"{plan.suite.name}: {plan.folder}")  # fmt: skip
    for name, row in table.items():
        left = row.pop("seconds left")
        shown.add_row(name, *(str(v) for v in row.values()), "unknown" if np.isnan(left)
                      else f"{left:.0f}")  # fmt: skip
    console.print(shown, highlight=False)
    if searches:
        console.print(f"{len(searches)} searches of {plan.track} come first")
    if machine.noisy(machine.load()):
        console.print(f"the load is {machine.load():.1f}: times measured now would be marked noisy")
    return 0


def report(options: argparse.Namespace) -> int:
    """Write the report of a folder of results again, whatever code made them."""
    from benchmarks.report import page  # it draws, and so loads torch and matplotlib

    folders = exchange.results_folders(options.folder)
    if len(folders) > 1:
        raise suites.UsageError(f"{options.folder} holds several: {', '.join(map(str, folders))}")
    found = [r for r in records.every(folders[0]) if r["task"] in TASKS and r["method"] in METHODS]
    path = options.output or folders[0] / "report.html"
    page.write(path, folders[0], found, f"reservoirs-bench: {folders[0].name}")
    console.print(f"report of {len(found)} cells: {path}", highlight=False)
    return 0


def compare(options: argparse.Namespace) -> int:
    """Print paired differences between two folders of results; 3 if the second is worse."""
    positive(options.tolerance, "--tolerance")
    before, after = (exchange.all_records(f) for f in (options.before, options.after))
    changes = exchange.compare(before, after, options.tolerance)
    if not changes:
        raise suites.UsageError("the two folders share no cell: same task, method and seed")
    worse = [change for change in changes if change.regression]
    if options.json:
        as_json([change.as_dict() for change in changes])
        return 3 if worse else 0
    table = Table("task", "method", "n", "error B / error A", "95 % interval", "p (Holm)",
                  "failed A, B", "", title_justify="left",
                  title=f"A {options.before}, B {options.after}; B is better below 1")  # fmt: skip
    for c in changes:
        p = "n < 6" if c.corrected is None else f"{c.corrected:.3g}"
        span = f"{number(c.pair.low)} to {number(c.pair.high)}"
        table.add_row(c.task, c.method, str(c.pair.n), number(c.pair.ratio), span, p,
                      f"{c.failed_before}, {c.failed_after}",
                      "[red]worse[/]" if c.regression else "")  # fmt: skip
    console.print(table, highlight=False)
    console.print(f"{len(worse)} of {len(changes)} are worse by more than {options.tolerance:g}")
    return 3 if worse else 0


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
