"""Echo state networks and next-generation reservoirs as methods."""

from __future__ import annotations

import numpy as np
from scipy.stats import loguniform, uniform

from benchmarks.methods.base import Method
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Attractor, Filter, Labelled, Reconstruction
from benchmarks.tasks.split import Split
from reservoirs import ESNClassifier, ESNRegressor, NVARRegressor

# what searches and studies of labels that set a penalty left at the defaults of their day
BEFORE = {"pooling": "last", "standardize": False}
# and those of forecasts: a force may drive the truth itself beyond any bound
UNBOUND = {"bound": None}
SCALES = {"input_scaling": loguniform(1e-3, 10.0), "bias_scaling": uniform(0.0, 3.0)}
PENALTY = loguniform(1e-18, 1e2)
SMALLEST = {"alpha": 1e-18}  # below it a penalty of rows of size 1 has no effect


def build_esn(
    settings: Settings,
    task: Task,
    data: Split | Filter | Attractor | Labelled | Reconstruction,
    seed: int,
) -> ESNRegressor | ESNClassifier:
    """Return an echo state network; the setting constant_bias gives every unit the same bias."""
    parameters = {"n_units": task.n_units, **settings}
    bias = parameters.pop("constant_bias", None)
    if bias is not None:
        parameters["bias_scaling"] = np.full(parameters["n_units"], bias)
    if isinstance(data, Labelled):
        parameters = {**(BEFORE if "alpha" in settings else {}), **parameters}
        return ESNClassifier(random_state=seed, **parameters)
    # in tuning a task may have few rows
    washout = min(data.washout, data.n_train // 4)
    searched = not isinstance(settings.get("alpha", ""), str)
    parameters = {**(UNBOUND if searched else {}), **parameters}
    return ESNRegressor(washout=washout, random_state=seed, **parameters)


def build_loops(settings: Settings, task: Task, data: Split, seed: int) -> ESNRegressor:
    """Return an echo state network whose penalty closed loops choose."""
    model = build_esn({"alpha": "closed_loop", **settings}, task, data, seed)
    assert isinstance(model, ESNRegressor)  # the data are no series with labels
    return model


def build_cycle(
    settings: Settings, task: Task, data: Filter, seed: int
) -> ESNRegressor | ESNClassifier:
    """Return an echo state network whose units form one ring."""
    return build_esn({"topology": "cycle", "leak_rate": 1.0, **settings}, task, data, seed)


def build_nvar(settings: Settings, task: Task, data: Attractor, seed: int) -> NVARRegressor:
    """Return a next-generation reservoir, which draws nothing."""
    return NVARRegressor(**settings)


METHODS = [
    Method(
        "esn",
        "Echo state network",
        build_esn,
        space={
            "spectral_radius": uniform(0.0, 1.5),
            "leak_rate": loguniform(0.02, 1.0),
            "alpha": PENALTY,
            **SCALES,
        },
        limits={**SMALLEST, "leak_rate": 1.0, "spectral_radius": 0.0},
        colour="#0072B2",
        kinds=(Split, Filter, Attractor, Labelled, Reconstruction),
    ),
    Method(
        "esn_cycle",
        "Simple cycle reservoir",
        build_cycle,
        space={
            "spectral_radius": uniform(0.0, 1.5),
            "alpha": PENALTY,
            **SCALES,
        },
        limits={**SMALLEST, "spectral_radius": 0.0},
        colour="#56B4E9",
        by_invitation=True,
    ),
    Method(
        "esn_loops",
        "Echo state network, alpha by closed loops",
        build_loops,
        colour="#CC79A7",
        by_invitation=True,
        kinds=(Split,),
    ),
    Method(
        "nvar",
        "Next-generation reservoir",
        build_nvar,
        {"n_delays": 2, "degree": 2, "alpha": 1e-10},
        {"alpha": loguniform(1e-14, 1e-4), "noise": loguniform(1e-6, 1e-2)},
        colour="#56B4E9",
        by_invitation=True,
    ),
    Method(
        "nvar_rate",
        "Law of motion, polynomial",
        build_nvar,
        {"form": "rate", "degree": 2, "alpha": 0.0},
        colour="#D55E00",
        by_invitation=True,
        kinds=(Attractor,),
    ),
    Method(
        "nvar_rate_long",
        "The same in long double",
        build_nvar,
        {"form": "rate", "degree": 2, "alpha": 0.0, "dtype": "longdouble"},
        colour="#A04000",
        by_invitation=True,
        kinds=(Attractor,),
    ),
]
