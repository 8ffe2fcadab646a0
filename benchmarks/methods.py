"""The methods compared: how each is built from settings, its search space, and the controls.

Every learner sees the same standardised training rows, the same warm-up rows before a forecast,
and the same closed-loop code (`reservoirs.forecast`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import loguniform, uniform

from benchmarks import controls
from benchmarks.tasks.base import Split, Task
from reservoirs import ESNRegressor

Settings = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """A learner or a control.

    Attributes
    ----------
    name : its key
    title : for people
    build : (settings, task, split, seed) -> an estimator with fit, predict and forecast
    defaults : settings without tuning
    space : settings -> distribution or list, searched by `tune`
    watches : whether it may record its loss on the rows after the training rows
    supports : task -> "" or the reason why not
    """

    name: str
    title: str
    build: Callable[[Settings, Task, Split, int], Any]
    defaults: Settings = field(default_factory=dict)
    space: dict[str, Any] = field(default_factory=dict)
    watches: bool = False
    supports: Callable[[Task], str] = lambda task: ""

    @property
    def tuned(self) -> bool:
        """Whether `tune` searches its settings."""
        return bool(self.space)


def _esn(settings: Settings, task: Task, split: Split, seed: int) -> ESNRegressor:
    n_units = settings.get("n_units", task.n_units)
    washout = min(split.washout, split.n_train // 4)
    rest = {key: value for key, value in settings.items() if key != "n_units"}
    return ESNRegressor(n_units=n_units, washout=washout, random_state=seed, **rest)


def _trained(solver: str, fixed: Settings) -> Callable[[Settings, Task, Split, int], Any]:
    """Return a builder of RNNRegressor; settings named solver__x and init__x go to those."""

    def build(settings: Settings, task: Task, split: Split, seed: int) -> Any:
        from trainers import ESNInit, RNNRegressor
        from trainers.solvers import SOLVERS

        everything = {**fixed, **settings}
        parts: dict[str, Settings] = {"solver": {}, "init": {}}
        plain = {}
        for key, value in everything.items():
            head, _, tail = key.partition("__")
            if tail:
                parts[head][tail] = value
            else:
                plain[key] = value
        if parts["init"]:
            plain["init"] = ESNInit(**parts["init"])
        rows = split.n_train + split.n_watched
        fraction = split.n_watched / (rows if split.simulation else rows - 1)
        return RNNRegressor(
            solver=SOLVERS[solver]().set_params(**parts["solver"]),
            validation_fraction=fraction or None,
            random_state=seed,
            **plain,
        )

    return build


def _control(kind: type) -> Callable[[Settings, Task, Split, int], Any]:
    return lambda settings, task, split, seed: kind()


def _observes(task: Task) -> str:
    return "a simulation observes no value to hold on to" if "simulation" in task.tags else ""


def _needs(tag: str) -> Callable[[Task], str]:
    return lambda task: "" if tag in task.tags else f"the series comes from no {tag}"


def _only(name: str) -> Callable[[Task], str]:
    return lambda task: "" if task.name == name else f"belongs to {name}"


SCALES = {"input_scaling": loguniform(1e-3, 2.0), "bias_scaling": uniform(0.1, 1.4)}
START = {  # every trained network may start small, as an echo state network does
    "init__spectral_radius": uniform(0.8, 0.4),
    "init__input_scale": loguniform(0.01, 0.5),
    "solver__rate_decay": [1.0, 0.93, 0.87],
}
# The notes say nothing of the start. With standardised targets torch's default costs a factor of 2
# (inputs scaled too) to 4 in the validation error, 10 to 12 seeds; this was picked among a dozen
# by that very error, and holds on seeds not used for picking.
NOTES_START = {
    "init__spectral_radius": 0.5, "init__input_scale": 0.1, "init__output_scale": 0.3,
}  # fmt: skip
METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "esn", "Echo state network", _esn,
            {"spectral_radius": 0.9, "leak_rate": 0.5, "input_scaling": 0.1, "alpha": 1e-8},
            {
                "spectral_radius": uniform(0.1, 1.1),
                "leak_rate": loguniform(0.1, 1.0),
                "alpha": loguniform(1e-16, 1e2),
                **SCALES,
            },
        ),
        Method(
            "rnn", "Vanilla RNN, BPTT", _trained("adam", {"cell": "rnn", "max_iter": 30}),
            {"window": 20, "n_units": 32, "learning_rate": 3e-3},
            {
                "window": [10, 20],
                "n_units": [24, 32, 48],
                "learning_rate": loguniform(1e-3, 1e-2),
                **START,
            },
            watches=True,
        ),
        Method(
            "lstm", "LSTM, BPTT", _trained("adam", {"cell": "lstm", "max_iter": 20}),
            {"window": 10, "n_units": 32, "learning_rate": 5e-3},
            {
                "window": [10, 20],
                "n_units": [16, 24, 32],
                "learning_rate": loguniform(2e-3, 2e-2),
                **START,
            },
            watches=True,
        ),
        Method(
            "momentum", "RNN, ESN start, momentum",
            _trained("nesterov", {"cell": "rnn", "max_iter": 30, "clip_norm": 1.0}),
            {
                "window": 20, "n_units": 50, "learning_rate": 1e-2, "solver__momentum": 0.98,
                "init__spectral_radius": 1.1, "init__input_scale": 0.1,
            },
            {
                "window": [10, 20],
                "n_units": [32, 50],
                "learning_rate": loguniform(3e-3, 3e-2),
                "solver__momentum": [0.95, 0.98, 0.99],
                **START,
            },
            watches=True,
        ),
        Method(
            "hessian_free", "RNN, Hessian-free",
            _trained("hessian_free", {"cell": "rnn", "max_iter": 20}),
            {"window": 10, "n_units": 30, "solver__damping": 1e-2},
            {
                "window": [10, 20],
                "n_units": [20, 30, 40],
                "solver__damping": loguniform(2e-3, 5e-2),
                "solver__structural_damping": [0.0, 1.0 / 30.0],
                **{key: value for key, value in START.items() if key.startswith("init")},
            },
            watches=True,
        ),
        Method(
            "notes_rnn", "The notes' RNN, our start",
            _trained("adam", NOTES_START),
            {"window": 20, "n_units": 64, "learning_rate": 1e-3, "batch_size": 32, "max_iter": 100},
            watches=True, supports=_only("lagged_sine"),
        ),
        Method(
            "notes_relu", "The notes' relu RNN, as given",
            _trained("rmsprop", {"activation": "relu"}),
            {"window": 4, "n_units": 32, "batch_size": 16, "max_iter": 100},
            watches=True, supports=_only("lagged_sine_noisy"),
        ),
        Method("persistence", "Persistence", _control(controls.Persistence), supports=_observes),
        Method("mean", "Mean", _control(controls.Mean)),
        Method("linear", "Linear AR/ARX, BIC", _control(controls.Linear)),
        Method("sinusoid", "Fitted sinusoid", _control(controls.Mean), supports=_needs("sinusoid")),
        Method("exact", "Exact map", _control(controls.Mean), supports=_needs("oscillator")),
    )
}  # fmt: skip
CONTROLS = ("persistence", "mean", "linear", "sinusoid", "exact")


def plain(settings: Settings) -> Settings:
    """Return settings as JSON numbers and strings."""
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in settings.items()}
