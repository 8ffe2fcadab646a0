"""The command that runs a suite: the cells that are not there yet, the tables, the report."""

from __future__ import annotations

import argparse
import itertools

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.cells import archive
from benchmarks.cells.cell import Cell
from benchmarks.cells.processes import Limits
from benchmarks.cli import console as screen
from benchmarks.cli.console import check_positive, console, errors
from benchmarks.methods.registry import METHODS
from benchmarks.report import write_page
from benchmarks.results.exchange import page_records
from benchmarks.results.records import Record, failed, remove_abandoned
from benchmarks.results.tables import regressions
from benchmarks.running.plan import Plan
from benchmarks.running.session import Session, open_session
from benchmarks.running.suites import UsageError, check_names, load_suite
from benchmarks.tasks import TASKS
from benchmarks.tasks.kinds import Memory
from benchmarks.tuning import stored


def read_plan(options: argparse.Namespace) -> Plan:
    """Read the options that choose cells.

    A UsageError is raised for names that do not exist and numbers that make no sense.
    """
    suite = load_suite("full" if options.full else options.suite)
    tasks = check_names(options.task or suite.tasks, TASKS, "task")
    methods = check_names(options.method or suite.methods, METHODS, "method")
    _check_selection(tasks, methods)
    seeds = suite.seeds if options.seeds is None else options.seeds
    check_positive(seeds, "--seeds")
    track = options.track or suite.track
    # For its error: a track that does not exist is refused here, not by a search.
    stored.budget(track)
    name = suite.name if track == suite.track else f"{suite.name}-{track}"
    folder = options.out / name.replace(":", "_")
    # The folder added last is asked first.
    stored.add_folder(options.out / "tuned")
    stored.add_folder(folder / "tuned")
    shard = _read_shard(getattr(options, "shard", None))
    capped = options.seeds is None
    return Plan(suite, folder, tasks, methods, seeds, track, shard, capped)


def _check_selection(tasks: list[str], methods: list[str]) -> None:
    """Raise a UsageError if no method runs on any of the tasks, and say what would."""
    reasons = [
        f"{method} does not run on {task}: {METHODS[method].refusal(TASKS[task])}"
        for task in tasks
        for method in methods
    ]
    if any(not METHODS[method].refusal(TASKS[task]) for task in tasks for method in methods):
        return
    would = [f"{task} runs {', '.join(_runnable(task))}" for task in tasks[:3]]
    why = "; ".join([*reasons[:3], *would]) or "no task, or no method, is chosen"
    raise UsageError(f"nothing would run: {why}")


def _runnable(task: str) -> list[str]:
    """Return the methods that run on a task."""
    return [m.name for m in METHODS.values() if not m.refusal(TASKS[task])]


def _read_shard(shard: str | None) -> tuple[int, int]:
    """Return the numbers of a shard; raise a UsageError if it is not written as I/N."""
    if shard is None:
        return 1, 1
    first, _, count = shard.partition("/")
    if not (first.isdigit() and count.isdigit() and 1 <= int(first) <= int(count)):
        raise UsageError(f"--shard takes I/N with 1 <= I <= N (2/4, say), got {shard!r}")
    return int(first), int(count)


def run(options: argparse.Namespace) -> int:
    """Run the cells of a suite that are not there, print the tables, write the report."""
    plan = read_plan(options)
    timeout = plan.suite.timeout if options.timeout is None else options.timeout
    check_positive(options.jobs, "--jobs")
    check_positive(timeout, "--timeout")
    check_positive(options.memory, "--memory")
    if not options.dry_run:
        _prepare(plan, options.jobs)
    session = open_session(plan, retry=options.retry, fresh=options.fresh)
    if options.dry_run:
        return _list_waiting(session)
    _say_what_is_there(session)
    limits, backend = Limits(timeout, options.memory), options.scheduler or options.backend
    return _conclude(_run_waiting(session, backend, options.jobs, limits))


def _prepare(plan: Plan, jobs: int) -> None:
    """Make the folder, and tune what the track needs and nobody has tuned."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(plan.folder)
    # Searches come before cells: settings are part of a cell's key.
    pairs = stored.missing_searches(plan.tasks, plan.methods, plan.track)
    if pairs:
        from benchmarks.tuning.search import tune

        console.print(f"{len(pairs)} searches of {plan.track} first, on validation rows")
        tune(pairs, plan.track, plan.folder / "tuned", jobs)


def _list_waiting(session: Session) -> int:
    for cell in session.waiting:
        console.print(f"{cell.task} {cell.method} seed {cell.seed}", markup=False)
    console.print(f"{len(session.waiting)} of {len(session.shard)} cells would run")
    return 0


def _say_what_is_there(session: Session) -> None:
    waiting, total = len(session.waiting), len(session.shard)
    if 0 < waiting < total:
        console.print(f"{total - waiting} of {total} cells are there already; {waiting} to run")
    packaged = sum(record["key"] != key for key, record in session.kept.items())
    if packaged:
        console.print(f"{packaged} cells are recorded in the archive; --fresh runs them again")
    long = sum(issubclass(TASKS[cell.task].kind, Memory) for cell in session.waiting)
    if long and not archive.archive_file().exists():
        console.print(
            f"{long} cells may take hours each; a checkout of the source has them recorded"
        )


def _run_waiting(session: Session, backend: str, jobs: int, limits: Limits) -> Session:
    """Run cells with a progress bar on a terminal, a line per cell elsewhere."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    total, terminal = len(session.waiting), console.is_terminal
    with Progress(*columns, console=console, disable=not (terminal and total)) as progress:
        bar, counter = progress.add_task("cells", total=total), itertools.count(1)

        def report(cell: Cell, record: Record) -> None:
            text = f"{cell.task} {cell.method} seed {cell.seed}"
            progress.update(bar, advance=1, description=f"{text:<48}")
            count = next(counter)
            if not terminal or failed(record):
                reason = f" ({record['reason']})" if record["reason"] else ""
                status = f"{record['status']}{reason} in {record['t_total']:.1f} s"
                console.print(f"[{count}/{total}] {text}: {status}", markup=False)

        return session.run(backend=backend, workers=jobs, limits=limits, report=report)


def _conclude(session: Session) -> int:
    """Print the tables, write the report once all shards are there, and judge."""
    plan, records = session.plan, session.records
    screen.print_results(records)
    if session.complete:
        path = plan.folder / "report.html"
        shown = page_records(plan.folder, records)
        write_page(path, plan.folder, shown, f"reservoirs-bench: {plan.suite.name}")
        console.print(f"report: {path}", highlight=False)
    else:
        missing = len(session.cells) - len(records)
        console.print(f"{missing} cells are left to other shards")
    worse = regressions(records, plan.suite.expected)
    for text in worse:
        errors.print(f"regression: {text}", style="red", markup=False)
    if worse:
        return 3
    if session.n_failed:
        errors.print(f"{session.n_failed} of {len(records)} cells failed", highlight=False)
    return 1 if session.n_failed else 0
