"""Run cells, each in its own process with hard limits; finished ones are never run again."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cells import plugins
from benchmarks.methods.registry import METHODS
from benchmarks.results import records
from benchmarks.results.records import Cell
from benchmarks.tasks import TASKS
from benchmarks.tuning import search as tuning

THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
Progress = Callable[[Cell, dict[str, Any]], None]
# Starting a process asks after all others. Where two threads of a Dask worker ask after the same
# one at once, Python gives one of them its exit code and the other 255.
_ASKING = threading.Lock()


@dataclass(frozen=True)
class Limits:
    """What one cell may take: seconds until it is killed, and megabytes of memory."""

    seconds: float
    megabytes: float


def plan(tasks: list[str], methods: list[str], seeds: int, track: str = "stored") -> list[Cell]:
    """List the cells of tasks and methods, seed by seed, so that an early stop leaves all of each.

    Parameters
    ----------
    tasks, methods : names
    seeds : test seeds 0 to seeds - 1
    track : whose settings are used
    """
    cells = []
    for seed in range(seeds):
        for name in tasks:
            task = TASKS[name]
            for method in (METHODS[m] for m in methods):
                if not method.refusal(task):
                    settings = tuning.settings_for(task, method, track)
                    cells.append(Cell(name, task.version, method.name, settings, seed, track))
    return cells


def server() -> Any:
    """Return a fork server that has imported everything once, with one thread per process."""
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.running.worker"])
    return context


@dataclass
class _Running:
    process: Any
    cell: Cell
    began: float


def run(folder: Path, cells: list[Cell], *, workers: int, limits: Limits, report: Progress) -> None:
    """Run cells side by side.

    Parameters
    ----------
    folder : of the results; every finished cell has its record there at once
    cells : what to run
    workers : processes at a time
    limits : of one cell
    report : called with every finished cell and its record
    """
    context, waiting = server(), list(reversed(cells))
    active: list[_Running] = []
    try:
        while waiting or active:
            while waiting and len(active) < workers:
                active.append(_start(context, folder, waiting.pop(), limits))
            time.sleep(0.01)
            for running in list(active):
                if _finished(folder, running, limits):
                    active.remove(running)
                    record = records.read(folder, running.cell)
                    assert record is not None  # _finished wrote one if the cell did not
                    report(running.cell, record)
    finally:
        for running in active:
            running.process.kill()


def _start(context: Any, folder: Path, cell: Cell, limits: Limits) -> _Running:
    arguments = (str(folder), cell, limits.megabytes, os.environ.get(plugins.VARIABLE, ""))
    process = context.Process(target=_work, args=arguments, daemon=True)
    with _ASKING:
        process.start()
    return _Running(process, cell, time.monotonic())


def _work(folder: str, cell: Cell, memory: float, plugged: str) -> None:
    from benchmarks.running.worker import run_cell

    plugins.adopt(plugged)
    try:
        run_cell(folder, cell, memory)
    except OSError:  # a full disk: the runner meets it too, and says so
        raise SystemExit(1) from None


def _finished(folder: Path, running: _Running, limits: Limits) -> bool:
    """Tell whether a cell has ended; kill it after its time; record why it has no result."""
    process, spent = running.process, time.monotonic() - running.began
    failure: dict[str, Any] | None = None
    with _ASKING:
        alive = process.is_alive()
        if alive and spent < limits.seconds:
            return False
        process.kill()
        process.join()
    if alive:
        failure = {"status": "timeout", "reason": f"killed after {limits.seconds:g} s"}
    elif records.read(folder, running.cell) is None or process.exitcode != 0:
        failure = {"status": "killed", "reason": f"the process ended with {process.exitcode}"}
    if failure is not None:
        records.write(folder, running.cell, {**failure, "t_total": spent})
    return True
