"""A sine, clean and noisy: y[n] = sin(0.2 n), free runs of 200 and 1000 steps."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy.stats import loguniform

from benchmarks.tasks.base import Task
from benchmarks.tasks.sources import Sinusoid
from benchmarks.tasks.split import Split
from reservoirs import datasets

TRAIN, VALID, TEST = 1000, 600, 1000
FREQUENCY = 0.2  # radians per step


def _make(seed: int, noise: float) -> Split:
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    n = TRAIN + VALID + TEST + 1
    clean = np.sin(FREQUENCY * np.arange(n) + phase)
    # the noise is that of the data set of this seed
    observed = clean + datasets.sine(n, noise=noise, random_state=seed).y - datasets.sine(n).y
    return Split(
        series=observed[:, None],
        clean=clean[:, None],
        n_train=TRAIN,
        n_valid=VALID,
        n_monitored=VALID,
        washout=100,
        warm_up=300,
        horizons=(200, 1000),
        dt=FREQUENCY,
    )


FREQUENCIES = (0.2, 0.311, 0.42, 0.51, 0.63, 0.74, 0.85, 0.97, 1.08, 1.19, 1.27, 1.32)


def _superimposed(seed: int, count: int) -> Split:
    """Sum of sines: 400 rows to train (100 of them washout), 300 to validate, 300 to test."""
    series = np.sin(np.outer(np.arange(1001), FREQUENCIES[:count])).sum(axis=1)
    return Split(
        series[:, None], n_train=400, n_valid=300, washout=100, warm_up=200, horizons=(300,)
    )


def _sin7(seed: int) -> Split:
    """0.5 sin^7(n / 5): 300 rows to train, 100 of them washout; a free run of 100 and of 1000."""
    series = 0.5 * np.sin(np.arange(1401) / 5.0) ** 7
    return Split(
        series[:, None], n_train=300, n_valid=100, washout=100, warm_up=200, horizons=(100, 1000)
    )


SHARP = {"esn": {"alpha": loguniform(1e-18, 1e-4)}}  # there is no noise
MSO_NOTE = "a linear model is exact: no table of this task without its row"


def _sine(name: str, title: str, noise: float, **about: Any) -> Task:
    """Return a task of one sine, observed with noise of a standard deviation."""
    source = Sinusoid(FREQUENCY, noise)
    return Task(name, title, partial(_make, noise=noise), n_units=100, source=source, **about)


TASKS = [
    _sine("sine_clean", "Sine, clean", 0.0),
    _sine("sine_noisy_0.1", "Sine, noise 0.1", 0.1),
    _sine("sine_noisy_0.01", "Sine, noise 0.01", 0.01, settings_from="sine_noisy_0.1"),
    _sine(
        "sine_noisy_0.1_esn",
        "Sine, noise 0.1, echo state networks only",
        0.1,
        trained_networks=False,
        space={"esn": {"alpha": loguniform(1e-10, 1e2)}},
        trials=300,
        runs=20,
    ),
    *(
        Task(
            f"mso{count}",
            f"Sum of {count} sines",
            partial(_superimposed, count=count),
            n_units=100,
            trained_networks=False,
            space=SHARP,
            trials=100,
            note=MSO_NOTE,
            fixed={"esn": {"activation": "identity", "bias_scaling": 0.0}},
        )
        for count in (5, 8, 12)
    ),
    Task(
        "sin7_generator",
        "Generator of 0.5 sin^7(n/5)",
        _sin7,
        n_units=100,
        ranking="free100",
        trained_networks=False,
        space=SHARP,
        trials=100,
        note="published, 100 steps: mean squared error 2.6e-8, here 7.0e-4 (Jaeger 2001)",
    ),
]
