"""The types of this package that `reservoirs.save` and `load` handle, with their checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from reservoirs.forecasting import upgrade_state
from reservoirs.persistence import check_shapes, register
from trainers import solvers
from trainers.network.initialization import ESNInit
from trainers.network.stack import Network
from trainers.rnn import RNNClassifier, RNNRegressor


def register_all() -> None:
    """Register them; importing `trainers` does so."""
    settings = {type(make()) for make in solvers.SOLVERS.values()}
    for cls in (*settings, ESNInit, Network):
        register(cls)
    register(RNNRegressor, check=_check_network, upgrade=upgrade_state)
    register(RNNClassifier, check=_check_network)


def _check_network(model: Any) -> None:
    """Refuse weights that are not those of the network.

    Parameters
    ----------
    model : an estimator, fitted or not

    Raises
    ------
    ValueError
        If a weight is missing, not finite, or of another shape.
    """
    if not hasattr(model, "weights_"):
        return
    network, weights = model.network_, model.weights_
    same = ("cell", "n_units", "n_layers", "activation", "learn_initial_state", "hidden_bias")
    pairs = [(getattr(model, name), getattr(network, name)) for name in same]
    pairs.append((model.n_features_in_, network.n_inputs))
    if type(weights) is not dict or not isinstance(network.n_layers, int | np.integer):
        raise ValueError("weights_ must be a dict, and n_layers a number")
    if not all(type(a) is type(b) and a == b for a, b in pairs) or network.n_layers > len(weights):
        raise ValueError("network_ is not the network that the parameters describe")
    if set(weights) != set(network.shapes):
        raise ValueError(f"weights_ must hold {sorted(network.shapes)}, got {sorted(weights)}")
    check_shapes("weights_", weights, dict(network.shapes))
