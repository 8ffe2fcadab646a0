"""Chaos: Lorenz (1963) from many starts, as a reservoir and as polynomials, and Mackey-Glass."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.stats import loguniform, uniform

from benchmarks.tasks.base import Array, Task
from benchmarks.tasks.kinds import Attractor
from reservoirs import datasets

LORENZ_DT, LORENZ_TRAIN, WARM_UP = 0.01, 10_000, 200
LYAPUNOV_TIME = 1.0 / datasets.LYAPUNOV["lorenz63"]
HORIZON = int(30 * LYAPUNOV_TIME / LORENZ_DT)


def _lorenz(seed: int, scaled: bool = True) -> Attractor:
    """100 units of time to train on, 100 starts to test and 30 to tune, 30 Lyapunov times each."""
    train_seed, test_seed, trial_seed = np.random.SeedSequence(seed).generate_state(3)
    series = datasets.lorenz63(LORENZ_TRAIN + WARM_UP, dt=LORENZ_DT, random_state=train_seed)
    length = WARM_UP + HORIZON
    starts = partial(datasets.lorenz63, length, dt=LORENZ_DT)
    return Attractor(
        series,
        starts(n_series=100, random_state=test_seed),
        starts(n_series=30, random_state=trial_seed),
        WARM_UP,
        time=LORENZ_DT / LYAPUNOV_TIME,
        washout=WARM_UP,
        scaled=scaled,
    )


def _polynomial(seed: int) -> Attractor:
    """400 rows of accurate data to train on, then 1.104 units of time to forecast."""
    dt, n_train, horizon, tries = 0.025, 402, 44, 10
    offset = 40 * int(np.random.default_rng(seed).integers(200))
    n_rows = offset + n_train + (tries + 1) * (horizon + 2)
    rows = datasets.lorenz63(
        n_rows, dt=dt, initial=(17.677, 12.931, 43.914), method="DOP853", tolerance=1e-10
    )[offset:]
    ahead = [rows[n_train - 2 + i * (horizon + 2) :][: horizon + 2] for i in range(tries + 1)]
    return Attractor(
        rows[:n_train], np.stack(ahead[:1]), np.stack(ahead[1:]), 2, metric="nrmse_total", washout=0
    )


def _mackey_glass(seed: int, n_train: int) -> Attractor:
    """Blocks of 1000 rows to warm up and 84 to forecast: 50 to test, 20 to tune."""
    block, n_test, n_trial = 1084, 50, 20
    raw = datasets.mackey_glass(n_train + (n_test + n_trial) * block, tau=17, random_state=seed)
    squashed = np.tanh(raw - 1.0)[:, None]
    blocks: Array = squashed[n_train:].reshape(-1, block, 1)
    return Attractor(
        squashed[:n_train], blocks[:n_test], blocks[n_test:], 1000, metric="nrmse84", washout=1000
    )


TAGS = frozenset({"attractor", "esn"})
SPACE = {"constant_bias": uniform(0.2, 1.8), "alpha": loguniform(1e-18, 1e-6)}
PLATT = {
    "n_units": 800, "input_scaling": 0.084, "leak_rate": 0.6, "spectral_radius": 0.8,
    "constant_bias": 1.6, "alpha": 8.49e-8, "degree": 16,
}  # fmt: skip
MACKEY_GLASS = {"bias_scaling": loguniform(0.02, 2.0), "alpha": loguniform(1e-18, 1e-6)}
TASKS = [
    Task(
        "lorenz63_platt", "Lorenz-63, settings of Platt et al.",
        partial(_lorenz, scaled=False), ranking="vpt",
        larger_is_better=True, tags=TAGS | {"fixed"}, fixed={"esn": PLATT},
        note="mean Lyapunov times until the error exceeds 0.3; settings as released, 100 starts",
    ),
    Task(
        "lorenz63", "Lorenz-63", _lorenz, n_units=800, ranking="vpt", larger_is_better=True,
        tags=TAGS, fixed={"esn": {"degree": 16, "bias_scaling": 0.0}}, space={"esn": SPACE},
        trials=40,
        note="mean Lyapunov times until the error exceeds 0.3; two good integrators (RK4 "
        "with steps of 0.002, DOP853 at 1e-12) agree for 19.4 only",
    ),
    Task(
        "lorenz63_ngrc", "Lorenz-63 from 400 accurate rows", _polynomial, ranking="nrmse_total",
        tags=TAGS | {"polynomial"}, fixed={"nvar": {"n_delays": 2, "degree": 2}}, trials=50,
        runs=20,
        note="DOP853 at 1e-10; run with --seeds 60 for 60 segments",
    ),
    Task(
        "mackey_glass17", "Mackey-Glass 17, 84 steps", partial(_mackey_glass, n_train=3000),
        n_units=1000, ranking="nrmse84", tags=TAGS, space={"esn": MACKEY_GLASS}, trials=40,
        note="published, N=1000: 10^-4.2 (Jaeger & Haas 2004)",
    ),
    Task(
        "mackey_glass17_long", "Mackey-Glass 17, 84 steps, 21,000 rows",
        partial(_mackey_glass, n_train=21_000), n_units=1000, ranking="nrmse84", tags=TAGS,
        tuned_like="mackey_glass17", note="settings found on 3000 rows",
    ),
]  # fmt: skip
