"""The damped, driven oscillator x'' + eta x' + x = F(t), and van der Pol's.

Recursive: x is observed and fed back, the force is known. Simulation: x from the force alone.
Decay: trained while driven, then the force stops.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.stats import loguniform
from sklearn.utils import check_random_state

from benchmarks.tasks.base import Task
from benchmarks.tasks.sources import Oscillator
from benchmarks.tasks.split import Simulation, Split
from reservoirs import datasets

TRAIN, VALID, TEST = 3000, 600, 3000
FREE_DECAY = 1000


def _make(seed: int, eta: float, force: str, mode: str) -> Split:
    n = TRAIN + VALID + TEST + 1
    t = 0.1 * np.arange(n)
    applied = datasets.FORCINGS[force](t, check_random_state(seed))
    # off from the last row on that is known before the forecast
    if mode == "decay":
        applied[TRAIN + VALID - 1 :] = 0.0
    data = datasets.oscillator(n, eta=eta, force=applied, random_state=seed)
    kind = Simulation if mode == "simulation" else Split
    return kind(
        series=data.x[:, None],
        exog=data.force[:, None],
        n_train=TRAIN,
        n_valid=VALID,
        n_monitored=VALID,
        washout=500,
        warm_up=500,
        horizons=(200, FREE_DECAY if mode == "decay" else TEST),
        dt=0.1,
    )


def _van_der_pol(seed: int, mu: float) -> Split:
    n = 2000 + VALID + 5000 + 1
    data = datasets.van_der_pol(n, mu=mu, random_state=seed)
    return Split(
        series=data.x[:, None],
        n_train=2000,
        n_valid=VALID,
        n_monitored=VALID,
        washout=200,
        warm_up=500,
        horizons=(200, 5000),
        dt=0.1,
    )


RESONANCE = "oscillator_eta0.1_hold"  # its force has all frequencies
# whose settings they take; one tone alone has no search of its own
LIKE = {"cos": "oscillator_eta0.1_multi"} | {m: f"oscillator_eta0.1_{m}" for m in ("multi", "hold")}


def _task(eta: float, force: str, mode: str) -> Task:
    suffix = "" if mode == "recursive" else f"_{mode}"
    name = f"oscillator_eta{eta:g}_{force}{suffix}"
    words = {"cos": "one tone", "multi": "five tones", "hold": "random hold"}[force]
    unidentifiable = eta == 0.5 and force == "cos"
    return Task(
        name,
        f"Oscillator, eta={eta:g}, {words}, {mode}",
        partial(_make, eta=eta, force=force, mode=mode),
        settings_from=LIKE[force] if name != LIKE[force] else "",
        kind=Simulation if mode == "simulation" else Split,
        source=Oscillator(eta),
        probes=("resonance",) if name == RESONANCE else (),
        note="unidentifiable: in the steady state the force is a function of x" * unidentifiable,
    )


ETAS, FORCES = (0.05, 0.1, 0.5), ("cos", "multi", "hold")
TASKS = [
    *(_task(eta, force, "recursive") for eta in ETAS for force in FORCES),
    *(_task(eta, force, "simulation") for eta in ETAS for force in FORCES),
    *(_task(eta, "hold", "decay") for eta in ETAS),
    *(
        Task(
            f"van_der_pol_mu{mu:g}",
            f"Van der Pol, mu={mu:g}",
            partial(_van_der_pol, mu=mu),
            probes=("kick",),
            settings_from="oscillator_eta0.1_multi",
        )
        for mu in (0.5, 1.0, 5.0)
    ),
    *(
        Task(
            f"oscillator_eta0.1_hold_{activation}",
            f"Oscillator, eta=0.1, random hold, {activation} reservoirs only",
            partial(_make, eta=0.1, force="hold", mode="recursive"),
            source=Oscillator(eta=0.1),
            trained_networks=False,
            fixed={"esn": {"activation": activation}},
            space={"esn": {"alpha": loguniform(1e-18, 1e-6)}},
            trials=100,
        )
        for activation in ("tanh", "identity")
    ),
]
