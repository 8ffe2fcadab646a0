"""Filters: NARMA, the nonlinear channel, and the laser one step ahead."""

from __future__ import annotations

from functools import partial

from scipy.stats import loguniform

from benchmarks.tasks.base import Task
from benchmarks.tasks.kinds import Filter
from reservoirs import datasets

TAGS = frozenset({"filter", "esn"})
# The penalty is the best of a grid by contiguous folds, chosen in the fit itself.
FIXED = {"esn": {"alpha": [float(f"1e{power}") for power in range(-18, 3)], "alpha_cv": 5}}
SPACE = {"esn": {"bias_scaling": loguniform(0.02, 2.0), "degree": [5, 10, 20]}}


def _narma(seed: int, order: int) -> Filter:
    """Washout 200, 2000 rows to train, 1000 to validate, 2000 to test."""
    data = datasets.narma(5200, order=order, random_state=seed)
    return Filter(data.u[:, None], data.y[:, None], 2200, 1000, washout=200, warm_up=200)


def _channel(seed: int, snr: float) -> Filter:
    """6000 symbols to train, 20,000 to validate, 220,000 to test; wanted is d(n - 2)."""
    data = datasets.channel_equalization(246_002, snr=snr, random_state=seed)
    wanted = data.d[:-2]
    return Filter(data.u[2:, None], wanted[:, None], 6000, 20_000, metric="ser")


def _santa_fe(seed: int) -> Filter:
    """Take 2000 rows to train, 3000 to validate, 5092 to test; wanted is the next intensity."""
    laser = datasets.santa_fe()[:, None]
    return Filter(laser[:-1], laser[1:], 2000, 3000, washout=100)


TASKS = [
    Task(
        "narma10", "NARMA10", partial(_narma, order=10), n_units=200, ranking="nmse", tags=TAGS,
        fixed=FIXED, space=SPACE, trials=200,
    ),
    Task(
        "channel_24db", "Nonlinear channel, 24 dB", partial(_channel, snr=24.0), n_units=50,
        ranking="ser", tags=TAGS, fixed=FIXED, space=SPACE, trials=200,
        note="share of wrong symbols",
    ),
    Task(
        "santa_fe", "Santa Fe laser, one step", _santa_fe, n_units=200, ranking="nmse", tags=TAGS,
        fixed=FIXED, space=SPACE, trials=200, note="real data from reservoirpy (extra real-data)",
    ),
]  # fmt: skip
