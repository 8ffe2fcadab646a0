"""The two sine examples of the lecture notes the library grew from."""

from __future__ import annotations

import numpy as np

from benchmarks.tasks.base import Task
from benchmarks.tasks.sources import Sinusoid
from benchmarks.tasks.split import Split
from reservoirs import datasets


def _lagged_sine(seed: int) -> Split:
    """Sin on [0, 4 pi]: 800 rows to train, the recursive forecast runs over the last 200."""
    return Split(
        series=datasets.lagged_sine()[:, None],
        n_train=800,
        n_monitored=200,
        washout=20,
        warm_up=200,
        horizons=(200,),
    )


def _lagged_sine_noisy(seed: int) -> Split:
    """Uniform noise on a slow sine: one step ahead, mean squared error never below 1/3."""
    return Split(
        series=datasets.lagged_sine_noisy(random_state=seed)[:, None],
        n_train=800,
        n_monitored=200,
        washout=20,
        warm_up=200,
        horizons=(199,),
    )


TASKS = [
    Task(
        "lagged_sine",
        "The notes' 20-lag sine: 1000 points of sin on [0, 4 pi]",
        _lagged_sine,
        n_units=100,
        source=Sinusoid(frequency=4 * np.pi / 999),
        invites=frozenset({"notes_rnn"}),
        note="train on 800 values, forecast the last 200 recursively",
    ),
    Task(
        "lagged_sine_noisy",
        "The notes' noisy sine: sin(0.02 t) + 2 u",
        _lagged_sine_noisy,
        n_units=100,
        invites=frozenset({"notes_relu"}),
        settings_from="sine_noisy_0.1",
        ranking="one_step_mse",
        note="one-step mean squared error: 1/3 is the floor, 0.41 the linear fit",
    ),
]
