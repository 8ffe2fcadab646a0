"""Filters: NARMA, the nonlinear channel, and real series one step ahead."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.stats import loguniform

from benchmarks.tasks.base import Task
from benchmarks.tasks.kinds import Filter
from reservoirs import datasets

MOST_DELAYS = 200
CYCLE = frozenset({"esn_cycle"})
# The penalty is the best of a grid by contiguous folds, chosen in the fit itself.
GRID = {"alpha": [float(f"1e{power}") for power in range(-18, 3)], "alpha_cv": 5}
FIXED = {"esn": GRID, "esn_cycle": GRID}
SPACE = {
    "esn": {"bias_scaling": loguniform(0.02, 2.0), "degree": [5, 10, 20]},
    "esn_cycle": {"bias_scaling": loguniform(0.02, 2.0)},
}


def _narma(seed: int, order: int) -> Filter:
    """Washout 200, 2000 rows to train, 1000 to validate, 2000 to test."""
    data = datasets.narma(5200, order=order, random_state=seed)
    return Filter(data.u[:, None], data.y[:, None], 2200, 1000, washout=200, warm_up=200)


def _channel(seed: int, snr: float) -> Filter:
    """6000 symbols to train, 20,000 to validate, 220,000 to test; the target is d(n - 2)."""
    data = datasets.channel_equalization(246_002, snr=snr, random_state=seed)
    symbols = data.d[:-2]
    return Filter(data.u[2:, None], symbols[:, None], 6000, 20_000, metric="ser")


def _santa_fe(seed: int) -> Filter:
    """Take 2000 rows to train, 3000 to validate, 5092 to test; target is the next intensity."""
    laser = datasets.santa_fe()[:, None]
    return Filter(laser[:-1], laser[1:], 2000, 3000, washout=100)


def _memory(seed: int) -> Filter:
    """Input uniform on [-1, 1]; targets are the inputs 1 to 200 steps before. 6000 rows each."""
    u = np.random.default_rng(seed).uniform(-1.0, 1.0, size=12_700)
    past = np.lib.stride_tricks.sliding_window_view(u, MOST_DELAYS + 1)[:, ::-1]
    return Filter(past[:, :1], past[:, 1:], 6200, 200, washout=200, warm_up=200, metric="capacity")


def _heart(seed: int) -> Filter:
    """Take 600 rows to train, 100 to validate, 323 to test; the target is the next value."""
    values = datasets.electrocardiogram()[:, None]
    return Filter(values[:-1], values[1:], 600, 100, washout=50)


def _narma_task(order: int) -> Task:
    return Task(
        f"narma{order}",
        f"NARMA{order}",
        partial(_narma, order=order),
        kind=Filter,
        n_units=200,
        ranking="nmse",
        invites=CYCLE,
        fixed=FIXED,
        space=SPACE,
        trials=200,
    )


def _channel_task(snr: int) -> Task:
    return Task(
        f"channel_{snr}db",
        f"Nonlinear channel, {snr} dB",
        partial(_channel, snr=float(snr)),
        kind=Filter,
        n_units=50,
        ranking="ser",
        fixed=FIXED,
        space=SPACE,
        trials=200,
        settings_from="" if snr == 24 else "channel_24db",
        note="share of wrong symbols",
    )


# A unit that forgets nothing, and an input too small for the tanh to bend it
REMEMBERING = {
    "spectral_radius": 0.99,
    "leak_rate": 1.0,
    "bias_scaling": 0.0,
    "alpha": 1e-12,
    "input_scaling": 0.01,
}
TASKS = [
    *(_narma_task(order) for order in (10, 20, 30)),
    Task(
        "memory_capacity",
        "Linear memory, 100 units",
        _memory,
        kind=Filter,
        n_units=100,
        ranking="capacity",
        larger_is_better=True,
        invites=CYCLE,
        tuned=False,
        fixed={"esn": REMEMBERING, "esn_cycle": REMEMBERING},
        note="at most 100 for a network; the linear filter has as many lags as it likes",
    ),
    *(_channel_task(snr) for snr in (16, 20, 24, 28, 32)),
    Task(
        "santa_fe",
        "Santa Fe laser, one step",
        _santa_fe,
        kind=Filter,
        n_units=200,
        ranking="nmse",
        fixed=FIXED,
        space=SPACE,
        trials=200,
        note="real data from reservoirpy (extra real-data)",
    ),
    Task(
        "ecg",
        "Electrocardiogram, one step",
        _heart,
        kind=Filter,
        n_units=200,
        ranking="nmse",
        fixed=FIXED,
        space=SPACE,
        trials=50,
        settings_from="santa_fe",
        note="real data from PyWavelets (extra real-data): 1024 values, 360 a second",
    ),
]
