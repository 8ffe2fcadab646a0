"""The command `reservoirs-bench`: run, list, tune, speed.

Exit codes: 0 all well, 1 a cell failed, 2 bad usage.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.resources
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from threadpoolctl import threadpool_limits

from benchmarks import records, runner, tables, tuning
from benchmarks.methods import CONTROLS, METHODS
from benchmarks.records import Cell
from benchmarks.tasks import TASKS

console = Console(width=None if sys.stdout.isatty() else 110)  # a pipe has no width to ask for
errors = Console(stderr=True)


class UsageError(Exception):
    """Something the user asked for cannot be done as asked."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Parameters
    ----------
    arguments : without the program's name; None is the command line's
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.action(options))
    except (UsageError, ValueError, OSError) as error:
        errors.print(f"reservoirs-bench: {error}", style="red", highlight=False, markup=False)
        return 2
    except KeyboardInterrupt:
        errors.print("interrupted; the same command goes on where this one stopped")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reservoirs-bench", description="Compare four ways to learn a recurrent network."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a suite, print its tables and write report.html")
    run.add_argument("suite", nargs="?", default="oscillators", help="a suite (see list)")
    run.add_argument("--full", action="store_true", help="every task, every method")
    _choices(run)
    run.add_argument("--seeds", type=int, help="test seeds per method, counted from 0")
    run.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    run.add_argument("--timeout", type=float, help="seconds until a cell is killed")
    run.add_argument("--retry", action="store_true", help="run failed cells again")
    run.add_argument("--fresh", action="store_true", help="run what came with the package too")
    run.add_argument("--out", type=Path, default=Path("results"), help="folder of the results")
    run.set_defaults(action=_run)
    listing = commands.add_parser("list", help="list tasks, methods and suites")
    listing.set_defaults(action=_list)
    tune = commands.add_parser("tune", help="search settings on validation rows, or check the logs")
    _choices(tune)
    tune.add_argument("--check", action="store_true", help="check the stored logs, search nothing")
    tune.add_argument("--defaults", action="store_true", help="run the study of the defaults")
    tune.add_argument("--trials", type=int, help="settings per method, default the task's")
    tune.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    tune.add_argument("--out", type=Path, help="folder for the files; default the package's")
    tune.set_defaults(action=_tune)
    speed = commands.add_parser("speed", help="time our calls against peers, interleaved")
    speed.add_argument("--quick", action="store_true", help="small sizes only")
    speed.add_argument("--out", type=Path, default=Path("results"), help="folder of the results")
    speed.set_defaults(action=_speed)
    return parser


def _choices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-t", "--task", action="append", help="only this task (may be repeated)")
    parser.add_argument(
        "-m", "--method", action="append", help="only this method (may be repeated)"
    )


def _known(names: list[str], allowed: Sequence[str], what: str) -> list[str]:
    """Return the names, or complain about the first that does not exist."""
    for name in names:
        if name not in allowed:
            near = difflib.get_close_matches(name, allowed, n=3)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise UsageError(f"there is no {what} {name!r}{hint}. Known: {', '.join(allowed)}")
    return names


def _positive(value: float, name: str) -> None:
    if not value > 0:
        raise UsageError(f"{name} must be positive, got {value}")


def load_suite(name: str) -> dict[str, Any]:
    """Return the tasks and seeds of a stored suite.

    Raises
    ------
    UsageError
        For an unknown suite; the message lists the known ones.
    """
    folder = Path(str(importlib.resources.files("benchmarks"))) / "suites"
    known = sorted(path.stem for path in folder.glob("*.toml"))
    _known([name], known, "suite")
    suite = tomllib.loads((folder / f"{name}.toml").read_text())
    every = [task.name for task in TASKS.values() if not task.tags & {"memory", "race"}]
    tasks = every if suite["tasks"] == "all" else suite["tasks"]
    timeout = suite.get("timeout", 300.0)
    return {
        "tasks": _known(tasks, list(TASKS), "task"), "seeds": suite["seeds"], "timeout": timeout
    }  # fmt: skip


def _run(options: argparse.Namespace) -> int:
    name = "full" if options.full else options.suite
    suite = load_suite(name)
    tasks = _known(options.task or suite["tasks"], list(TASKS), "task")
    methods = _known(options.method or list(METHODS), list(METHODS), "method")
    seeds = suite["seeds"] if options.seeds is None else options.seeds
    options.timeout = suite["timeout"] if options.timeout is None else options.timeout
    for value, what in (
        (seeds, "--seeds"),
        (options.jobs, "--jobs"),
        (options.timeout, "--timeout"),
    ):
        _positive(value, what)
    cells = runner.plan(tasks, methods, seeds)
    folder = options.out / name
    folder.mkdir(parents=True, exist_ok=True)
    stored = {} if options.fresh else records.recorded(cells)
    kept = {**stored, **records.done(folder, cells, retry=options.retry)}
    waiting = [cell for cell in cells if cell.key not in kept]
    if kept and waiting:
        console.print(f"{len(kept)} of {len(cells)} cells are there already; {len(waiting)} to run")
    if stored:
        console.print(f"{len(stored)} cells came with the package; --fresh runs them again")
    if waiting:
        _run_cells(folder, waiting, kept, options)
    ordered = [kept[cell.key] for cell in cells]
    _print_tables(ordered)
    path = folder / "report.html"
    _write_report(path, folder, ordered, name)
    console.print(f"report: {path}", highlight=False)
    failed = [r for r in ordered if r["status"] not in records.KEPT]
    return 1 if failed else 0


def _run_cells(
    folder: Path, waiting: list[Cell], kept: dict[str, Any], options: argparse.Namespace
) -> None:
    """Run cells with a progress bar on a terminal, a line per cell elsewhere."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    terminal = console.is_terminal
    with Progress(*columns, console=console, disable=not terminal) as progress:
        bar = progress.add_task("cells", total=len(waiting))
        count = 0

        def report(cell: Cell, record: dict[str, Any]) -> None:
            nonlocal count
            count += 1
            kept[cell.key] = record
            text = f"{cell.task} {cell.method} seed {cell.seed}"
            progress.update(bar, advance=1, description=f"{text:<48}")
            if not terminal or record["status"] not in records.KEPT:
                reason = f" ({record['reason']})" if record["reason"] else ""
                status = f"{record['status']}{reason} in {record['t_total']:.1f} s"
                console.print(f"[{count}/{len(waiting)}] {text}: {status}", markup=False)

        runner.run(folder, waiting, workers=options.jobs, timeout=options.timeout, report=report)


def _print_tables(found: list[dict[str, Any]]) -> None:
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
        for row in tables.summarise(group):
            table.add_row(
                row.title,
                *(tables.number(row.metrics.get(n, (np.nan,))[0]) for n in names),
                f"{row.n_failed}/{row.n_seeds}",
                tables.number(row.fit_seconds),
                tables.count(row.trained),
                style="dim" if row.method in CONTROLS else "",
            )
        console.print(table)
        reasons: dict[str, list[str]] = {}
        for row in tables.summarise(group):
            for reason in row.reasons:
                reasons.setdefault(reason, []).append(row.title)
        for reason, titles in reasons.items():
            console.print(f"  {reason} ({', '.join(titles)})", markup=False, highlight=False)
    console.print(
        "medians over seeds; errors of forecasts are NRMSE (0 perfect, 1 the mean); the report has "
        "quartiles"
    )


def _write_report(path: Path, folder: Path, found: list[dict[str, Any]], name: str) -> None:
    from benchmarks import report

    report.write(path, folder, found, f"reservoirs-bench: {name}")


def _list(options: argparse.Namespace) -> int:
    suites = Path(str(importlib.resources.files("benchmarks"))) / "suites"
    for title, rows in (
        (
            "tasks",
            [(t.name, f"{t.title}. {t.note}" if t.note else t.title) for t in TASKS.values()],
        ),
        ("methods", [(m.name, m.title) for m in METHODS.values()]),
        (
            "suites",
            [(p.stem, p.read_text().splitlines()[0][2:]) for p in sorted(suites.glob("*.toml"))],
        ),
    ):
        table = Table(title=title, title_justify="left", show_header=False, box=None)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    return 0


def _speed(options: argparse.Namespace) -> int:
    from benchmarks import speed, speed_training

    table = Table(title="medians of interleaved runs, one thread", title_justify="left")
    for column in ("job", "contender", "time", "times ours"):
        table.add_column(column, justify="left" if column in ("job", "contender") else "right")
    found = []
    for job in [*speed_training.jobs(options.quick), *speed.jobs(options.quick)]:
        with threadpool_limits(1):
            timed = job()
        for timing in timed if isinstance(timed, list) else [timed]:
            found.append(timing)
            for name in timing.samples:
                each = timing.median(name) / timing.unit
                shown = f"{each * 1e6:.2f} us" if timing.unit > 1 else f"{each * 1e3:.1f} ms"
                title = timing.job if name == "reservoirs" else ""
                table.add_row(title, name, shown, f"{timing.ratio(name):.2f}")
    memory = {} if options.quick else speed.peak_memory()
    for name, megabytes in memory.items():
        table.add_row("fit, N=1000, T=100000", f"peak memory, {name}", f"{megabytes:.0f} MB", "")
    console.print(table)
    path = options.out / "speed.json"
    records.write_timings(path, found, memory)
    console.print(f"every sample: {path}", highlight=False)
    return 0


def _tune(options: argparse.Namespace) -> int:
    if options.check:
        wrong = tuning.check(options.out)
        for text in wrong:
            errors.print(text, style="red", markup=False)
        if not wrong:
            console.print("every stored search is equal, on validation rows only, and repeats")
        return 1 if wrong else 0
    if options.trials is not None:
        _positive(options.trials, "--trials")
    _positive(options.jobs, "--jobs")
    if options.defaults:
        from benchmarks import defaults

        defaults.write(options.out or tuning.stored_folder(), options.jobs)
        for name, best, ours, ratio, rank in defaults.table():
            numbers = f"tuned {best:.3g}, defaults {ours:.3g}, {ratio:.3g} times"
            console.print(f"{name}: {numbers}, rank {rank} of {defaults.N_SETTINGS}")
        return 0
    own = [t.name for t in TASKS.values() if not (t.tuned_like or "fixed" in t.tags)]
    tasks = _known(options.task or own, list(TASKS), "task")
    methods = _known(options.method or tuning.TUNED, tuning.TUNED, "method with a search space")
    folder = options.out or tuning.stored_folder()
    folder.mkdir(parents=True, exist_ok=True)
    tuning.tune(tasks, methods, folder, options.jobs, options.trials)
    console.print(f"settings and logs: {folder}", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
