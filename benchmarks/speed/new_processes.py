"""What is measured in new processes: the import, the first fit, the peak of the memory."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.speed.timing import Call, Timing, interleaved


def imports(repeats: int) -> Timing:
    """Time `import reservoirs` against what it must import anyway, in new processes."""

    def load(code: str) -> Call:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    calls = {
        "reservoirs": load("import reservoirs"),
        "sklearn.base, scipy.linalg": load("import sklearn.base, scipy.linalg"),
    }
    return interleaved("import", calls, repeats)


def first_fit() -> Timing:
    """Time the first fit of a new process over its second, with a warm disk cache."""
    code = (
        "import time, numpy as np; from reservoirs import ESNRegressor as E; "
        "X = np.zeros((99, 1)); t = time.perf_counter(); E(n_units=50).fit(X, X[:, 0]); "
        "u = time.perf_counter(); E(n_units=50).fit(X, X[:, 0]); v = time.perf_counter(); "
        "print(u - t, v - u)"
    )
    timing = Timing("first fit in a process", {"reservoirs": [], "the first": []})
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        first, second = (float(text) for text in done.stdout.split())
        timing.samples["the first"].append(first)
        timing.samples["reservoirs"].append(second)
    return timing


def peak_memory(n_units: int = 1000, n_steps: int = 100_000) -> dict[str, float]:
    """Return the megabytes by which a fit raises the peak of a new process.

    The resident set of Linux, whose peak is set back after a small fit that loads everything.

    The result is megabytes by what is fitted.
    """
    # Writing 5 to clear_refs sets VmHWM back to the present size, so that neither imports nor the
    # small fit, which loads what is compiled, count.
    code = (
        "import sys, numpy as np; from reservoirs import ESNRegressor as E; "
        "N, T, solver, grid = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]); "
        "X = np.random.default_rng(0).uniform(-1, 1, (T, 1)); "
        "a = np.logspace(-4, 2, grid) if grid > 1 else 1e-4; "
        "m = E(n_units=N, alpha=a, leak_rate=0.3, solver=solver, random_state=0); "
        "E(n_units=20, alpha=a, solver=solver).fit(X[:2000], X[:2000, 0]); "
        "peak = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]); "
        "open('/proc/self/clear_refs', 'w').write('5'); before = peak(); "
        "m.fit(X, X[:, 0]); print((peak() - before) / 1024)"
    )
    megabytes = {}
    for name, solver, grid in (
        ("one alpha", "cholesky", 1),
        ("30 alphas", "cholesky", 30),
        ("qr", "qr", 1),
    ):
        command = [sys.executable, "-c", code, str(n_units), str(n_steps), solver, str(grid)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        megabytes[name] = float(done.stdout)
    return megabytes
