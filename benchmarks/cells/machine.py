"""What machine a record came from, how fast and how busy it was."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

MAX_LOAD_PER_CORE = 1.2  # a record of a busier machine is marked noisy
PRODUCT_SIZE = 400
PACKAGES = {"numpy": "numpy", "scipy": "scipy", "sklearn": "scikit-learn", "torch": "torch"}


def load_average() -> float | None:
    """Return the load average of the last minute.

    It counts processes that wanted to run; None on systems that do not count them.
    """
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def is_noisy(*loads: float | None) -> bool:
    """Tell whether the machine had more to do than it has cores for.

    That is, whether any of the load averages, before and after a measurement say, exceeds 1.2 per
    core.
    """
    cores = os.cpu_count() or 1
    return any(load is not None and load > MAX_LOAD_PER_CORE * cores for load in loads)


@cache
def machine_score() -> float:
    """Return the speed of a fixed matrix product on one thread, the best of five.

    2 n^3 / seconds, n = 400

    In billions of operations per second.
    """
    a = np.random.default_rng(0).normal(size=(PRODUCT_SIZE, PRODUCT_SIZE))
    seconds = []
    # Cells have one thread each, so the speed of one thread is what their times depend on.
    with threadpool_limits(1):
        for _ in range(6):
            start = time.perf_counter()
            np.dot(a, a)
            seconds.append(time.perf_counter() - start)
    # The first product also loads the library.
    return round(2e-9 * PRODUCT_SIZE**3 / min(seconds[1:]), 2)


@cache
def describe_machine() -> dict[str, Any]:
    """Return the versions and the machine, the same for every cell of a process.

    All are JSON values; the host's name stands only as a hash.
    """
    blas: dict[str, Any] = next((i for i in threadpool_info() if i["user_api"] == "blas"), {})
    # A host's name may say whose machine it is; its hash still tells machines apart.
    return {
        "lib_version": version("reservoirs"),
        "python": platform.python_version(),
        **{name: version(package) for name, package in PACKAGES.items()},
        "blas": f"{blas.get('internal_api')} {blas.get('version')} {blas.get('architecture', '')}",
        "machine": platform.machine(),
        "cpu": _processor(),
        "host_hash": hashlib.sha256(platform.node().encode()).hexdigest()[:8],
        "n_cpu": os.cpu_count(),
        "machine_score": machine_score(),
        "threads": 1,
    }


def _processor() -> str:
    # On Linux `platform.processor()` is empty or names the architecture only.
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
