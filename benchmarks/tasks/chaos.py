"""Chaos: a long series to learn from, then forecasts from many other starts of the same system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import loguniform, uniform

from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Attractor
from benchmarks.tasks.sources import Flow
from reservoirs import datasets

WARM_UP = 200
LONG_RUN = 10_000  # rows
LORENZ = Flow(
    datasets.lorenz63,
    datasets.LYAPUNOV["lorenz63"],
    dt=0.01,
    agreement=18.4,  # with `exact_chaos.lorenz63`, the median of 20 starts
)
SPARSE_LORENZ = replace(LORENZ, dt=0.02)
LORENZ_X = replace(LORENZ, n_seen=1)
ROESSLER = Flow(datasets.roessler, datasets.LYAPUNOV["roessler"], dt=0.1)


def _ring(n_units: int) -> Flow:
    """Return Lorenz-96 with so many variables."""
    simulate = partial(datasets.lorenz96, n_units=n_units)
    return Flow(simulate, datasets.LYAPUNOV[f"lorenz96_{n_units}"], dt=0.01)


def _sample(
    seed: int, *, flow: Flow, n_train: int, times: float, n_tests: int = 100, scaled: bool = True
) -> Attractor:
    """Simulate rows to train on, and starts of their own to test and to tune.

    The seed is that of all starts, `times` the Lyapunov times of a forecast. There are `n_tests`
    starts to test on, and three tenths as many to tune on. With `scaled` methods see standardised
    values.
    """
    train_seed, test_seed, tuning_seed, long_seed = np.random.SeedSequence(seed).generate_state(4)
    length = WARM_UP + int(times / flow.exponent / flow.dt)
    starts = partial(flow.simulate, length, dt=flow.dt)
    tests = starts(n_series=n_tests, random_state=test_seed)
    tuning = starts(n_series=round(0.3 * n_tests), random_state=tuning_seed)
    training = flow.simulate(n_train + WARM_UP, dt=flow.dt, random_state=train_seed)
    return Attractor(
        flow.observe(training),
        flow.observe(tests),
        flow.observe(tuning),
        WARM_UP,
        time=flow.dt * flow.exponent,
        washout=WARM_UP,
        scaled=scaled,
        states=tests[:, WARM_UP - 1],
        agreement=flow.agreement,
        long_run=flow.observe(flow.simulate(LONG_RUN, dt=flow.dt, random_state=long_seed)),
    )


def _space(seed: int) -> Attractor:
    """Kuramoto-Sivashinsky, L = 22 on 64 points: 20,000 rows, 30 starts of ten Lyapunov times."""
    dt, exponent = 0.25, datasets.LYAPUNOV["kuramoto_sivashinsky_22"]
    train_seed, test_seed, tuning_seed, long_seed = np.random.SeedSequence(seed).generate_state(4)
    length = WARM_UP + int(10.0 / exponent / dt)
    starts = partial(datasets.kuramoto_sivashinsky, length, dt=dt)
    return Attractor(
        datasets.kuramoto_sivashinsky(20_000, dt=dt, random_state=train_seed),
        starts(n_series=30, random_state=test_seed),
        starts(n_series=10, random_state=tuning_seed),
        WARM_UP,
        time=dt * exponent,
        washout=WARM_UP,
        long_run=datasets.kuramoto_sivashinsky(LONG_RUN, dt=dt, random_state=long_seed),
    )


SOLVED = {  # chosen on the data of tuning seeds 1001 and 1002 among eight
    "readout": "ridge",
    "window": None,
    "dtype": "float64",
    "n_units": 20,
    "alpha": 1e-4,
    "washout": 100,
    "init__spectral_radius": 0.4,
    "init__input_scale": 0.3,
}
SPACE = {"constant_bias": uniform(0.2, 1.8), "alpha": loguniform(1e-18, 1e-6)}
UNTIL = "mean Lyapunov times until the error exceeds 0.3"
RELEASED = "settings as released, 100 starts"


def _platt(
    n_units: int, scale: float, leak: float, radius: float, bias: float, alpha: float
) -> dict[str, Settings]:
    """Return settings as released by Platt et al. (2022)."""
    return {
        "esn": {
            "n_units": n_units,
            "input_scaling": scale,
            "leak_rate": leak,
            "spectral_radius": radius,
            "constant_bias": bias,
            "alpha": alpha,
            "degree": 16,
        }
    }


def _valid_time(
    name: str, title: str, make: Callable[[int], Attractor], note: str = "", **about: Any
) -> Task:
    """Return a task that is ranked by the time until a forecast is off."""
    return Task(
        name,
        title,
        make,
        kind=Attractor,
        ranking="vpt",
        larger_is_better=True,
        note=f"{UNTIL}; {note}" if note else UNTIL,
        **about,
    )


def _flow_task(
    name: str,
    title: str,
    flow: Flow,
    note: str,
    *,
    n_train: int,
    times: float,
    n_tests: int = 100,
    scaled: bool = True,
    **about: Any,
) -> Task:
    """Return such a task of a flow, which the oracle knows; the sizes are those of `_sample`."""
    make = partial(_sample, flow=flow, n_train=n_train, times=times, n_tests=n_tests, scaled=scaled)
    return _valid_time(name, title, make, note, source=flow, **about)


TASKS = [
    _flow_task(
        "lorenz63_platt",
        "Lorenz-63, settings of Platt et al.",
        LORENZ,
        RELEASED,
        n_train=10_000,
        times=30.0,
        scaled=False,
        trained_networks=False,
        tuned=False,
        fixed=_platt(800, 0.084, 0.6, 0.8, 1.6, 8.49e-8),
    ),
    _flow_task(
        "lorenz63",
        "Lorenz-63",
        LORENZ,
        "the data, RK4 with steps of 0.002, follow the equations for 18.4 only",
        n_train=10_000,
        times=30.0,
        trained_networks=False,
        n_units=800,
        fixed={"esn": {"degree": 16, "bias_scaling": 0.0}},
        space={"esn": SPACE},
        trials=40,
    ),
    _flow_task(
        "lorenz63_x",
        "Lorenz-63, only x seen",
        LORENZ_X,
        "20 starts; learners must remember what they do not see",
        n_train=4000,
        times=8.0,
        n_tests=20,
        n_units=300,
    ),
    _flow_task(
        "lorenz63_xyz",
        "Lorenz-63, all seen, as many rows as where only x is",
        LORENZ,
        "20 starts",
        n_train=4000,
        times=8.0,
        n_tests=20,
        n_units=300,
        settings_from="lorenz63_x",
    ),
    _flow_task(
        "lorenz63_networks",
        "Lorenz-63, 2,000 rows, trained networks",
        SPARSE_LORENZ,
        "20 starts; solved readouts for second-order training, settings without a search; "
        "passes over the rows so many that a fit takes about five processor seconds",
        n_train=2000,
        times=8.0,
        n_tests=20,
        n_units=300,
        tuned=False,
        fixed={
            "levenberg_marquardt": {**SOLVED, "max_iter": 40},
            "hessian_free": {**SOLVED, "max_iter": 38, "solver__damping": 0.1},
            "rnn": {"max_iter": 16},
            "lstm": {"max_iter": 21},
        },
    ),
    _flow_task(
        "roessler",
        "Roessler, settings of Platt et al.",
        ROESSLER,
        RELEASED,
        n_train=10_000,
        times=12.0,
        scaled=False,
        trained_networks=False,
        tuned=False,
        fixed=_platt(800, 0.066, 0.47, 0.5, 1.23, 2.1e-9),
    ),
    _flow_task(
        "lorenz96_5",
        "Lorenz-96, 5 variables, settings of Platt et al.",
        _ring(5),
        RELEASED,
        n_train=20_000,
        times=12.0,
        trained_networks=False,
        tuned=False,
        fixed=_platt(800, 0.060, 0.7, 0.58, 1.59, 6.3e-9),
    ),
    _flow_task(
        "lorenz96_40",
        "Lorenz-96, 40 variables, one reservoir",
        _ring(40),
        "30 starts; settings of our own, nearly linear with room for products",
        n_train=20_000,
        times=12.0,
        n_tests=30,
        trained_networks=False,
        tuned=False,
        fixed={
            "esn": {
                "n_units": 3000,
                "input_scaling": 0.0003,
                "leak_rate": 1.0,
                "spectral_radius": 0.02,
                "constant_bias": 1.0,
                "alpha": 1e-13,
            }
        },
    ),
    _valid_time(
        "ks_22",
        "Kuramoto-Sivashinsky, L = 22, 64 points",
        _space,
        "30 starts; settings of our own",
        trained_networks=False,
        tuned=False,
        fixed={
            "esn": {
                "n_units": 3000,
                "input_scaling": 0.1,
                "leak_rate": 1.0,
                "spectral_radius": 0.2,
                "constant_bias": 1.5,
                "alpha": 1e-3,
            }
        },
    ),
]
