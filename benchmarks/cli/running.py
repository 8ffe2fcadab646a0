"""The commands that compute: run, tune, speed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from threadpoolctl import threadpool_limits

from benchmarks.cli import console as screen
from benchmarks.cli.console import console, errors
from benchmarks.methods.registry import METHODS
from benchmarks.results import records, tables
from benchmarks.results.records import Cell
from benchmarks.running import backends, runner, suites
from benchmarks.running.suites import Suite, UsageError, known
from benchmarks.tasks import TASKS
from benchmarks.tuning import search as tuning


@dataclass(frozen=True)
class Plan:
    """What a command line asks for: the cells, the folder, and the suite as changed by options."""

    suite: Suite
    folder: Path
    tasks: list[str]
    methods: list[str]
    seeds: int
    track: str

    def cells(self) -> list[Cell]:
        """Return all cells, with the settings stored now."""
        return runner.plan(self.tasks, self.methods, self.seeds, self.track)


def planned(options: argparse.Namespace) -> Plan:
    """Read the options that choose cells.

    Parameters
    ----------
    options : of `run` or `status`

    Raises
    ------
    UsageError
        For names that do not exist and numbers that make no sense.
    """
    suite = suites.load("full" if options.full else options.suite)
    tasks = known(options.task or suite.tasks, TASKS, "task")
    methods = known(options.method or suite.methods, METHODS, "method")
    seeds = suite.seeds if options.seeds is None else options.seeds
    positive(seeds, "--seeds")
    track = options.track or suite.track
    tuning.budget(track)
    folder = options.out / (suite.name if track == suite.track else f"{suite.name}-{track}")
    folder = folder.with_name(folder.name.replace(":", "_"))
    tuning.look_in(folder / "tuned")
    return Plan(suite, folder, tasks, methods, seeds, track)


def positive(value: float, name: str) -> None:
    """Raise a UsageError for a number that is not positive."""
    if not value > 0:
        raise UsageError(f"{name} must be positive, got {value}")


def run(options: argparse.Namespace) -> int:
    """Run the cells of a suite that are not there, print the tables, write the report."""
    plan = planned(options)
    timeout = plan.suite.timeout if options.timeout is None else options.timeout
    for value, what in (
        (options.jobs, "--jobs"), (timeout, "--timeout"), (options.memory, "--memory"),
    ):  # fmt: skip
        positive(value, what)
    part = _part(options.shard)
    if not options.dry_run:
        plan.folder.mkdir(parents=True, exist_ok=True)
        records.sweep(plan.folder)
        _search(plan, options.jobs)
    every = plan.cells()
    cells = every[part]
    stored = {} if options.fresh else records.recorded(cells)
    kept = {**stored, **records.done(plan.folder, cells, retry=options.retry)}
    waiting = [cell for cell in cells if cell.key not in kept]
    if options.dry_run:
        for cell in waiting:
            console.print(f"{cell.task} {cell.method} seed {cell.seed}", markup=False)
        console.print(f"{len(waiting)} of {len(cells)} cells would run")
        return 0
    if kept and waiting:
        console.print(f"{len(kept)} of {len(cells)} cells are there already; {len(waiting)} to run")
    if stored:
        console.print(f"{len(stored)} cells came with the package; --fresh runs them again")
    if waiting:
        limits = runner.Limits(timeout, options.memory)
        backend = options.scheduler or options.backend
        _run_cells(plan.folder, waiting, kept, options.jobs, limits, backend)
    return _conclude(plan, every, cells, kept)


def _part(shard: str | None) -> slice:
    """Return which cells a shard runs.

    Raises
    ------
    UsageError
        If it is not written as I/N.
    """
    if shard is None:
        return slice(None)
    first, _, count = shard.partition("/")
    if not (first.isdigit() and count.isdigit() and 1 <= int(first) <= int(count)):
        raise UsageError(f"--shard takes I/N with 1 <= I <= N (2/4, say), got {shard!r}")
    return slice(int(first) - 1, None, int(count))


def _search(plan: Plan, jobs: int) -> None:
    """Tune what the track needs and nobody has tuned."""
    pairs = tuning.missing(plan.tasks, plan.methods, plan.track)
    if pairs:
        console.print(f"{len(pairs)} searches of {plan.track} first, on validation rows")
        tuning.tune(pairs, plan.track, plan.folder / "tuned", jobs)


def _conclude(plan: Plan, every: list[Cell], cells: list[Cell], kept: dict[str, Any]) -> int:
    """Print the tables, write the report once all shards are there, and judge."""
    from benchmarks.report import page as report

    if len(cells) < len(every):
        kept = {**kept, **records.done(plan.folder, every, retry=False)}
    ordered = [kept[cell.key] for cell in every if cell.key in kept]
    screen.results(ordered)
    if len(ordered) < len(every):
        console.print(f"{len(every) - len(ordered)} cells are left to other shards")
    else:
        path = plan.folder / "report.html"
        report.write(path, plan.folder, ordered, f"reservoirs-bench: {plan.suite.name}")
        console.print(f"report: {path}", highlight=False)
    worse = tables.regressions(ordered, plan.suite.expected)
    for text in worse:
        errors.print(f"regression: {text}", style="red", markup=False)
    if worse:
        return 3
    return 1 if any(r["status"] not in records.KEPT for r in ordered) else 0


def _run_cells(
    folder: Path, waiting: list[Cell], kept: dict[str, Any], jobs: int, limits: runner.Limits,
    backend: str,
) -> None:  # fmt: skip
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

        backends.run(backend, folder, waiting, workers=jobs, limits=limits, report=report)


def tune(options: argparse.Namespace) -> int:
    """Search settings, or check the stored logs, or run the study of the defaults."""
    if options.check:
        wrong = tuning.check(options.out)
        for text in wrong:
            errors.print(text, style="red", markup=False)
        if not wrong:
            console.print("every stored search is equal, on validation rows only, and repeats")
        return 1 if wrong else 0
    positive(options.jobs, "--jobs")
    if options.defaults:
        return _study(options)
    tuning.budget(options.track)
    own = [t.name for t in TASKS.values() if t.tuned and not (t.settings_from or t.on_request)]
    tasks = known(options.task or own, TASKS, "task")
    able = tuning.tuned()
    methods = known(options.method or able, able, "method with a search space")
    folder = options.out or tuning.stored_folder()
    folder.mkdir(parents=True, exist_ok=True)
    tuning.look_in(folder)
    pairs = [(task, m) for task in tasks for m in tuning.wanted(task, methods)]
    if not options.again:
        pairs = [pair for pair in pairs if not tuning.stored(*pair, options.track)]
    tuning.tune(pairs, options.track, folder, options.jobs)
    console.print(f"{len(pairs)} searches; settings and logs: {folder}", highlight=False)
    return 0


def _study(options: argparse.Namespace) -> int:
    from benchmarks.tuning import defaults

    defaults.write(options.out or tuning.stored_folder(), options.jobs)
    for name, best, ours, ratio, rank in defaults.table():
        numbers = f"tuned {best:.3g}, defaults {ours:.3g}, {ratio:.3g} times"
        console.print(f"{name}: {numbers}, rank {rank} of {defaults.N_SETTINGS}")
    return 0


def speed(options: argparse.Namespace) -> int:
    """Time our calls against peers, or how cost grows."""
    if options.scaling:
        return _scaling()
    from benchmarks.speed import reservoirs as suite
    from benchmarks.speed import training as speed_training

    table = Table(title="medians of interleaved runs, one thread", title_justify="left")
    for column in ("job", "contender", "time", "times ours"):
        table.add_column(column, justify="left" if column in ("job", "contender") else "right")
    found = []
    for job in [*speed_training.jobs(options.quick), *suite.jobs(options.quick)]:
        with threadpool_limits(1):
            timed = job()
        for timing in timed if isinstance(timed, list) else [timed]:
            found.append(timing)
            for name in timing.samples:
                each = timing.median(name) / timing.unit
                shown = f"{each * 1e6:.2f} us" if timing.unit > 1 else f"{each * 1e3:.1f} ms"
                title = timing.job if name == "reservoirs" else ""
                table.add_row(title, name, shown, f"{timing.ratio(name):.2f}")
    memory = {} if options.quick else suite.peak_memory()
    for name, megabytes in memory.items():
        table.add_row("fit, N=1000, T=100000", f"peak memory, {name}", f"{megabytes:.0f} MB", "")
    console.print(table)
    path = options.out / "speed.json"
    records.write_timings(path, found, memory)
    console.print(f"every sample: {path}", highlight=False)
    return 0


def _scaling() -> int:
    """Print how the cost of a fit grows, and the model of a cluster beside what was measured."""
    from benchmarks.speed import scaling

    table = Table("what grows", "sizes", "seconds", "exponent", title="ESNRegressor.fit")
    with threadpool_limits(1):
        for grown in scaling.growth():
            table.add_row(grown.what, ", ".join(map(str, grown.sizes)),
                          ", ".join(f"{s:.3f}" for s in grown.seconds),
                          f"{grown.exponent:.2f}")  # fmt: skip
    console.print(table)
    found = scaling.workers(60, (1, 2))
    for name in ("start", "cell", "overhead", "write"):
        console.print(f"{name}: {found[name]:.4f} s")
    for count, seconds in found["seconds"].items():
        model = scaling.predicted(found, found["cells"], count) - found["start"]
        console.print(f"{found['cells']} cells on {count}: {seconds:.1f} s, model {model:.1f} s")
    limit = (found["cell"] + found["overhead"]) / found["write"]
    console.print(f"the writer is busy all the time from {limit:.0f} workers on")
    return 0
