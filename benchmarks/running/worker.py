"""What runs in a cell's own process; imported once, by the fork server."""

from __future__ import annotations

import multiprocessing
import os
import resource
import threading
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning

from benchmarks.cells import machine, plugins
from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.results import records
from benchmarks.results.records import Cell
from benchmarks.tasks import TASKS
from reservoirs import ESNRegressor, next_step
from trainers import RNNRegressor

plugins.load()
records.code_hash()  # of the code as loaded, whatever is edited while a run goes on
machine.about()
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
    """Let this process take so much memory on top of what it has; more raises MemoryError."""
    status = Path("/proc/self/status")
    if not status.exists():
        return  # the limit is Linux's
    taken = next(line for line in status.read_text().splitlines() if line.startswith("VmData"))
    limit = int(taken.split()[1]) * 1024 + int(megabytes * 2**20)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def run_cell(folder: str, cell: Cell, memory: float) -> None:
    """Run one cell and write its record, whatever happens.

    Parameters
    ----------
    folder : of the results
    cell : what to run
    memory : megabytes it may take
    """
    end_with_parent()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)  # becomes the record's status
    limit_memory(memory)
    checkpoint = Path(folder) / "checkpoints" / f"{cell.name}.pickle"
    began, started, load = time.perf_counter(), time.time(), machine.load()
    result, found = _result(cell, checkpoint, memory)
    result["t_total"] = time.perf_counter() - began
    result["cpu_s"] = time.process_time()
    result["peak_mem_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    noisy = machine.noisy(load, machine.load())
    result["provenance"] = {
        **machine.about(), "started": started, "load1": load, "noisy": noisy,
        "code_hash": records.code_hash(),
    }  # fmt: skip
    records.write(Path(folder), cell, result, found)
    checkpoint.unlink(missing_ok=True)


def _result(cell: Cell, checkpoint: Path, memory: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the record and the arrays of a cell; a failed one is a row, never a lost run."""
    try:
        task = TASKS[cell.task]
        data, seed = task.data("test", cell.seed), task.model_seed("test", cell.seed)
        outcome = evaluate(task, data, METHODS[cell.method], cell.settings, seed, checkpoint)
        result: dict[str, Any] = {
            "status": outcome.status,
            "reason": outcome.reason,
            "metrics": outcome.metrics,
            "costs": outcome.costs,
        }
        return result, outcome.arrays
    except ImportError as error:
        return {"status": "skipped", "reason": str(error)}, {}
    except Exception as error:
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            return {"status": "memory", "reason": f"needs more than {memory:g} MB"}, {}
        tail = traceback.format_exc().splitlines()[-6:]
        return {"status": "error", "reason": f"{type(error).__name__}: {error}", "tail": tail}, {}
