"""How the tests run: side by side, with one thread each, and without torch where there is none."""

import gc
import importlib.util
import os
import re
import sys
from pathlib import Path

import pytest

WITH_TORCH = importlib.util.find_spec("torch") is not None
NEEDS_TORCH = re.compile(r"^(?:import|from) (?:torch|trainers|benchmarks)\b", re.MULTILINE)
MOST_PROCESSES = 8  # each imports torch once more

gc.disable()  # until all that stays is there: it would be looked through again and again
if "PYTEST_XDIST_WORKER" in os.environ:  # before numpy is imported: it asks once
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """One process a core for whole folders, none besides this one for single files."""
    chosen = [Path(argument.partition("::")[0]) for argument in config.args]
    if all(path.is_file() for path in chosen):
        return 0
    return min(os.cpu_count() or 1, MOST_PROCESSES)


def pytest_ignore_collect(collection_path, config):
    """Leave out the tests of the trained networks where torch is not installed."""
    path = collection_path / "conftest.py" if collection_path.is_dir() else collection_path
    if WITH_TORCH or path.suffix != ".py" or not path.exists() or path == Path(__file__):
        return None
    return NEEDS_TORCH.search(path.read_text()) is not None or None


def pytest_report_header(config):
    return None if WITH_TORCH else "without torch: the files that import it are left out"


def pytest_collection_finish(session):
    """Leave modules and tests to no collector; give torch one thread, so that results repeat."""
    gc.freeze()
    gc.enable()
    if "torch" in sys.modules:  # small tensors gain nothing from more threads
        sys.modules["torch"].set_num_threads(1)
