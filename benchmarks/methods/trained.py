"""Trained recurrent networks as methods: back-propagation, momentum, Hessian-free."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from scipy.stats import loguniform, uniform

from benchmarks.methods.base import Method
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Attractor, Labelled
from benchmarks.tasks.split import Simulation, Split

if TYPE_CHECKING:
    from trainers import RNNClassifier, RNNRegressor

    RNN: TypeAlias = RNNRegressor | RNNClassifier


def network(settings: Settings, seed: int, *, labels: bool = False) -> RNN:
    """Return a network of `trainers`, which loads torch: to list the methods needs none.

    Settings named solver__x and init__x are of the solver and of an `ESNInit`. The seed is that of
    the initial weights and of the order of the examples; with `labels` the network, not fitted yet,
    is a classifier.
    """
    import trainers

    def under(head: str) -> Settings:
        return {k.partition("__")[2]: v for k, v in settings.items() if k.startswith(f"{head}__")}

    own = {key: value for key, value in settings.items() if "__" not in key}
    if "solver" in own:
        own["solver"] = trainers.solvers.SOLVERS[own["solver"]]().set_params(**under("solver"))
    if under("init"):
        own["init"] = trainers.ESNInit(**under("init"))
    estimator = trainers.RNNClassifier if labels else trainers.RNNRegressor
    # data come standardised, or are symbols, and stored settings were searched on them as they are
    return estimator(random_state=seed, **{"standardize": False, **own})


def forecaster(solver: str, fixed: Settings) -> Callable[..., RNN]:
    """Return a builder of networks that forecast, which may monitor the rows after training."""

    def build(settings: Settings, task: Task, data: Split | Attractor, seed: int) -> RNN:
        rows = data.n_train + data.n_monitored
        # the last row of a forecast has no next one, and so is not an example
        fraction = data.n_monitored / (rows if isinstance(data, Simulation) else rows - 1)
        own = {"validation_fraction": fraction or None, "solver": solver}
        return network({**own, **fixed, **settings}, seed)

    return build


def solved(solver: str, fixed: Settings) -> Callable[..., RNN]:
    """Return a builder of networks whose readout is solved, after the washout of the task."""
    build = forecaster(solver, {"readout": "ridge", **fixed})

    def build_solved(settings: Settings, task: Task, data: Split | Attractor, seed: int) -> RNN:
        # unbounded, as all searched settings: a bound would hide what runs away
        washout = min(getattr(data, "washout", 0), data.n_train // 4)
        return build({"washout": washout, "bound": None, **settings}, task, data, seed)

    return build_solved


def build_classifier(settings: Settings, task: Task, data: Labelled, seed: int) -> RNN:
    """Return an LSTM that labels series."""
    return network({"cell": "lstm", **settings}, seed, labels=True)


def _trains(task: Task) -> str:
    return "" if task.trained_networks else "trained networks do not run on it, so far"


# longer products bought nothing, and structural damping little
HF_FIXED = {"solver__structural_damping": 0.0, "solver__max_cg": 30}
NEAR_ECHO_STATES = {  # where all weights are trained
    "init__spectral_radius": uniform(0.8, 0.4),
    "init__input_scale": loguniform(0.01, 0.5),
}
START = {  # where the readout is solved a network may start smaller
    "init__spectral_radius": uniform(0.0, 1.3),
    "init__input_scale": loguniform(1e-3, 1.0),
}
PENALTY = {"alpha": loguniform(1e-18, 1e2)}
# below it a penalty of rows of size 1 has no effect; the most units are what a fit may cost
SMALLEST = {"alpha": 1e-18}
NOTES_START = {  # the notes say nothing of the start
    "init__spectral_radius": uniform(0.2, 1.0),
    "init__input_scale": loguniform(0.03, 1.0),
    "init__output_scale": loguniform(0.03, 1.0),
}
SOLVED_AS_GIVEN = {
    "n_units": 16,
    "alpha": 1e-10,
    "init__spectral_radius": 0.9,
    "init__input_scale": 0.05,
}
SMALL = {"n_units": [8, 12, 16, 20, 24], **PENALTY, **START}
METHODS = [
    Method(
        "lstm_labels",
        "LSTM, BPTT, as a classifier",
        build_classifier,
        {"n_units": 64, "learning_rate": 1e-2, "max_iter": 30},
        colour="#009E73",
        kinds=(Labelled,),
    ),
    Method(
        "rnn",
        "Vanilla RNN, BPTT",
        forecaster("adam", {"cell": "rnn", "max_iter": 60}),
        {"window": 20, "n_units": 32, "learning_rate": 3e-3},
        {
            "window": [10, 20],
            "n_units": [24, 32, 48],
            "learning_rate": loguniform(1e-3, 1e-2),
            "solver__rate_decay": [1.0, 0.965, 0.93],
            **NEAR_ECHO_STATES,
        },
        limits={"n_units": 48},
        colour="#E69F00",
        monitors_validation=True,
        kinds=(Split, Attractor),
        supports=_trains,
    ),
    Method(
        "lstm",
        "LSTM, BPTT",
        forecaster("adam", {"cell": "lstm", "max_iter": 20}),
        {"window": 10, "n_units": 32, "learning_rate": 5e-3},
        {
            "window": [10, 20],
            "n_units": [16, 24, 32],
            "learning_rate": loguniform(2e-3, 2e-2),
            "solver__rate_decay": [1.0, 0.93, 0.87],
            **NEAR_ECHO_STATES,
        },
        limits={"n_units": 32},
        colour="#009E73",
        monitors_validation=True,
        kinds=(Split, Attractor),
        supports=_trains,
    ),
    Method(
        "momentum",
        "RNN, ESN start, momentum",
        forecaster("nesterov", {"cell": "rnn", "max_iter": 60, "clip_norm": 1.0}),
        {
            "window": 20,
            "n_units": 50,
            "learning_rate": 1e-2,
            "solver__momentum": 0.98,
            "init__spectral_radius": 1.1,
            "init__input_scale": 0.1,
        },
        {
            "window": [10, 20],
            "n_units": [32, 50],
            "learning_rate": loguniform(3e-3, 3e-2),
            "solver__momentum": [0.95, 0.98, 0.99],
            "solver__rate_decay": [1.0, 0.965, 0.93],
            **NEAR_ECHO_STATES,
        },
        limits={"n_units": 50},
        colour="#CC79A7",
        monitors_validation=True,
        kinds=(Split, Attractor),
        supports=_trains,
    ),
    Method(
        "hessian_free",
        "RNN, Hessian-free",
        solved("hessian_free", {"cell": "rnn", "max_iter": 15, **HF_FIXED}),
        {"n_units": 30, "alpha": 1e-10, "solver__damping": 1e-3},
        {
            "n_units": [20, 30, 40],
            "solver__damping": loguniform(1e-8, 1.0),
            **PENALTY,
            **START,
            "init__spectral_radius": uniform(0.3, 1.0),
        },
        limits={**SMALLEST, "n_units": 40},
        colour="#D55E00",
        monitors_validation=True,
        kinds=(Split, Attractor),
        supports=_trains,
    ),
    Method(
        "levenberg_marquardt",
        "RNN, Levenberg-Marquardt",
        solved("levenberg_marquardt", {"cell": "rnn", "max_iter": 30}),
        SOLVED_AS_GIVEN,
        {**SMALL, "teacher_forcing": [1.0, 0.1]},
        limits={**SMALLEST, "n_units": 24, "init__spectral_radius": 0.0},
        colour="#56B4E9",
        monitors_validation=True,
        kinds=(Split, Attractor),
        supports=_trains,
    ),
    Method(
        "untrained",
        "RNN, as drawn (control)",
        # a step of 1e-12 leaves every digit that counts as it was drawn
        solved("sgd", {"cell": "rnn", "max_iter": 1, "learning_rate": 1e-12}),
        SOLVED_AS_GIVEN,
        SMALL,
        limits={**SMALLEST, "n_units": 24, "init__spectral_radius": 0.0},
        colour="#999999",
        line=":",
        monitors_validation=True,
        kinds=(Split, Attractor),
        supports=_trains,
    ),
    Method(
        "notes_rnn",
        "The notes' RNN, tuned start",
        forecaster("adam", {"window": 20, "n_units": 64, "batch_size": 32, "max_iter": 100}),
        {"learning_rate": 1e-3},
        NOTES_START,
        colour="#8C6D31",
        judged_by="one_step_mse",
        monitors_validation=True,
        by_invitation=True,
    ),
    Method(
        "notes_relu",
        "The notes' relu RNN, as given",
        forecaster("rmsprop", {"activation": "relu"}),
        {"window": 4, "n_units": 32, "batch_size": 16, "max_iter": 100},
        colour="#8C6D31",
        monitors_validation=True,
        by_invitation=True,
    ),
]
