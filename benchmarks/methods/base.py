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

from benchmarks.methods import baselines as controls
from benchmarks.methods import peers
from benchmarks.tasks.base import Split, Task
from benchmarks.tasks.kinds import Labelled, Memory
from reservoirs import ESNClassifier, ESNRegressor, NVARRegressor

Settings = dict[str, Any]
KINDS = frozenset(  # tags of tasks that are no single forecast
    {"filter", "attractor", "labels", "memory", "race"}
)


@dataclass(frozen=True)
class Method:
    """A learner or a control.

    Attributes
    ----------
    name : its key
    title : for people
    build : (settings, task, data, seed) -> an estimator with fit, predict and forecast
    defaults : settings without tuning
    space : settings -> distribution or list, searched by `tune`
    judged_by : metric of the search; "" is the task's
    watches : whether it may record its loss on the rows after the training rows
    supports : task -> "" or the reason why not
    """

    name: str
    title: str
    build: Callable[[Settings, Task, Any, int], Any]
    defaults: Settings = field(default_factory=dict)
    space: dict[str, Any] = field(default_factory=dict)
    judged_by: str = ""
    watches: bool = False
    supports: Callable[[Task], str] = lambda task: ""

    @property
    def tuned(self) -> bool:
        """Whether `tune` searches its settings."""
        return bool(self.space)


def _esn(settings: Settings, task: Task, data: Any, seed: int) -> Any:
    rest = {"n_units": task.n_units, **settings}
    bias = rest.pop("constant_bias", None)
    if bias is not None:
        rest["bias_scaling"] = np.full(rest["n_units"], bias)
    if isinstance(data, Labelled):
        return ESNClassifier(random_state=seed, **rest)
    washout = min(data.washout, data.n_train // 4)
    return ESNRegressor(washout=washout, random_state=seed, **rest)


def _cycle(settings: Settings, task: Task, data: Any, seed: int) -> Any:
    return _esn({"topology": "cycle", "leak_rate": 1.0, **settings}, task, data, seed)


def _nvar(settings: Settings, task: Task, data: Any, seed: int) -> NVARRegressor:
    return NVARRegressor(**settings)


def _parts(settings: Settings) -> Settings:
    """Return settings with those named solver__x and init__x gathered in an object each."""
    from trainers import ESNInit
    from trainers.solvers import SOLVERS

    plain = {key: value for key, value in settings.items() if "__" not in key}

    def part(head: str) -> Settings:
        return {k.partition("__")[2]: v for k, v in settings.items() if k.startswith(f"{head}__")}

    plain["solver"] = SOLVERS[plain["solver"]]().set_params(**part("solver"))
    if part("init"):
        plain["init"] = ESNInit(**part("init"))
    return plain


def _trained(solver: str, fixed: Settings) -> Callable[[Settings, Task, Split, int], Any]:
    """Return a builder of RNNRegressor; settings named solver__x and init__x go to those."""

    def build(settings: Settings, task: Task, split: Split, seed: int) -> Any:
        from trainers import RNNRegressor

        rows = split.n_train + split.n_watched
        fraction = split.n_watched / (rows if split.simulation else rows - 1)
        return RNNRegressor(
            validation_fraction=fraction or None,
            random_state=seed,
            **_parts({"solver": solver, **fixed, **settings}),
        )

    return build


def _remembering(solver: str, **fixed: Any) -> Callable[[Settings, Task, Memory, int], Any]:
    """Return a builder of the vanilla network for a long-memory task, cut nowhere."""

    def build(settings: Settings, task: Task, data: Memory, seed: int) -> Any:
        from trainers import RNNClassifier, RNNRegressor

        kind = RNNClassifier if data.labels else RNNRegressor
        every = {
            "solver": solver, "n_units": task.n_units, "truncation": 100_000,
            "batch_size": data.n_fresh or 100, **fixed, **settings,
        }  # fmt: skip
        return kind(random_state=seed, **_parts(every))

    return build


def _labelling(settings: Settings, task: Task, data: Labelled, seed: int) -> Any:
    from trainers import RNNClassifier

    return RNNClassifier(cell="lstm", random_state=seed, **settings)


def _racer(solver: str, **fixed: Any) -> Callable[[Settings, Task, Any, int], Any]:
    """Return a builder of the vanilla network that every racer trains."""

    def build(settings: Settings, task: Task, data: Any, seed: int) -> Any:
        from trainers import RNNRegressor

        every = {"solver": solver, "n_units": 30, "window": 20, **fixed, **settings}
        return RNNRegressor(random_state=seed, **_parts(every))

    return build


def _torch_hessian_free(settings: Settings, task: Task, module: Any, seed: int) -> Any:
    from trainers import HessianFree

    return HessianFree(module.parameters(), damping=0.1, **settings)


def _torch_lbfgs(settings: Settings, task: Task, module: Any, seed: int) -> Any:
    import torch

    return torch.optim.LBFGS(  # its own tolerances would end the race after a second
        module.parameters(), line_search_fn="strong_wolfe", tolerance_grad=0.0,
        tolerance_change=0.0, **settings,
    )  # fmt: skip


def _control(kind: type) -> Callable[[Settings, Task, Split, int], Any]:
    return lambda settings, task, split, seed: kind()


def _trains(task: Task) -> str:
    other = {"esn", *KINDS} - {"attractor"}
    return "trained networks do not run on it, so far" if task.tags & other else ""


def _observes(task: Task) -> str:
    if task.tags & (KINDS - {"attractor"}):
        return "the task is no forecast"
    return "a simulation observes no value to hold on to" if "simulation" in task.tags else ""


def _forecasts(task: Task) -> str:
    """Say why a peer does not run: its free runs go through its public interface, step by step."""
    if task.tags & (KINDS - {"filter"}):
        return "the task is no forecast of one series and no filter"
    return ""


def _needs(tag: str) -> Callable[[Task], str]:
    return lambda task: "" if tag in task.tags else f"the task has no {tag.replace('_', ' ')}"


def _lacks(*tags: str) -> Callable[[Task], str]:
    return lambda task: f"not for a task of {', '.join(tags)}" if task.tags & {*tags} else ""


def _tagged(tag: str) -> Callable[[Task], str]:
    return lambda task: "" if tag in task.tags else f"belongs to the tasks of {tag}"


def _only(name: str) -> Callable[[Task], str]:
    return lambda task: "" if task.name == name else f"belongs to {name}"


SCALES = {"input_scaling": loguniform(1e-3, 2.0), "bias_scaling": uniform(0.1, 1.4)}
START = {  # every trained network may start small, as an echo state network does
    "init__spectral_radius": uniform(0.8, 0.4),
    "init__input_scale": loguniform(0.01, 0.5),
}
NOTES_START = {  # the notes say nothing of the start
    "init__spectral_radius": uniform(0.2, 1.0),
    "init__input_scale": loguniform(0.03, 1.0),
    "init__output_scale": loguniform(0.03, 1.0),
}
# Sutskever et al. (2013): 100 updates of tanh units from an ESN start, 0.9 for 1000 updates
RATES = {"learning_rate": [1e-3, 1e-4, 1e-5, 1e-6]}
MEMORY = [
    Method(
        f"nag_{mu:g}", f"ESN start, Nesterov, mu {mu:g}",
        _remembering("nesterov", solver__momentum=mu, init__spectral_radius=1.1),
        {"learning_rate": 1e-4}, RATES, supports=_tagged("momentum_table"),
    )
    for mu in (0.0, 0.9, 0.98, 0.995)
] + [
    Method(  # as in the code released with the papers, conjugate gradients run to their limit
        "hf_structural", "Hessian-free, structural damping",
        _remembering("hessian_free", init="sparse", solver__structural_damping=1 / 30,
                     solver__tolerance=0.0, solver__curvature_size=None),
        supports=_tagged("hf_memory"),
    ),
    Method(
        "hf_plain", "Hessian-free, no structural damping",
        _remembering("hessian_free", init="sparse", solver__structural_damping=0.0,
                     solver__tolerance=0.0, solver__curvature_size=None),
        supports=_tagged("hf_memory"),
    ),
    Method(
        "sgd_regularised", "Gradient descent, clipped, regularised",
        _remembering("sgd", learning_rate=0.01, clip_norm=1.0, vanishing_penalty=4.0,
                     init__spectral_radius=0.95, init__input_scale=0.1, init__output_scale=0.1),
        supports=_tagged("sgd_memory"),
    ),
    Method(
        "nag_memory", "ESN start, Nesterov, mu 0.98",
        _remembering("nesterov", learning_rate=1e-2, clip_norm=1.0, solver__momentum=0.98,
                     init__spectral_radius=1.1, init__input_scale=0.1),
        supports=_tagged("four_ways"),
    ),
    Method(
        "lstm_memory", "LSTM, Adam", _remembering("adam", cell="lstm", learning_rate=1e-2),
        supports=_tagged("four_ways"),
    ),
    Method(
        "sgd_plain", "Gradient descent",
        _remembering("sgd", learning_rate=0.01, init__spectral_radius=0.95,
                     init__input_scale=0.1, init__output_scale=0.1),
        supports=_tagged("sgd_memory"),
    ),
]  # fmt: skip
RACERS = [
    Method(f"adam_{rate:g}", f"Adam, rate {rate:g}", _racer("adam", learning_rate=rate),
           supports=_tagged("race_rnn"))
    for rate in (1e-2, 3e-3, 1e-3, 3e-4)
] + [
    Method("race_hf", "Hessian-free", _racer("hessian_free", solver__damping=1e-2),
           supports=_tagged("race_rnn")),
    Method("torch_hf", "HessianFree", _torch_hessian_free, supports=_tagged("race_module")),
    Method("torch_lbfgs", "torch.optim.LBFGS", _torch_lbfgs, supports=_tagged("race_module")),
]  # fmt: skip
METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        *MEMORY,
        *RACERS,
        Method(
            "lstm_labels", "LSTM, BPTT, as a classifier", _labelling,
            {"n_units": 64, "learning_rate": 1e-2, "max_iter": 30}, supports=_tagged("labels"),
        ),
        Method(
            "esn", "Echo state network", _esn,
            {},
            {
                "spectral_radius": uniform(0.1, 1.1),
                "leak_rate": loguniform(0.1, 1.0),
                "alpha": loguniform(1e-16, 1e2),
                **SCALES,
            },
            supports=_lacks("polynomial", "memory", "race"),
        ),
        Method(
            "esn_cycle", "Simple cycle reservoir", _cycle, {}, {
                "spectral_radius": uniform(0.1, 1.1), "alpha": loguniform(1e-16, 1e2), **SCALES,
            }, supports=_needs("cycle"),
        ),
        Method(
            "rnn", "Vanilla RNN, BPTT", _trained("adam", {"cell": "rnn", "max_iter": 60}),
            {"window": 20, "n_units": 32, "learning_rate": 3e-3},
            {
                "window": [10, 20],
                "n_units": [24, 32, 48],
                "learning_rate": loguniform(1e-3, 1e-2),
                "solver__rate_decay": [1.0, 0.965, 0.93],
                **START,
            },
            watches=True, supports=_trains,
        ),
        Method(
            "lstm", "LSTM, BPTT", _trained("adam", {"cell": "lstm", "max_iter": 20}),
            {"window": 10, "n_units": 32, "learning_rate": 5e-3},
            {
                "window": [10, 20],
                "n_units": [16, 24, 32],
                "learning_rate": loguniform(2e-3, 2e-2),
                "solver__rate_decay": [1.0, 0.93, 0.87],
                **START,
            },
            watches=True, supports=_trains,
        ),
        Method(
            "momentum", "RNN, ESN start, momentum",
            _trained("nesterov", {"cell": "rnn", "max_iter": 60, "clip_norm": 1.0}),
            {
                "window": 20, "n_units": 50, "learning_rate": 1e-2, "solver__momentum": 0.98,
                "init__spectral_radius": 1.1, "init__input_scale": 0.1,
            },
            {
                "window": [10, 20],
                "n_units": [32, 50],
                "learning_rate": loguniform(3e-3, 3e-2),
                "solver__momentum": [0.95, 0.98, 0.99],
                "solver__rate_decay": [1.0, 0.965, 0.93],
                **START,
            },
            watches=True, supports=_trains,
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
                **START,
            },
            watches=True, supports=_trains,
        ),
        Method(
            "notes_rnn", "The notes' RNN, tuned start",
            _trained("adam", {"window": 20, "n_units": 64, "batch_size": 32, "max_iter": 100}),
            {"learning_rate": 1e-3}, NOTES_START, judged_by="one_step_mse",
            watches=True, supports=_only("lagged_sine"),
        ),
        Method(
            "notes_relu", "The notes' relu RNN, as given",
            _trained("rmsprop", {"activation": "relu"}),
            {"window": 4, "n_units": 32, "batch_size": 16, "max_iter": 100},
            watches=True, supports=_only("lagged_sine_noisy"),
        ),
        Method(
            "nvar", "Next-generation reservoir", _nvar,
            {"n_delays": 2, "degree": 2, "alpha": 1e-10},
            {"alpha": loguniform(1e-14, 1e-4), "noise": loguniform(1e-6, 1e-2)},
            supports=_needs("polynomial"),
        ),
        *(
            Method(name, title, peers.builder(name), {}, {}, supports=_forecasts)
            for name, (title, _) in peers.PEERS.items()
        ),
        Method("persistence", "Persistence", _control(controls.Persistence), supports=_observes),
        Method("mean", "Mean", _control(controls.Mean), supports=_lacks(*KINDS)),
        Method("linear", "Linear AR/ARX, BIC", _control(controls.Linear),
               supports=_lacks("labels", "polynomial", "memory", "race")),
        Method("sinusoid", "Fitted sinusoid", _control(controls.Mean), supports=_needs("sinusoid")),
        Method("exact", "Exact map", _control(controls.Mean), supports=_needs("oscillator")),
        Method("cramer_rao", "Least possible error (Cramer-Rao)", _control(controls.Mean),
               supports=_needs("noisy_sinusoid")),
        Method("oracle", "The equations, start off by 1e-6", _control(controls.Mean),
               supports=_needs("flow")),
    )
}  # fmt: skip
PEERS = tuple(peers.PEERS)  # run only where they are named
CONTROLS = ("persistence", "mean", "linear", "sinusoid", "exact", "cramer_rao", "oracle")


def plain(settings: Settings) -> Settings:
    """Return settings as JSON numbers and strings."""
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in settings.items()}
