"""Attractors to reconstruct from a short context: dysts, and the demonstrations of DynaMix.

What a model may see is the context alone, and its settings are chosen inside it. A free run from
its end is compared with what the system does. DynaMix (2025), the foundation model whose figures
are printed beside, is not fitted at all: it reads the context once (zero-shot); ours are fitted on
it. Its files are not ours to ship: the demonstrations are runs of the same systems of our own, with
contexts of the same length at about the same rate.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.tasks import dysts
from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Reconstruction

CONTEXTS = (512, 2000)  # rows
N_TRUTH = 2000  # rows that runs of dysts' systems are compared on
N_DEMO = 10_000  # rows of a demonstration
TRANSIENT = 0.25  # of the rows compared
BURN_IN = 100.0  # units of time


def _of_dysts(seed: int, name: str, n_context: int) -> Reconstruction:
    """Return a context and what follows, from one of five places of a trajectory by the seed."""
    first = 500 * (seed % 5)
    rows = dysts.trajectory(name, first + n_context + N_TRUTH)[first:]
    return Reconstruction(rows[:n_context], rows[n_context:], transient=TRANSIENT)


def lorenz(_: float, z: Array) -> Array:
    """Return the velocity of Lorenz (1963)."""
    x, y, v = z
    return np.array([10.0 * (y - x), x * (28.0 - v) - y, x * y - 8.0 / 3.0 * v])


def chua(_: float, z: Array) -> Array:
    """Return the velocity of Chua's circuit: a = 15.6, b = 28, slopes -8/7 and -5/7."""
    x, y, v = z
    current = -5.0 / 7.0 * x + 0.5 * (-8.0 / 7.0 + 5.0 / 7.0) * (abs(x + 1.0) - abs(x - 1.0))
    return np.array([15.6 * (y - x - current), x - y + v, -28.0 * y])


def sprott_m(_: float, z: Array) -> Array:
    """Return the velocity of case M of Sprott (1994): -z, -x^2 - y, 1.7 (1 + x) + y."""
    x, y, v = z
    return np.array([-v, -(x**2) - y, 1.7 * (1.0 + x) + y])


def _demo(
    seed: int, velocity: Callable[[float, Array], Array], dt: float, n_context: int
) -> Reconstruction:
    """Return a context and the ten thousand rows that follow, all of which are compared."""
    start = 0.1 * np.random.default_rng(seed).uniform(0.5, 1.0, 3)
    times = BURN_IN + dt * np.arange(n_context + N_DEMO)
    run = solve_ivp(
        velocity, (0.0, times[-1]), start, t_eval=times, method="DOP853", rtol=1e-9, atol=1e-9
    )
    return Reconstruction(run.y.T[:n_context], run.y.T[n_context:], transient=0.0)


ABOUT = "D_stsp of a free run from the end of the context"
BESIDE = "DynaMix is zero-shot, it reads the context once; ours are fitted on it"


def _task(name: str, title: str, make: Callable[[int], Reconstruction], note: str) -> Task:
    return Task(
        name,
        title,
        make,
        kind=Reconstruction,
        ranking="attractor_divergence",
        n_units=300,
        invites=frozenset({"nvar", "context_search"}),
        excludes=frozenset({"linear"}),
        on_request=True,
        study="reconstruction",
        tuned=False,
        note=note,
    )


DEMOS: dict[str, tuple[str, Callable[[float, Array], Array], float, int, str]] = {
    "demo_lorenz": ("Lorenz-63", lorenz, 0.02, 2000, "0.80, D_H 0.064, MASE(10) 0.285"),
    "demo_chua": ("Chua's circuit", chua, 0.05, 1028, "2.21, D_H 0.088, MASE(10) 0.366"),
    "demo_sprott_m": ("Sprott M", sprott_m, 0.1, 512, "3.32, D_H 0.097, MASE(10) 0.180"),
}
TASKS = [
    *(
        _task(
            name,
            f"{title}, {n_context} rows",
            partial(_demo, velocity=velocity, dt=dt, n_context=n_context),
            f"{ABOUT}; DynaMix on its own file of this system: {figures}. {BESIDE}",
        )
        for name, (title, velocity, dt, n_context, figures) in DEMOS.items()
    ),
    *(
        _task(
            f"attractor_{n_context}_{name}",
            f"dysts: {name}, {n_context} rows",
            partial(_of_dysts, name=name, n_context=n_context),
            ABOUT,
        )
        for n_context in CONTEXTS
        for name in dysts.systems()
    ),
]
