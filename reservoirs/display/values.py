"""Values as displays draw them: columns of one series, or forecasts from many origins."""

from __future__ import annotations

import numpy as np

from reservoirs.forecasting.panels import open_panel
from reservoirs.sequences import Array, SeriesLike


def as_columns(values: SeriesLike) -> Array:
    """Return values as columns.

    Parameters
    ----------
    values : array-like of shape (n_rows,) or (n_rows, n_outputs), or DataFrame
        One series.

    Returns
    -------
    array of shape (n_rows, n_outputs)
        The values, float64.
    """
    array = np.asarray(values, dtype=np.float64)
    return array.reshape(len(array), -1)


def one_series(values: SeriesLike) -> Array:
    """Return one series as columns; several are refused.

    Parameters
    ----------
    values : array-like, list of arrays or DataFrame
        Any container of one series.

    Returns
    -------
    array of shape (n_rows, n_outputs)
        The values.

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

    Parameters
    ----------
    values : array of shape (n_origins, horizon, n_outputs), or DataFrame
        A DataFrame has one row per origin and step.
    horizon : int
        Steps of a forecast.

    Returns
    -------
    array of shape (n_origins, horizon, n_outputs)
        The values.
    """
    array = np.asarray(values)
    return array.reshape(-1, horizon, array.shape[-1])
