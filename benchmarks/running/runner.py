"""Run cells, each in its own process with hard limits."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from benchmarks.cells import plugins
from benchmarks.cells.cell import Cell
from benchmarks.cells.processes import Limits, fork_server
from benchmarks.results.records import Record, read_record, write_record

POLL_SECONDS = 0.01
# Starting a process asks after all others. Where two threads of a Dask worker ask after the same
# one at once, Python gives one of them its exit code and the other 255.
_ASKING = threading.Lock()


@dataclass
class _Running:
    """A cell whose process was started.

    The start is in monotonic seconds.
    """

    process: ForkServerProcess
    cell: Cell
    start: float


def run_cells(
    folder: Path, cells: Sequence[Cell], *, workers: int, limits: Limits
) -> Iterator[tuple[Cell, Record]]:
    """Run cells side by side; what still runs when nobody asks for more is killed.

    Every cell comes as soon as it has finished, its record being in the folder at once; one that
    raised, or was killed, has one too.
    """
    context, waiting = fork_server(), list(reversed(cells))
    active: list[_Running] = []
    try:
        while waiting or active:
            while waiting and len(active) < workers:
                active.append(_start(context, folder, waiting.pop(), limits))
            time.sleep(POLL_SECONDS)
            for running in list(active):
                record = _finish(folder, running, limits)
                if record is not None:
                    active.remove(running)
                    yield running.cell, record
    finally:
        for running in active:
            running.process.kill()


def _start(context: ForkServerContext, folder: Path, cell: Cell, limits: Limits) -> _Running:
    arguments = (str(folder), cell, limits.megabytes, os.environ.get(plugins.VARIABLE, ""))
    # Daemons end as this process exits; where it is killed, end_with_parent() sees to it.
    process = context.Process(target=_work, args=arguments, daemon=True)
    with _ASKING:
        process.start()
    return _Running(process, cell, time.monotonic())


def _work(folder: str, cell: Cell, megabytes: float, plugin_variable: str) -> None:
    """Run a cell in this process, which the fork server has started."""
    from benchmarks.running.worker import run_cell

    plugins.adopt(plugin_variable)
    try:
        run_cell(folder, cell, megabytes)
    except OSError:  # a full disk: the runner meets it too, and says so
        raise SystemExit(1) from None


def _finish(folder: Path, running: _Running, limits: Limits) -> Record | None:
    """Return the record of a cell that has ended or is out of time, else None."""
    process, seconds = running.process, time.monotonic() - running.start
    with _ASKING:
        late = process.is_alive()
        if late and seconds < limits.seconds:
            return None
        process.kill()
        process.join()
    record = read_record(folder, running.cell)
    failure: Record
    if late:
        failure = {"status": "timeout", "reason": f"killed after {limits.seconds:g} s"}
    # An earlier run of the same key may have left a record that this one did not replace.
    elif record is None or process.exitcode != 0:
        failure = {"status": "killed", "reason": f"the process ended with {process.exitcode}"}
    else:
        return record
    write_record(folder, running.cell, {**failure, "t_total": seconds})
    return read_record(folder, running.cell)
