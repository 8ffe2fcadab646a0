"""Processes for cells and searches: one thread each, started from a server that has all loaded."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
# Named and not imported: the server alone needs what this module loads and compiles.
PRELOADED = "benchmarks.running.worker"


@dataclass(frozen=True)
class Limits:
    """What one cell may take.

    It is killed after so many seconds; the megabytes come on top of what its process has at the
    start.
    """

    seconds: float
    megabytes: float


def fork_server() -> ForkServerContext:
    """Return a fork server that has imported everything once, with one thread per process.

    Its processes inherit loaded libraries and compiled loops.
    """
    # Libraries read these as they are loaded, so they must be set before the server starts.
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    _start_deaf()
    return context


def _start_deaf() -> None:
    """Start the server so that Ctrl-C reaches the command alone, which ends all its processes.

    A server that is loading libraries, and a cell, would print where they were interrupted.
    """
    # its own start would let the signal through again
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
