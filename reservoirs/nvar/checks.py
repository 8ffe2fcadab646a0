"""What the forms of an NVARRegressor refuse, before anything is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.forecasting import Loop, TrainingEnd, row_labels
from reservoirs.forecasting.gaps import WholeStarts
from reservoirs.labels import find_tail, has_order, missing_labels
from reservoirs.nvar.quadrature import exact_weights
from reservoirs.sequences import Layout, SeriesLike

if TYPE_CHECKING:
    import pandas as pd

MAP, RATE, LONG = "map", "rate", "longdouble"
REGULAR = (
    "put the series on a regular grid first (frame.resample(...).interpolate(), or a spline), "
    "cut it there and pass the pieces as a list, or take form='map'"
)


def check_rate_settings(n_delays: int | None, alpha: ArrayLike, noise: float, order: int) -> None:
    """Check settings of the rate form.

    Raises
    ------
    ValueError
        For the first that it does not take.
    """
    exact_weights(order)
    if n_delays not in (None, 1):
        raise ValueError(
            "form='rate' learns how the present row moves, without delays; got "
            f"n_delays={n_delays}, leave it out, or take form='map'"
        )
    if isinstance(alpha, str):
        raise ValueError(
            f"form='rate' takes a number or a grid as alpha, got {alpha!r}; 0 where the data have "
            "no noise"
        )
    if noise:
        raise ValueError(
            f"form='rate' has no noise penalty, got noise={noise}; raise alpha, or take form='map'"
        )


def check_longdouble_settings(alpha: ArrayLike, noise: float) -> None:
    """Check settings of the arithmetic in long double.

    Raises
    ------
    ValueError
        For the first that it does not take.
    """
    if np.ndim(alpha) or isinstance(alpha, str):
        raise ValueError(
            f"dtype='longdouble' takes one number as alpha, got {alpha!r}; choose it with "
            "dtype='float64' first"
        )
    if noise:
        raise ValueError(
            f"dtype='longdouble' has no noise penalty, got noise={noise}; data with noise need no "
            "more digits than float64 has"
        )


def check_rate_data(data: WholeStarts, loop: Loop | None) -> None:
    """Check that targets are the next observations, without a gap after the first whole row.

    The loop is None where they are not.

    Raises
    ------
    ValueError
        Otherwise.
    """
    if data.gaps is not None or data.targets.missing is not None:
        raise ValueError(
            f"form='rate' learns from rows at equal steps, and X or y contains NaN; {REGULAR}"
        )
    if loop is None:
        raise ValueError(
            "form='rate' learns how the observations move, and y is not the next observation of X "
            "(up to a scale and a shift per column); build them with X, y = next_step(series), of "
            "three rows or more, with no steps but scalers before the model, or take form='map'"
        )


def check_exog_align(exog_align: str, end: TrainingEnd, n_features: int) -> None:
    """Check that known inputs are at the times of their own rows.

    Raises
    ------
    ValueError
        If they belong to the value predicted.
    """
    if n_features > end.n_outputs and "target" in (exog_align, end.exog_align):
        raise ValueError(
            "form='rate' needs every known input beside the observation of its own time; build X "
            "with next_step(series, exog), and leave exog_align at 'observation'"
        )


def check_equal_steps(X: SeriesLike, y: SeriesLike, layout: Layout) -> None:
    """Check that labels of rows, where there are some, follow each other in equal steps.

    X and y are as they were passed to `fit`.

    Raises
    ------
    ValueError
        If a series has labels of no frequency, or leaves some of its frequency out.
    """
    for labels in row_labels(X, layout) or row_labels(y, layout) or ():
        if not has_order(labels) or len(labels) < 3:
            continue
        if where := _irregular(labels):
            raise ValueError(f"form='rate' learns from rows at equal steps, and {where}; {REGULAR}")


def _irregular(labels: pd.Index) -> str:
    """Return what is irregular in labels, or ""."""
    tail = find_tail(labels)
    if tail is None:
        return f"the labels from {labels[0]} to {labels[-1]} follow no frequency"
    missing = missing_labels(labels, tail)
    return f"{missing[0]} is missing among the labels" if len(missing) else ""
