"""The reservoir of a model, and its states under an input."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from reservoirs.sequences import Array, check_rows


def reservoir_of(model: Any) -> Any:
    """Return the drawn reservoir of a model, itself one or an echo state network.

    Parameters
    ----------
    model : fitted

    Raises
    ------
    TypeError
        If it has no reservoir.
    """
    found = getattr(model, "reservoir_", model)
    if hasattr(model, "topology"):
        check_is_fitted(model)
    if not hasattr(found, "pack"):
        raise TypeError(
            f"diagnostics take a Reservoir or an echo state network, got {type(model).__name__}; "
            "of a Pipeline pass the last step, model[-1]"
        )
    check_is_fitted(found, "recurrent_weights_")
    return found


def one_series(model: Any, rows: Any) -> Array:
    """Return checked rows (n_steps, n_features) to drive a model's reservoir with.

    Parameters
    ----------
    model : fitted
    rows : one series, scaled as the reservoir sees it

    Raises
    ------
    ValueError
        For rows of another width, NaN, or many series.
    """
    found, layout = check_rows(model, rows, reset=False)
    if layout.n_series > 1:
        raise ValueError(
            f"rows must be one series, (n_steps, n_features), got {layout.n_series} series; "
            "pass them one by one"
        )
    return found


def states_of(reservoir: Any, rows: Array, start: Array | None = None) -> Array:
    """Return the states after every row, (n_steps, n_units) float64.

    Parameters
    ----------
    reservoir : drawn
    rows : (n_steps, n_features)
    start : (n_units,), x before the first row; None is zero
    """
    rest = np.zeros(reservoir.n_units) if start is None else start
    blocks = reservoir.run(rows, rest, packed=reservoir.pack())
    return np.concatenate([states for _, states in blocks]).astype(np.float64)
