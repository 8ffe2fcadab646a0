"""A sine, clean and noisy: y[n] = sin(0.2 n), free runs of 200 and 1000 steps."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.stats import loguniform

from benchmarks.tasks.base import Split, Task
from reservoirs import datasets

TRAIN, VALID, TEST = 1000, 600, 1000


def _make(seed: int, noise: float) -> Split:
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    n = TRAIN + VALID + TEST + 1
    clean = np.sin(0.2 * np.arange(n) + phase)
    observed = clean + datasets.sine(n, noise=noise, random_state=seed).y - datasets.sine(n).y
    return Split(
        series=observed[:, None],
        exog=None,
        clean=clean[:, None],
        n_train=TRAIN,
        n_valid=VALID,
        n_watched=VALID,
        washout=100,
        warm_up=300,
        horizons=(200, 1000),
        dt=0.2,
    )


TAGS = frozenset({"sinusoid"})
TASKS = [
    Task("sine_clean", "Sine, clean", partial(_make, noise=0.0), n_units=100, tags=TAGS),
    Task("sine_noisy_0.1", "Sine, noise 0.1", partial(_make, noise=0.1), n_units=100, tags=TAGS),
    Task(
        "sine_noisy_0.01",
        "Sine, noise 0.01",
        partial(_make, noise=0.01),
        n_units=100,
        tuned_like="sine_noisy_0.1",
        tags=TAGS,
    ),
    Task(
        "sine_noisy_0.1_esn",
        "Sine, noise 0.1, echo state networks only",
        partial(_make, noise=0.1),
        n_units=100,
        tags=TAGS | {"esn"},
        space={"esn": {"alpha": loguniform(1e-10, 1e2)}},
        trials=300,
        runs=20,
    ),
]
