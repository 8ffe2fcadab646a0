"""The types of this package that `reservoirs.save` and `load` handle, with their checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from reservoirs.forecasting import IntervalRows, upgrade_state
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.persistence import check_shapes, register
from reservoirs.sequences import Array
from trainers import solvers
from trainers.network.cell import Cell
from trainers.network.forcing import ForcedNetwork
from trainers.network.heads import QUANTILES
from trainers.network.initialization import ESNInit, SampledInit
from trainers.network.oscillator import OscillatorCell
from trainers.network.stack import Network
from trainers.rnn import RNNClassifier, RNNRegressor

SHARED = ("cell", "n_units", "n_layers", "activation", "learn_initial_state", "hidden_bias")

NOT_THERE = {  # parameters of later versions, as networks were trained before
    "weight_decay": None,
    "input_noise": 0.0,
    "dropout": 0.0,
    "schedule": "constant",
}
FITTED = {  # what `fit` sets without annotating it in the class
    "loss_curve_": list[float],
    "validation_curve_": list[float | None],
    "n_iter_": int,
    "status_": str,
}


def register_all() -> None:
    """Register them; importing `trainers` does so."""
    solver_classes = {type(make()) for make in solvers.SOLVERS.values()}
    for cls in (*solver_classes, ESNInit, SampledInit):
        register(cls, attributes={})
    register(OscillatorCell, check=OscillatorCell.check, attributes={})
    # before a readout could see the inputs
    register(Network, attributes={}, upgrade=lambda attributes: {"skip": False, **attributes})
    register(ForcedNetwork, attributes={})
    register(
        RNNRegressor,
        check=_check_network,
        upgrade=_upgrade_regressor,
        attributes={
            **FITTED,
            "target_mean_": Array,
            "target_scale_": Array,
            "training_end_": TrainingEnd,
            "alpha_": float,
            "interval_rows_": IntervalRows | None,
            "n_ahead_": int,
        },
    )
    register(
        RNNClassifier,
        check=_check_network,
        upgrade=lambda attributes: {"class_weight": None, **_upgrade(attributes)},
        attributes={**FITTED, "class_weight_": Array},
    )


def _upgrade_regressor(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a regressor, with what parameters did before there were any."""
    before: dict[str, Any] = {
        **{"interval_origins": None, "loss": "squared_error", "quantiles": QUANTILES},
        **{"readout": "trained", "alpha": 1e-10, "washout": 0, "teacher_forcing": 1.0},
    }
    if "weights_" in attributes:
        before["n_ahead_"] = 1
    return {**before, **upgrade_state(_upgrade(attributes))}


def _upgrade(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of an estimator as `fit` sets them now."""
    attributes = {**NOT_THERE, **_upgrade_solver_state(attributes)}
    if "standardize" in attributes:
        return attributes
    attributes = {**attributes, "standardize": False}  # before there was such a parameter
    if isinstance(mean := attributes.get("input_mean_"), np.ndarray):
        attributes["input_scale_"] = np.ones(mean.shape)
    return attributes


def _upgrade_solver_state(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of an estimator with "epochs" for what 0.1.0 called the "stepper"."""
    stored = attributes.get("solver_state_")
    if not isinstance(stored, dict) or "stepper" not in stored:
        return attributes
    renamed = {"epochs" if name == "stepper" else name: stored[name] for name in stored}
    return {**attributes, "solver_state_": renamed}


def _check_forced(network: ForcedNetwork) -> None:
    """Refuse a share that is none, or maps from outputs to inputs that are not theirs."""
    maps = network.scale, network.shift
    if not 0 < network.forcing <= 1 or any(len(part) != network.n_outputs for part in maps):
        raise ValueError("network_ must have a share of forcing, and a scale for every output")
    if not np.isfinite(maps).all():
        raise ValueError("network_ must have finite scales")


def _check_network(model: RNNRegressor | RNNClassifier) -> None:
    """Refuse weights that are not those of the network, and what no file can hold.

    Raises
    ------
    TypeError
        If the loss is a function, or the cell a module of torch.
    ValueError
        If a weight is missing, not finite, or of another shape.
    """
    loss = getattr(model, "loss", None)
    if callable(loss):
        name = getattr(loss, "__qualname__", type(loss).__name__)
        raise TypeError(
            f"loss is the function {name!r}, which no file can hold: pickle the model, with the "
            "function in a module, or set_params(loss=...) to a named loss and fit again"
        )
    if not isinstance(model.cell, str | Cell):
        raise TypeError(
            f"cell is the module {getattr(model.cell, '__qualname__', model.cell)!r}, which no "
            "file can hold: pickle the model, with the class in a module"
        )
    if not hasattr(model, "weights_"):
        return
    network, weights = model.network_, model.weights_
    pairs = [(getattr(model, name), getattr(network, name)) for name in SHARED]
    pairs.append((model.n_features_in_, network.n_inputs))
    pairs.append((getattr(model, "readout", "trained") == "ridge", network.skip))
    # A file may hold anything by these names: sizes are compared before shapes are computed.
    if type(weights) is not dict or not isinstance(network.n_layers, int | np.integer):
        raise ValueError("weights_ must be a dict, and n_layers a number")
    if not all(type(a) is type(b) and a == b for a, b in pairs) or network.n_layers > len(weights):
        raise ValueError("network_ is not the network that the parameters describe")
    if isinstance(network, ForcedNetwork):
        _check_forced(network)
    if set(weights) != set(network.shapes):
        raise ValueError(f"weights_ must hold {sorted(network.shapes)}, got {sorted(weights)}")
    check_shapes("weights_", weights, dict(network.shapes))
    inputs = {name: getattr(model, name) for name in ("input_mean_", "input_scale_")}
    check_shapes("inputs", inputs, dict.fromkeys(inputs, (model.n_features_in_,)))
    if not (inputs["input_scale_"] > 0).all():
        raise ValueError("input_scale_ must be positive")
