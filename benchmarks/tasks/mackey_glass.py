"""Mackey-Glass with delay 17: the error after 84 steps, as in Jaeger (2001)."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.stats import loguniform

from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array, stream
from benchmarks.tasks.kinds import Attractor
from reservoirs import datasets

LONG_RUN = 10_000  # rows


def _mackey_glass(seed: int, n_train: int) -> Attractor:
    """Blocks of 1000 rows to warm up and 84 to forecast: 50 to test, 20 to tune."""
    block, n_test, n_tuning = 1084, 50, 20
    raw = datasets.mackey_glass(n_train + (n_test + n_tuning) * block, tau=17, random_state=seed)
    squashed = np.tanh(raw - 1.0)[:, None]
    blocks: Array = squashed[n_train:].reshape(-1, block, 1)
    long_run = datasets.mackey_glass(LONG_RUN, tau=17, random_state=stream("long run", seed))
    return Attractor(
        squashed[:n_train],
        blocks[:n_test],
        blocks[n_test:],
        1000,
        metric="nrmse84",
        washout=1000,
        long_run=np.tanh(long_run - 1.0)[:, None],
    )


SPACE = {"bias_scaling": loguniform(0.02, 2.0), "alpha": loguniform(1e-18, 1e-6)}
TASKS = [
    Task(
        "mackey_glass17",
        "Mackey-Glass 17, 84 steps",
        partial(_mackey_glass, n_train=3000),
        kind=Attractor,
        n_units=1000,
        ranking="nrmse84",
        trained_networks=False,
        space={"esn": SPACE},
        trials=40,
        note="published, N=1000: 10^-4.2 (Jaeger & Haas 2004)",
    ),
    Task(
        "mackey_glass17_long",
        "Mackey-Glass 17, 84 steps, 21,000 rows",
        partial(_mackey_glass, n_train=21_000),
        kind=Attractor,
        n_units=1000,
        ranking="nrmse84",
        trained_networks=False,
        settings_from="mackey_glass17",
        note="settings found on 3000 rows",
    ),
]
