"""Chaos: a long series to learn from, then forecasts from many other starts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import loguniform, uniform

from benchmarks.tasks.base import Array, Task
from benchmarks.tasks.kinds import Attractor
from reservoirs import datasets

WARM_UP = 200
LORENZ_AGREE = 19.4  # Lyapunov times for which RK4(0.002) and DOP853(1e-12) agree


def _flow(
    seed: int, *, simulate: Callable[..., Array], exponent: float, dt: float, n_train: int,
    times: float, n_tests: int = 100, n_seen: int | None = None, scaled: bool = True,
    agreement: float = np.inf,
) -> Attractor:  # fmt: skip
    """Simulate n_train rows to train on, and starts of their own to test and to tune.

    `n_seen` : how many variables are seen, None for all; `times` : Lyapunov times of a forecast.
    """
    train_seed, test_seed, trial_seed = np.random.SeedSequence(seed).generate_state(3)
    length = WARM_UP + int(times / exponent / dt)
    seen = slice(None, n_seen)
    starts = partial(simulate, length, dt=dt)

    def truth(states: Array, n_steps: int) -> Array:
        """Return the steps after some states, by the equations."""
        return simulate(n_steps + 1, dt=dt, n_series=len(states), initial=states)[:, 1:, seen]

    tests = starts(n_series=n_tests, random_state=test_seed)
    return Attractor(
        simulate(n_train + WARM_UP, dt=dt, random_state=train_seed)[:, seen],
        tests[..., seen],
        starts(n_series=round(0.3 * n_tests), random_state=trial_seed)[..., seen],
        WARM_UP, time=dt * exponent, washout=WARM_UP, scaled=scaled,
        states=tests[:, WARM_UP - 1], equations=truth, agreement=agreement,
    )  # fmt: skip


LORENZ = partial(
    _flow, simulate=datasets.lorenz63, exponent=datasets.LYAPUNOV["lorenz63"], dt=0.01,
    n_train=10_000, times=30.0, agreement=LORENZ_AGREE,
)  # fmt: skip
ROESSLER = partial(
    _flow, simulate=datasets.roessler, exponent=datasets.LYAPUNOV["roessler"], dt=0.1,
    n_train=10_000, times=12.0,
)  # fmt: skip


def _ring(n_units: int, n_train: int, n_tests: int) -> Callable[[int], Attractor]:
    return partial(
        _flow, simulate=partial(datasets.lorenz96, n_units=n_units),
        exponent=datasets.LYAPUNOV[f"lorenz96_{n_units}"], dt=0.01, n_train=n_train, times=12.0,
        n_tests=n_tests,
    )  # fmt: skip


def _space(seed: int) -> Attractor:
    """Kuramoto-Sivashinsky, L = 22 on 64 points: 20,000 rows, 30 starts of ten Lyapunov times."""
    dt, exponent = 0.25, datasets.LYAPUNOV["kuramoto_sivashinsky_22"]
    train_seed, test_seed, trial_seed = np.random.SeedSequence(seed).generate_state(3)
    length = WARM_UP + int(10.0 / exponent / dt)
    starts = partial(datasets.kuramoto_sivashinsky, length, dt=dt)
    return Attractor(
        datasets.kuramoto_sivashinsky(20_000, dt=dt, random_state=train_seed),
        starts(n_series=30, random_state=test_seed),
        starts(n_series=10, random_state=trial_seed),
        WARM_UP, time=dt * exponent, washout=WARM_UP,
    )  # fmt: skip


def _polynomial(
    seed: int, simulate: Callable[..., Array], dt: float, horizon: int, method: str,
    tolerance: float, **start: Any,
) -> Attractor:  # fmt: skip
    """400 rows to train on, then a few units of time to forecast."""
    n_train, tries = 402, 10
    offset = 40 * int(np.random.default_rng(seed).integers(200))
    n_rows = offset + n_train + (tries + 1) * (horizon + 2)
    rows = simulate(n_rows, dt=dt, method=method, tolerance=tolerance, **start)[offset:]
    ahead = [rows[n_train - 2 + i * (horizon + 2) :][: horizon + 2] for i in range(tries + 1)]
    return Attractor(
        rows[:n_train], np.stack(ahead[:1]), np.stack(ahead[1:]), 2, metric="nrmse_total", washout=0
    )


NGRC = partial(
    _polynomial, simulate=datasets.lorenz63, dt=0.025, horizon=44, initial=(17.677, 12.931, 43.914)
)
SCROLL = partial(_polynomial, simulate=datasets.double_scroll, dt=0.25, horizon=32,
                 initial=(0.37926545, 0.058339, -0.08167691))  # fmt: skip


def _mackey_glass(seed: int, n_train: int) -> Attractor:
    """Blocks of 1000 rows to warm up and 84 to forecast: 50 to test, 20 to tune."""
    block, n_test, n_trial = 1084, 50, 20
    raw = datasets.mackey_glass(n_train + (n_test + n_trial) * block, tau=17, random_state=seed)
    squashed = np.tanh(raw - 1.0)[:, None]
    blocks: Array = squashed[n_train:].reshape(-1, block, 1)
    return Attractor(
        squashed[:n_train], blocks[:n_test], blocks[n_test:], 1000, metric="nrmse84", washout=1000
    )


SEEN = frozenset({"attractor"})
TAGS = SEEN | {"esn"}
FLOW = TAGS | {"flow"}
SPACE = {"constant_bias": uniform(0.2, 1.8), "alpha": loguniform(1e-18, 1e-6)}
UNTIL = "mean Lyapunov times until the error exceeds 0.3"


def _platt(n_units: int, scale: float, leak: float, radius: float, bias: float, alpha: float
           ) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Return settings as released by Platt et al. (2022)."""
    return {"esn": {
        "n_units": n_units, "input_scaling": scale, "leak_rate": leak, "spectral_radius": radius,
        "constant_bias": bias, "alpha": alpha, "degree": 16,
    }}  # fmt: skip


def _vpt(name: str, title: str, make: Any, tags: frozenset[str], note: str = "", **rest: Any
         ) -> Task:  # fmt: skip
    text = f"{UNTIL}; {note}" if note else UNTIL
    return Task(name, title, make, ranking="vpt", larger_is_better=True, tags=tags, note=text,
                **rest)  # fmt: skip


MACKEY_GLASS = {"bias_scaling": loguniform(0.02, 2.0), "alpha": loguniform(1e-18, 1e-6)}
RELEASED = "settings as released, 100 starts"
TASKS = [
    _vpt("lorenz63_platt", "Lorenz-63, settings of Platt et al.", partial(LORENZ, scaled=False),
         FLOW | {"fixed"}, RELEASED, fixed=_platt(800, 0.084, 0.6, 0.8, 1.6, 8.49e-8)),
    _vpt("lorenz63", "Lorenz-63", LORENZ, FLOW,
         "two good integrators (RK4 with steps of 0.002, DOP853 at 1e-12) agree for 19.4 only",
         n_units=800, fixed={"esn": {"degree": 16, "bias_scaling": 0.0}}, space={"esn": SPACE},
         trials=40),
    _vpt("lorenz63_x", "Lorenz-63, only x seen",
         partial(LORENZ, n_train=4000, times=8.0, n_tests=20, n_seen=1), SEEN | {"flow"},
         "20 starts; learners must remember what they do not see", n_units=300),
    _vpt("lorenz63_xyz", "Lorenz-63, all seen, as many rows as where only x is",
         partial(LORENZ, n_train=4000, times=8.0, n_tests=20), SEEN | {"flow"}, "20 starts",
         n_units=300, tuned_like="lorenz63_x"),
    _vpt("roessler", "Roessler, settings of Platt et al.", partial(ROESSLER, scaled=False),
         FLOW | {"fixed"}, RELEASED, fixed=_platt(800, 0.066, 0.47, 0.5, 1.23, 2.1e-9)),
    _vpt("lorenz96_5", "Lorenz-96, 5 variables, settings of Platt et al.", _ring(5, 20_000, 100),
         FLOW | {"fixed"}, RELEASED, fixed=_platt(800, 0.060, 0.7, 0.58, 1.59, 6.3e-9)),
    _vpt("lorenz96_40", "Lorenz-96, 40 variables, one reservoir", _ring(40, 20_000, 30),
         FLOW | {"fixed"}, "30 starts; settings of our own, nearly linear with room for products",
         fixed={"esn": {"n_units": 3000, "input_scaling": 0.0003, "leak_rate": 1.0,
                        "spectral_radius": 0.02, "constant_bias": 1.0, "alpha": 1e-13}}),
    _vpt("ks_22", "Kuramoto-Sivashinsky, L = 22, 64 points", _space, TAGS | {"fixed", "space"},
         "30 starts; settings of our own",
         fixed={"esn": {"n_units": 3000, "input_scaling": 0.1, "leak_rate": 1.0,
                        "spectral_radius": 0.2, "constant_bias": 1.5, "alpha": 1e-3}}),
    Task(
        "lorenz63_ngrc", "Lorenz-63 from 400 accurate rows",
        partial(NGRC, method="DOP853", tolerance=1e-10), ranking="nrmse_total",
        tags=TAGS | {"polynomial"}, fixed={"nvar": {"n_delays": 2, "degree": 2}}, trials=50,
        runs=20, note="DOP853 at 1e-10; run with --seeds 60 for 60 segments",
    ),
    Task(
        "lorenz63_ngrc_rk23", "Lorenz-63 from 400 rows of a coarse integrator",
        partial(NGRC, method="RK23", tolerance=1e-3), ranking="nrmse_total",
        tags=TAGS | {"polynomial", "fixed"},
        fixed={"nvar": {"n_delays": 2, "degree": 2, "alpha": 2.5e-6, "noise": 0.0}},
        note="as published: RK23 at its default tolerance, ridge 2.5e-6",
    ),
    Task(
        "double_scroll_ngrc", "Double scroll from 400 rows",
        partial(SCROLL, method="DOP853", tolerance=1e-10), ranking="nrmse_total",
        tags=TAGS | {"polynomial"}, fixed={"nvar": {"n_delays": 2, "degree": 3}}, trials=50,
        runs=20, note="DOP853 at 1e-10; one Lyapunov time to forecast",
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
