"""What files of earlier versions lack, or call by other names."""

from __future__ import annotations

from typing import Any

import numpy as np

from reservoirs.esn.nearest import StartStates
from reservoirs.estimators.activity import Activity


def upgrade_names(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of an echo state network with the names of this version.

    Parameters
    ----------
    attributes : dict
        The attributes by name, as they stand in a file.

    Returns
    -------
    dict
        The attributes as `fit` sets them now.
    """
    # before there were such parameters
    state = {"verbose": 0, "readout_features": "state+input", "mixing": None, **attributes}
    state = {"intrinsic_plasticity": None, **state}
    if "_seed" in state:
        state["seed_"] = state.pop("_seed")
    if "_auto_zero" in state:
        state["auto_initial_state_"] = "zero" if state.pop("_auto_zero") else "mean"
    return state


def upgrade_stream(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of sums that learn in chunks, with what 0.1.0 did not keep.

    Parameters
    ----------
    attributes : dict
        The attributes by name, as they stand in a file.

    Returns
    -------
    dict
        The attributes as they are now.
    """
    width = getattr(attributes.get("reservoir"), "n_features_in_", 0)
    fresh = {"activity": Activity(), "tail": np.zeros((0, width)), "warned": False}
    ended = {"ended_features": [], "ended_targets": [], "n_ended": 0}
    n_units = getattr(attributes.get("reservoir"), "n_units", 0)
    fresh |= {"starts": StartStates.none(n_units, width), "waiting": []}
    return {**fresh, **ended, "forgetting": 1.0, "readout_features": "state+input", **attributes}
