"""The one check of what every metric compares: a finite truth and a prediction of its shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.labels import is_frame
from reservoirs.mistakes import refuse_text
from reservoirs.sequences import Array, SeriesLike


def check_pair(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    names: tuple[str, str] = ("y_true", "y_pred"),
    numbers: bool = True,
) -> tuple[Array, Array]:
    """Return a truth and a prediction of one shape; (n,) and (n, 1) are one shape.

    Masked values of the truth count as missing; the prediction may hold NaN. `names` is what errors
    call them. They are returned as float64; without `numbers` labels of any kind pass as they are.

    Raises
    ------
    ValueError
        If the shapes differ, the truth is empty or not finite, or two DataFrames have other dates
        or their columns in another order.
    """
    if is_frame(y_true) and is_frame(y_pred):
        _check_names(y_true, y_pred, names)
    truth, prediction = _unmasked(y_true), _unmasked(y_pred)
    if numbers:
        for values, name in zip((truth, prediction), names, strict=True):
            refuse_text(values, name)
        truth, prediction = truth.astype(np.float64), prediction.astype(np.float64)
    if not truth.size or (truth.dtype.kind in "fc" and not np.isfinite(truth).all()):
        raise ValueError(
            f"{names[0]} must hold at least one value, all finite, got shape {truth.shape}; leave "
            "out rows without a measurement"
        )
    if _without_last_axis_of_one(truth) != _without_last_axis_of_one(prediction):
        raise ValueError(
            f"{names[0]} and {names[1]} must have the same shape, got {truth.shape} and "
            f"{prediction.shape}; rows are steps, columns are outputs"
        )
    return truth, prediction.reshape(truth.shape)


def check_columns_of(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    """Return two runs of as many outputs, of any two lengths, as (n_rows, n_outputs) float64.

    Raises
    ------
    ValueError
        If the numbers of outputs differ, or the columns of two DataFrames are in another order, or
        y_true is empty or not finite, or y_pred is empty.
    """
    if is_frame(y_true) and is_frame(y_pred):
        check_columns(y_true, y_pred, ("y_true", "y_pred"))
    truth, _ = check_pair(y_true, y_true)
    run = _unmasked(y_pred)
    refuse_text(run, "y_pred")
    truth, run = (a.reshape(len(a), -1) if a.ndim < 3 else a for a in (truth, run))
    if truth.ndim != 2 or truth.shape[1:] != run.shape[1:] or not run.size:
        raise ValueError(
            f"y_true and y_pred must be runs of the same outputs, got {truth.shape} and "
            f"{run.shape}; rows are steps, columns are outputs"
        )
    return truth, run.astype(np.float64)


def _check_names(truth: SeriesLike, prediction: SeriesLike, names: tuple[str, str]) -> None:
    """Check that rows of the same dates are compared, and columns of the same names."""
    ours, theirs = truth.index, prediction.index
    # numbers may count from anywhere, and some forecasts are numbered for want of a frequency
    dated = ours.dtype.kind in "mM" and theirs.dtype.kind in "mM"
    if dated and len(ours) == len(theirs) and (ours != theirs).any():
        row = int(np.argmax(ours != theirs))
        raise ValueError(
            f"{names[0]} and {names[1]} must have the same labels, got {ours[row]} and "
            f"{theirs[row]} in row {row}; select the rows with {names[0]}.loc[{names[1]}.index]"
        )
    check_columns(truth, prediction, names)


def check_columns(truth: SeriesLike, prediction: SeriesLike, names: tuple[str, str]) -> None:
    """Check that two frames do not have the same columns in another order.

    Raises
    ------
    ValueError
        If they do; `names` is what it calls them.
    """
    columns = [list(getattr(frame, "columns", ())) for frame in (truth, prediction)]
    if columns[0] != columns[1] and set(columns[0]) == set(columns[1]):
        raise ValueError(
            f"{names[0]} and {names[1]} must have their columns in one order, got {columns[0]} and "
            f"{columns[1]}; select them with {names[0]}[{names[1]}.columns]"
        )


def _unmasked(values: ArrayLike) -> Array:
    """Return values as an array, NaN where they are masked."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        return np.ma.filled(values.astype(np.float64), np.nan)
    return np.atleast_1d(np.asarray(values))


def _without_last_axis_of_one(values: Array) -> tuple[int, ...]:
    shape = values.shape
    return shape[:-1] if len(shape) == 2 and shape[1] == 1 else shape
