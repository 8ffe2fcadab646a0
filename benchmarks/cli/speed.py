"""The command that times our calls against peers, and how cost grows."""

from __future__ import annotations

import argparse
from math import prod

from rich.table import Table
from threadpoolctl import threadpool_limits

from benchmarks.cli.console import console
from benchmarks.speed import grid, reservoirs, scaling, training
from benchmarks.speed.new_processes import peak_memory
from benchmarks.speed.timing import Timing, write_timings

N_CELLS = 60  # of the model of a cluster
WORKERS = (1, 2)


def speed(options: argparse.Namespace) -> int:
    """Time our calls against peers, or how cost grows."""
    if options.scaling:
        return _scaling()
    if options.grid:
        return _grid(options)
    table = Table(title="medians of interleaved runs, one thread", title_justify="left")
    for column in ("job", "contender", "time", "times ours"):
        table.add_column(column, justify="left" if column in ("job", "contender") else "right")
    timings: list[Timing] = []
    for job in [*training.jobs(options.quick), *reservoirs.jobs(options.quick)]:
        # A job about two threads raises the limit itself.
        with threadpool_limits(1):
            result = job()
        for timing in result if isinstance(result, list) else [result]:
            timings.append(timing)
            _add_rows(table, timing)
    memory = {} if options.quick else peak_memory()
    for name, megabytes in memory.items():
        table.add_row("fit, N=1000, T=100000", f"peak memory, {name}", f"{megabytes:.0f} MB", "")
    console.print(table)
    path = options.out / "speed.json"
    write_timings(path, timings, memory)
    console.print(f"every sample: {path}", highlight=False)
    return 0


def _add_rows(table: Table, timing: Timing) -> None:
    """Add a row per contender, ours first with the name of the job."""
    for name in timing.samples:
        seconds = timing.median(name) / timing.unit
        shown = f"{seconds * 1e6:.2f} us" if timing.unit > 1 else f"{seconds * 1e3:.1f} ms"
        title = timing.job if name == "reservoirs" else ""
        table.add_row(title, name, shown, f"{timing.ratio(name):.2f}")


def _grid(options: argparse.Namespace) -> int:
    """Print how much longer torch takes for every cell, over sizes; the worst of them by name."""
    found, timings = [], []
    sizes = [size for size in grid.sizes() if not options.quick or prod(size) <= grid.SMALL]
    with threadpool_limits(1):
        for ratio, timing in grid.ratios(sizes):
            found.append(ratio)
            timings.append(timing)
    table = Table(title="times ours, torch's layers; one thread", title_justify="left")
    for column in ("what", "cell", "type", "geometric mean", "least", "at units, steps, series"):
        table.add_column(column, justify="left")
    for kind, (mean, least) in grid.summary(found).items():
        worst = min((r for r in found if r.kind == kind), key=lambda r: r.ratio)
        table.add_row(*kind, f"{mean:.2f}", f"{least:.2f}", ", ".join(map(str, worst.size)))
    console.print(table)
    path = options.out / "grid.json"
    write_timings(path, timings, {})
    console.print(f"every sample: {path}", highlight=False)
    return 0


def _scaling() -> int:
    """Print how the cost of a fit grows, and the model of a cluster beside what was measured."""
    table = Table("what grows", "sizes", "seconds", "exponent", title="ESNRegressor.fit")
    with threadpool_limits(1):
        for growth in scaling.measure_growth():
            sizes = ", ".join(map(str, growth.sizes))
            seconds = ", ".join(f"{s:.3f}" for s in growth.seconds)
            table.add_row(growth.what, sizes, seconds, f"{growth.exponent:.2f}")
    console.print(table)
    measured = scaling.measure_workers(N_CELLS, WORKERS)
    for name in ("start", "cell", "overhead", "write"):
        console.print(f"{name}: {getattr(measured, name):.4f} s")
    for count, spent in measured.seconds.items():
        model = measured.predict(measured.cells, count) - measured.start
        console.print(f"{measured.cells} cells on {count}: {spent:.1f} s, model {model:.1f} s")
    limit = (measured.cell + measured.overhead) / measured.write
    console.print(f"the writer is busy all the time from {limit:.0f} workers on")
    return 0
