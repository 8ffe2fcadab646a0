"""Gaps of a series, filled by the forecasts of a model that learned it with straight lines there.

A first fit takes straight lines across the gaps; its forecasts from the row before each fill them,
and the second fit, which stays, compares its ways where nothing was missing.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from reservoirs.forecaster.combined import CombinedForecast
from reservoirs.sequences import Array


def drawn_straight(y: Array) -> Array:
    """Return a series, (n, n_outputs), with straight lines for NaN; at the end its last value."""
    rows, values = np.arange(len(y)), y.copy()
    for column in values.T:
        missing = np.isnan(column)
        column[missing] = np.interp(rows[missing], rows[~missing], column[~missing])
    return values


def forecast_gaps(
    model: CombinedForecast, y: Array, straight: Array, exog: Array, margin: float | None
) -> Array:
    """Return a series with forecasts for NaN.

    Parameters
    ----------
    model : CombinedForecast
        Fitted on the series with straight lines.
    y : array of shape (n, n_outputs)
        The series, its first row without NaN.
    straight : array of shape (n, n_outputs)
        With straight lines, which stay where the model reaches back before the series.
    exog : array of shape (n, n_exog)
        Exogenous inputs beside it.
    margin : float or None
        How far forecasts may leave the range that was learned, in ranges.

    Returns
    -------
    array of shape (n, n_outputs)
        Without NaN.
    """
    missing = np.isnan(y)
    in_gap = np.r_[False, missing.any(axis=1), False]
    edges = np.flatnonzero(in_gap[1:] != in_gap[:-1])
    filled, past, position = straight.copy(), model.start(0), 0
    for first, stop in list(pairwise(edges.tolist()))[::2]:
        origin = first - 1
        if origin < model.n_before:
            continue
        _, past = model.drive(filled[position:origin], exog[position:origin], past)
        position = origin
        ahead, _ = model.forecast(filled[origin], exog[origin : stop - 1], past, margin)
        gap = slice(first, stop)
        filled[gap] = np.where(missing[gap], ahead, y[gap])
    return filled
