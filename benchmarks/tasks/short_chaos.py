"""Chaos from 400 rows, the tasks of next-generation reservoir computing (Gauthier et al. 2021)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Attractor
from reservoirs import datasets

LONG_RUN = 4000  # rows


def _polynomial(
    seed: int,
    simulate: Callable[..., Array],
    dt: float,
    horizon: int,
    method: str,
    tolerance: float,
    initial: tuple[float, ...],
) -> Attractor:
    """400 rows to train on, then a few units of time to forecast."""
    n_train, tries = 402, 10
    offset = 40 * int(np.random.default_rng(seed).integers(200))
    n_rows = offset + n_train + (tries + 1) * (horizon + 2)
    run = simulate(n_rows, dt=dt, method=method, tolerance=tolerance, initial=initial)
    rows = run[offset:]
    # pieces of two rows to warm up on and the horizon; the first follows the training rows at once
    pieces = [rows[n_train - 2 + i * (horizon + 2) :][: horizon + 2] for i in range(tries + 1)]
    return Attractor(
        rows[:n_train],
        np.stack(pieces[:1]),
        np.stack(pieces[1:]),
        warm_up=2,
        metric="nrmse_total",
        washout=0,
        long_run=simulate(LONG_RUN, dt=dt, random_state=seed),
    )


NGRC = partial(
    _polynomial, simulate=datasets.lorenz63, dt=0.025, horizon=44, initial=(17.677, 12.931, 43.914)
)
SCROLL = partial(
    _polynomial,
    simulate=datasets.double_scroll,
    dt=0.25,
    horizon=32,
    initial=(0.37926545, 0.058339, -0.08167691),
)


def _ngrc_task(name: str, title: str, make: Callable[[int], Attractor], **about: Any) -> Task:
    """Return a task of 400 rows, too few for a reservoir and for a linear model."""
    return Task(
        name,
        title,
        make,
        kind=Attractor,
        ranking="nrmse_total",
        trained_networks=False,
        invites=frozenset({"nvar"}),
        excludes=frozenset({"esn", "linear"}),
        **about,
    )


TASKS = [
    _ngrc_task(
        "lorenz63_ngrc",
        "Lorenz-63 from 400 accurate rows",
        partial(NGRC, method="DOP853", tolerance=1e-10),
        fixed={"nvar": {"n_delays": 2, "degree": 2}},
        trials=50,
        runs=20,
        note="DOP853 at 1e-10; run with --seeds 60 for 60 segments",
    ),
    _ngrc_task(
        "lorenz63_ngrc_rk23",
        "Lorenz-63 from 400 rows of a coarse integrator",
        partial(NGRC, method="RK23", tolerance=1e-3),
        tuned=False,
        fixed={"nvar": {"n_delays": 2, "degree": 2, "alpha": 2.5e-6, "noise": 0.0}},
        note="as published: RK23 at its default tolerance, ridge 2.5e-6",
    ),
    _ngrc_task(
        "double_scroll_ngrc",
        "Double scroll from 400 rows",
        partial(SCROLL, method="DOP853", tolerance=1e-10),
        fixed={"nvar": {"n_delays": 2, "degree": 3}},
        trials=50,
        runs=20,
        note="DOP853 at 1e-10; one Lyapunov time to forecast",
    ),
]
