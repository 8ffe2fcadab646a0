"""What runs in a cell's own process; imported once, by the fork server."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import threading
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning

from benchmarks.cells import machine, plugins
from benchmarks.cells.cell import Cell, code_hash
from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.results.records import Record, write_record
from benchmarks.tasks import TASKS
from benchmarks.tasks.data import Array
from reservoirs import ESNRegressor, next_step
from trainers import RNNRegressor

# Imported once, in the fork server; the process of every cell is a copy of it from here on.
LOGGER = logging.getLogger("benchmarks")
plugins.load_plugins()
code_hash()  # of the code as loaded, whatever is edited while a run goes on
machine.describe_machine()
# Compiled loops and torch's first calls are paid for here, once, and inherited by every cell.
_SERIES = np.sin(0.3 * np.arange(40.0))[:, None]
ESNRegressor(n_units=8).fit(*next_step(_SERIES)).forecast(2)
RNNRegressor(n_units=2, max_iter=1).fit(*next_step(_SERIES))


def end_with_parent() -> None:
    """End this process when the one that runs the suite is gone, even if it was killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def limit_memory(megabytes: float) -> None:
    """Let this process take so much memory on top of what it has; more raises MemoryError.

    That is of data (heap and anonymous maps); without effect where there is no /proc.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return  # the limit is Linux's
    # RLIMIT_DATA limits what VmData counts; RLIMIT_AS would count mapped libraries too.
    line = next(
        line
        for line in status.read_text(encoding="utf-8").splitlines()
        if line.startswith("VmData")
    )
    limit = int(line.split()[1]) * 1024 + int(megabytes * 2**20)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def run_cell(folder: str, cell: Cell, megabytes: float) -> None:
    """Run one cell and write its record, whatever happens.

    The folder is that of the results.
    """
    end_with_parent()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)  # becomes the record's status
    limit_memory(megabytes)
    checkpoint = Path(folder) / "checkpoints" / f"{cell.name}.npz"
    _ignore_pickle(checkpoint.with_suffix(".pickle"))
    start, clock_start, load = time.perf_counter(), time.time(), machine.load_average()
    record, arrays = _evaluate(cell, checkpoint, megabytes)
    record["t_total"] = time.perf_counter() - start
    record["cpu_s"] = time.process_time()
    record["peak_mem_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    record["provenance"] = {
        **machine.describe_machine(),
        "started": clock_start,
        "load1": load,
        "noisy": machine.is_noisy(load, machine.load_average()),
        "code_hash": code_hash(),
    }
    write_record(Path(folder), cell, record, arrays)
    # Last: a process killed before this leaves the checkpoint for the next to go on from.
    checkpoint.unlink(missing_ok=True)


def _ignore_pickle(path: Path) -> None:
    """Say that a checkpoint of an older version is not read: it may run code."""
    if path.exists():
        LOGGER.warning("%s is a pickle of an older version and ignored; the run starts anew", path)


def _evaluate(cell: Cell, checkpoint: Path, megabytes: float) -> tuple[Record, dict[str, Array]]:
    """Return the record and the arrays of a cell; a failed one is a row, never a lost run."""
    try:
        task = TASKS[cell.task]
        data, seed = task.data("test", cell.seed), task.model_seed("test", cell.seed)
        outcome = evaluate(task, data, METHODS[cell.method], cell.settings, seed, checkpoint)
        record: Record = {
            "status": outcome.status,
            "reason": outcome.reason,
            "metrics": outcome.metrics,
            "costs": outcome.costs,
        }
        return record, outcome.arrays
    except ImportError as error:
        # A peer or a data set that is not installed is no failure.
        return {"status": "skipped", "reason": str(error)}, {}
    except Exception as error:
        # LAPACK's and torch's own failures to allocate are not MemoryErrors.
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            return {"status": "memory", "reason": f"needs more than {megabytes:g} MB"}, {}
        tail = traceback.format_exc().splitlines()[-6:]
        return {"status": "error", "reason": f"{type(error).__name__}: {error}", "tail": tail}, {}
