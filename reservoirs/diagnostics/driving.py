"""The reservoir of a model, and its states under an input."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from sklearn.utils.validation import check_is_fitted

from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, SeriesLike, check_rows

if TYPE_CHECKING:
    from reservoirs.esn.base import EchoStateNetwork

ReservoirModel: TypeAlias = "Reservoir | EchoStateNetwork"

DIAGNOSTICS = """Arguments that most diagnostics take.

Parameters
----------
model : Reservoir or echo state network
    The fitted model whose reservoir is measured; of a Pipeline pass the last step, `model[-1]`.
rows : array-like of shape (n_steps, n_features), default=None
    The series that drives the reservoir, scaled as the reservoir sees it. None draws every value
    uniformly from [-1, 1].
random_state : int, RandomState instance or None, default=0
    Seed of everything that is drawn.
"""


def get_reservoir(model: ReservoirModel) -> Reservoir:
    """Return the drawn reservoir of a model, which may itself be one.

    Raises
    ------
    TypeError
        If the model has no reservoir.
    """
    reservoir = cast("Reservoir", getattr(model, "reservoir_", model))
    # A model that merely is not fitted says so, rather than pass for one of a wrong type.
    if hasattr(model, "topology"):
        check_is_fitted(model)
    if not hasattr(reservoir, "pack"):
        raise TypeError(
            f"diagnostics take a Reservoir or an echo state network, got {type(model).__name__}; "
            "of a Pipeline pass the last step, model[-1]"
        )
    check_is_fitted(reservoir, "recurrent_weights_")
    return reservoir


def check_single_series(model: ReservoirModel, rows: SeriesLike) -> Array:
    """Return the checked rows of the one series that drives a model's reservoir.

    Rows, (n_steps, n_features), are scaled as the reservoir sees them; they come back as float64.

    Raises
    ------
    ValueError
        If the rows have another width, contain NaN, or are several series.
    """
    checked_rows, layout = check_rows(model, rows, reset=False)
    if layout.n_series > 1:
        raise ValueError(
            f"rows must be one series, (n_steps, n_features), got {layout.n_series} series; "
            "pass them one by one"
        )
    return checked_rows


def run_reservoir(reservoir: Reservoir, rows: Array, start: Array | None = None) -> Array:
    """Return the state after every row.

    Rows are (n_steps, n_features), states (n_steps, n_units), float64; None starts from the zero
    state.
    """
    state = np.zeros(reservoir.n_units) if start is None else start
    blocks = reservoir.run(rows, state, packed=reservoir.pack())
    return np.concatenate([states for _, states in blocks]).astype(np.float64)
