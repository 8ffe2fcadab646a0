"""The speed suite: our public calls against reservoirpy and a plain numpy and scipy loop.

All contenders of a job take turns in one process on one thread; every sample is kept.
reservoirpy comes with the extra `peers` and is left out where it is absent.
"""

from __future__ import annotations

from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.sparse
from scipy.linalg import blas
from threadpoolctl import threadpool_limits

from benchmarks.speed.new_processes import first_fit, imports
from benchmarks.speed.timing import Call, Job, Timing, interleaved
from benchmarks.tasks.data import Array
from reservoirs import ESNRegressor, Reservoir, next_step, topology

LEAK = 0.3


def _peer() -> SimpleNamespace | None:
    """Return reservoirpy with its parts, None where it is absent."""
    try:
        import reservoirpy
    except ImportError:
        return None
    # Versions that have it show progress otherwise, and that would be timed too.
    getattr(reservoirpy, "verbosity", lambda level: None)(0)
    return SimpleNamespace(nodes=reservoirpy.nodes, mat_gen=reservoirpy.mat_gen)


def _loop(reservoir: Reservoir, u: Array) -> Call:
    """Return the plain loop anybody writes first."""
    W = scipy.sparse.csr_array(reservoir.recurrent_weights_)
    W_in, bias = reservoir.input_weights_, reservoir.bias_

    def run() -> Array:
        x, out = np.zeros(len(bias)), np.empty((len(u), len(bias)))
        for t in range(len(u)):
            x = (1 - LEAK) * x + LEAK * np.tanh(W @ x + W_in @ u[t] + bias)
            out[t] = x
        return out

    return run


def _theirs(peer: SimpleNamespace, reservoir: Reservoir) -> Any:  # noqa: ANN401 - a peer's model
    """Return reservoirpy's node with the weights of a reservoir of ours."""
    W = scipy.sparse.csr_matrix(reservoir.recurrent_weights_)
    return peer.nodes.Reservoir(W=W, Win=reservoir.input_weights_, bias=reservoir.bias_, lr=LEAK)


def _input(n_steps: int) -> Array:
    return np.random.default_rng(0).uniform(-1, 1, (n_steps, 1))


def drawing(n_units: int, repeats: int) -> Timing:
    """Time new recurrent weights of radius 1, and another radius of a draw that is kept."""
    # A new seed each time: draws are cached, and a repeated one would be a look-up.
    seeds = count(1)

    def draw(seed: int, radius: float = 1.0) -> Any:  # noqa: ANN401 - a peer's matrix
        return topology.draw("random", n_units, degree=10, spectral_radius=radius, seed=seed)

    calls: dict[str, Call] = {
        "reservoirs": lambda: draw(next(seeds)),
        "reservoirs, another radius": lambda: draw(0, 0.9),
    }
    if (peer := _peer()) is not None:
        sparse = partial(peer.mat_gen.uniform, n_units, n_units, connectivity=10 / n_units, sr=1.0)
        calls["reservoirpy"] = lambda: sparse(seed=next(seeds))
    return interleaved(f"drawing W, N={n_units}", calls, repeats)


def states(n_units: int, repeats: int) -> Timing:
    """Time all states of one input; also with topology "shifts"."""
    u = _input(10_000 if n_units < 5000 else 3000)
    drawn = Reservoir(n_units=n_units, leak_rate=LEAK, random_state=0).fit(u)
    shifts = Reservoir(n_units=n_units, leak_rate=LEAK, topology="shifts", random_state=0).fit(u)
    calls: dict[str, Call] = {
        "reservoirs": lambda: drawn.transform(u),
        "reservoirs, shifts": lambda: shifts.transform(u),
        "numpy and scipy": _loop(drawn, u),
    }
    if (package := _peer()) is not None:
        peer = _theirs(package, drawn)
        calls["reservoirpy"] = lambda: peer.run(u)
    return interleaved(f"states, N={n_units}", calls, repeats, len(u))


def closed_loop(n_units: int, repeats: int) -> Timing:
    """Time a free run of 500 steps."""
    series = np.sin(0.2 * np.arange(1200))[:, None]
    model = ESNRegressor(n_units=n_units, leak_rate=LEAK, random_state=0).fit(*next_step(series))
    calls: dict[str, Call] = {"reservoirs": lambda: model.forecast(500)}
    if (package := _peer()) is not None:
        X, y = next_step(series)
        peer = _theirs(package, model.reservoir_) >> package.nodes.Ridge(ridge=1e-6)
        peer.fit(X, y)

        def free() -> None:
            row = series[-1:]
            for _ in range(500):
                row = (
                    np.atleast_2d(peer.run(row)) if not hasattr(peer, "step") else peer.step(row[0])
                )
                row = np.reshape(row, (1, -1))

        calls["reservoirpy"] = free
    return interleaved(f"closed loop, N={n_units}", calls, repeats, 500)


def fit(
    n_units: int, n_steps: int, repeats: int, only: tuple[str, ...] = (), n_jobs: int | None = None
) -> Timing:
    """Time a whole fit: states, Gram matrix, solution; and our other solvers beside it.

    `only` names contenders, none are all; `n_jobs` is that of ours.
    """
    u = _input(n_steps + 1)
    X, y = u[:-1], u[1:]
    base: dict[str, Any] = {
        "n_units": n_units,
        "leak_rate": LEAK,
        "alpha": 1e-4,
        "solver": "cholesky",
        "random_state": 0,
        "n_jobs": n_jobs,
    }
    grid = np.logspace(-4, 2, 30)

    def ours(**settings: Any) -> Call:
        return lambda: ESNRegressor(**{**base, **settings}).fit(X, y)

    calls = {"reservoirs": ours(), "reservoirs, auto": ours(solver="auto")}
    if n_steps > 50_000:
        calls["reservoirs, 30 alphas"] = ours(alpha=grid)
        calls["reservoirs, qr"] = ours(solver="qr")
        calls["reservoirs, qr, 30 alphas"] = ours(solver="qr", alpha=grid)
    if (package := _peer()) is not None:
        drawn = Reservoir(n_units=n_units, leak_rate=LEAK, random_state=0).fit(X)

        def theirs() -> None:
            (_theirs(package, drawn) >> package.nodes.Ridge(ridge=1e-4)).fit(X, y)

        calls["reservoirpy"] = theirs
    calls = {name: call for name, call in calls.items() if not only or name in only}
    return interleaved(f"fit, N={n_units}, T={n_steps}", calls, repeats)


def over_dsyrk(n_units: int, n_steps: int, repeats: int) -> Timing:
    """Time a whole fit beside the dsyrk in it alone; two times so close need many turns."""
    u = _input(n_steps + 1)
    model = ESNRegressor(
        n_units=n_units, leak_rate=LEAK, alpha=1e-4, solver="cholesky", random_state=0
    )
    # One block over and over: the time of dsyrk does not depend on the values.
    block = np.random.default_rng(0).normal(size=(1024, n_units + 1))

    def dsyrk() -> None:
        gram = np.zeros((n_units + 1, n_units + 1), order="F")
        with threadpool_limits(1):
            for _ in range(n_steps // 1024):
                gram = blas.dsyrk(1.0, block.T, beta=1.0, c=gram, overwrite_c=True)

    calls: dict[str, Call] = {
        "reservoirs": lambda: model.fit(u[:-1], u[1:]),
        "its dsyrk alone": dsyrk,
    }
    return interleaved(f"fit over its dsyrk, N={n_units}, T={n_steps}", calls, repeats)


def many_series(repeats: int) -> list[Timing]:
    """Time 64 series of 300 steps, N=1000, on two threads: the states, and a whole fit."""
    series = [_input(300) for _ in range(64)]
    targets = [s[:, 0] for s in series]
    base: dict[str, Any] = {"n_units": 1000, "leak_rate": LEAK, "random_state": 0}
    drawn, alone = (Reservoir(**base, n_jobs=n).fit(series) for n in (2, 1))
    calls: dict[str, Call] = {
        "reservoirs": lambda: drawn.transform(series),
        "reservoirs, one job": lambda: alone.transform(series),
    }
    if (package := _peer()) is not None:
        peer = _theirs(package, drawn)
        calls["reservoirpy"] = lambda: peer.run(series, workers=2)
    fits: dict[str, Call] = {
        "reservoirs": lambda: ESNRegressor(**base, alpha=1e-4, n_jobs=2).fit(series, targets),
        "reservoirs, one job": lambda: ESNRegressor(**base, alpha=1e-4).fit(series, targets),
    }
    return [
        interleaved("states of 64 series x 300, N=1000, 2 threads", calls, repeats, 64 * 300),
        interleaved("fit 64 series x 300, N=1000", fits, repeats),
    ]


def two_cores(repeats: int) -> Timing:
    """Time a whole fit on two cores: theirs with two BLAS threads, ours with n_jobs=2."""
    with threadpool_limits(2):
        timing = fit(1000, 100_000, repeats, only=("reservoirs", "reservoirpy"), n_jobs=2)
    timing.job += ", 2 cores"
    return timing


def jobs(quick: bool) -> list[Job]:
    """Return the jobs, the long ones last.

    `quick` takes small sizes only, a few seconds. Each job returns a timing, or several.
    """
    sizes = (100, 300) if quick else (100, 300, 1000, 5000)
    turns = {100: 15, 300: 15, 1000: 5, 5000: 3}  # a cheap call meets a busy moment more easily
    suite: list[Job] = [partial(drawing, n, 3) for n in sizes]
    suite += [partial(states, n, turns[n]) for n in sizes]
    suite += [partial(closed_loop, n, 15) for n in ((100,) if quick else (100, 1000, 5000))]
    suite += [partial(fit, n, 10_000, 5) for n in ((100,) if quick else (100, 300, 1000))]
    if not quick:
        suite += [
            partial(fit, 1000, 100_000, 5),
            partial(over_dsyrk, 1000, 100_000, 15),
            partial(two_cores, 3),
            partial(many_series, 5),
            partial(imports, 25),
            first_fit,
        ]
    return suite
