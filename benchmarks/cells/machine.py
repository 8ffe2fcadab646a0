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

BUSY = 1.2  # load per core from which on a record is marked noisy


def load() -> float | None:
    """Return the load average of the last minute, None where there is none."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def noisy(*loads: float | None) -> bool:
    """Tell whether the machine had more to do than it has cores for."""
    cores = os.cpu_count() or 1
    return any(value is not None and value > BUSY * cores for value in loads)


@cache
def score() -> float:
    """Return billions of operations per second of a fixed product on one thread, best of five."""
    size = 400
    a = np.random.default_rng(0).normal(size=(size, size))
    times = []
    with threadpool_limits(1):
        for _ in range(6):
            began = time.perf_counter()
            np.dot(a, a)
            times.append(time.perf_counter() - began)
    return round(2e-9 * size**3 / min(times[1:]), 2)


@cache
def about() -> dict[str, Any]:
    """Return the versions and the machine, the same for every cell of a process."""
    blas: dict[str, Any] = next((i for i in threadpool_info() if i["user_api"] == "blas"), {})
    packages = {"numpy": "numpy", "scipy": "scipy", "sklearn": "scikit-learn", "torch": "torch"}
    return {
        "lib_version": version("reservoirs"),
        "python": platform.python_version(),
        **{name: version(package) for name, package in packages.items()},
        "blas": f"{blas.get('internal_api')} {blas.get('version')} {blas.get('architecture', '')}",
        "machine": platform.machine(),
        "cpu": _processor(),
        "host_hash": hashlib.sha256(platform.node().encode()).hexdigest()[:8],
        "n_cpu": os.cpu_count(),
        "machine_score": score(),
        "threads": 1,
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
