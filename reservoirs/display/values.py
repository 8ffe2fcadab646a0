"""Values as displays draw them: columns of one series, or forecasts from many origins."""

from __future__ import annotations

import numpy as np

from reservoirs.forecasting.panels import open_panel
from reservoirs.sequences import Array, SeriesLike


def as_columns(values: SeriesLike) -> Array:
    """Return values as columns.

    They are (n_rows, n_outputs), float64.
    """
    array = np.asarray(values, dtype=np.float64)
    return array.reshape(len(array), -1)


def one_series(values: SeriesLike) -> Array:
    """Return one series as columns; several are refused.

    They are (n_rows, n_outputs).

    Raises
    ------
    ValueError
        For more than one series.
    """
    panel = open_panel(values, "y_true")
    if len(panel.members) > 1:
        raise ValueError(
            f"y_true must be one series, got {len(panel.members)}; draw one after the other, or "
            "ErrorGrowthDisplay for all together"
        )
    return as_columns(panel.members[0])


def stack_origins(values: SeriesLike, horizon: int) -> Array:
    """Return what `backtest` gives as an array.

    It is (n_origins, horizon, n_outputs); a DataFrame has one row per origin and step.
    """
    array = np.asarray(values)
    return array.reshape(-1, horizon, array.shape[-1])
