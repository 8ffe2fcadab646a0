"""What runs in a cell's own process; imported once, by the fork server."""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import sys
import threading
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import sklearn
import torch
from sklearn.exceptions import ConvergenceWarning

from benchmarks import records
from benchmarks.evaluation import evaluate
from benchmarks.methods import METHODS
from benchmarks.records import Cell
from benchmarks.tasks import TASKS
from reservoirs import ESNRegressor, next_step
from trainers import RNNRegressor

records.code_hash()  # of the code as loaded, whatever is edited while a run goes on
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


def run_cell(folder: str, cell: Cell) -> None:
    """Run one cell and write its record, whatever happens.

    Parameters
    ----------
    folder : of the results
    cell : what to run
    """
    end_with_parent()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)  # becomes the record's status
    checkpoint = Path(folder) / "checkpoints" / f"{cell.name}.pickle"
    began, started = time.perf_counter(), time.time()
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
        found: dict[str, Any] = outcome.arrays
    except ImportError as error:
        result, found = {"status": "skipped", "reason": str(error)}, {}
    except Exception as error:  # a failed cell is a row of the results, never a lost run
        tail = traceback.format_exc().splitlines()[-6:]
        result = {"status": "error", "reason": f"{type(error).__name__}: {error}", "tail": tail}
        found = {}
    result["t_total"] = time.perf_counter() - began
    result["peak_mem_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result["provenance"] = provenance(started)
    records.write(Path(folder), cell, result, found)
    checkpoint.unlink(missing_ok=True)


def provenance(started: float) -> dict[str, Any]:
    """Return what is needed to judge a record later: versions, machine, load."""
    return {
        "started": started,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "sklearn": sklearn.__version__,
        "torch": torch.__version__,
        "machine": platform.machine(),
        "n_cpu": os.cpu_count(),
        "load1": os.getloadavg()[0] if sys.platform != "win32" else None,
        "threads": 1,
    }
