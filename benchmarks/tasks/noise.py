"""Chaotic systems seen with noise: the protocol of `dysts`, noise on all that methods see.

Independent noise of 5, 10 or 20 % of the deviation of every variable is on the training rows and on
those that a forecast starts from; a forecast is judged by the truth without it. The systems are
those of dysts and four of `reservoirs.datasets`, so that some run without that package.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.stats import loguniform

from benchmarks.tasks import dysts
from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array, stream
from benchmarks.tasks.dysts import HORIZON, N_TRAIN, N_VALID, SEGMENT, SEGMENTS
from benchmarks.tasks.split import Split
from reservoirs import datasets

LEVELS = (5, 10, 20)  # per cent
LONG_RUN = 1000  # rows
SPACE = {**dysts.SPACE, "alpha": loguniform(1e-6, 1e2)}  # noise wants a larger penalty
CLASSIC: dict[str, Callable[..., Array]] = {  # about a hundred rows per period
    "lorenz63": partial(datasets.lorenz63, dt=0.0075),
    "roessler": partial(datasets.roessler, dt=0.059),
    "double_scroll": partial(datasets.double_scroll, dt=0.12),
    "lorenz96_5": partial(datasets.lorenz96, n_units=5, dt=0.012),
}


def _rows_of_dysts(seed: int, name: str) -> Array:
    """Return one of five pieces of a trajectory of a system of dysts, by the seed."""
    first = SEGMENT * (seed % SEGMENTS)
    return dysts.trajectory(name, first + SEGMENT + LONG_RUN)[first:]


def _rows_of_ours(seed: int, name: str) -> Array:
    """Return a run of one of our own systems."""
    return CLASSIC[name](SEGMENT + LONG_RUN, random_state=seed)


def _noisy(seed: int, draw: Callable[[int], Array], per_cent: int) -> Split:
    """Return rows with noise, the truth without it, and a run that follows."""
    rows = draw(seed)
    clean, long_run = rows[:SEGMENT], rows[SEGMENT:]
    rng = np.random.default_rng(stream("noise", seed))
    size = per_cent / 100.0 * clean[:N_TRAIN].std(axis=0)
    return Split(
        clean + size * rng.standard_normal(clean.shape),
        n_train=N_TRAIN,
        n_valid=N_VALID,
        washout=100,
        warm_up=N_TRAIN + N_VALID - 1,
        horizons=(HORIZON,),
        clean=clean,
        long_run=long_run,
    )


def _task(name: str, draw: Callable[[int], Array], per_cent: int) -> Task:
    return Task(
        f"noise_{per_cent}_{name}",
        f"{name} with {per_cent} % noise",
        partial(_noisy, draw=draw, per_cent=per_cent),
        n_units=500,
        ranking="smape",
        trained_networks=False,
        invites=frozenset({"smoothed_map"}),
        on_request=True,
        study="noise",
        space={"esn": SPACE},
        trials=50,
        runs=1,
        note="noise on the rows to learn from and to start from, none on those judged by",
    )


_SYSTEMS: dict[str, Callable[[int], Array]] = {
    **{name: partial(_rows_of_ours, name=name) for name in CLASSIC},
    **{name: partial(_rows_of_dysts, name=name) for name in dysts.systems()},
}
TASKS = [_task(name, draw, level) for level in LEVELS for name, draw in _SYSTEMS.items()]
