"""Forecasts in the shape, container and index that the training data came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.sequences import Array, SeriesLike, holds_many_series, is_frame, load_pandas

if TYPE_CHECKING:
    import pandas as pd


def future_index(index: pd.Index, n_steps: int) -> pd.Index | None:
    """Continue a pandas index.

    Parameters
    ----------
    index : pandas.Index
        Dates, periods, a range or numbers: the labels of the last rows known.
    n_steps : int
        Number of labels to add.

    Returns
    -------
    pandas.Index or None
        The labels that follow; None where no regular continuation exists.
    """
    pd = load_pandas()
    if isinstance(index, pd.PeriodIndex):
        return pd.period_range(index[-1] + 1, periods=n_steps, freq=index.freq)
    if isinstance(index, pd.DatetimeIndex):
        # of two dates no frequency can be inferred, but they have a distance
        freq = index.freq or (pd.infer_freq(index) if len(index) > 2 else None)
        step = freq if freq is not None else index[-1] - index[-2]
        return pd.date_range(index[-1], periods=n_steps + 1, freq=step)[1:]
    if pd.api.types.is_numeric_dtype(index.dtype) and len(index) > 1:
        step = index[-1] - index[-2]
        return pd.Index(index[-1] + step * np.arange(1, n_steps + 1), name=index.name)
    return None


def drop_output_axis(values: Array, flat: bool) -> Array:
    """Return values without the axis of outputs where y had none.

    Parameters
    ----------
    values : array of shape (n_rows, n_outputs)
        Predictions.
    flat : bool
        Whether y was 1-D.

    Returns
    -------
    array of shape (n_rows,) or (n_rows, n_outputs)
        The predictions.
    """
    return values[:, 0] if flat else values


def restore_container(forecasts: list[Array], end: TrainingEnd, context: SeriesLike) -> SeriesLike:
    """Return forecasts in the container of their context, or of the training data without one.

    Parameters
    ----------
    forecasts : list of arrays of shape (n_steps, n_outputs)
        One per context, or one per training series.
    end : TrainingEnd
        The end of the training series.
    context : array-like, DataFrame, list of these or None
        The context of the forecasts.

    Returns
    -------
    array of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
        The forecasts.
    """
    if context is None:
        return _after_training(forecasts, end)
    contexts = context if holds_many_series(context) else [context]
    frames = [
        to_frame(values, end, series.index if is_frame(series) else None)
        for values, series in zip(forecasts, contexts, strict=True)
    ]
    return frames if holds_many_series(context) else frames[0]


def _after_training(forecasts: list[Array], end: TrainingEnd) -> SeriesLike:
    layout = end.layout
    if not layout.many:
        return to_frame(forecasts[0], end, layout.index, skip=1)
    if layout.kind == "frame":
        return to_frames(forecasts, end)
    shaped = [drop_output_axis(values, end.flat_targets) for values in forecasts]
    return np.stack(shaped) if layout.kind == "stack" else shaped


def to_frame(
    values: Array, end: TrainingEnd, index: pd.Index | None, *, skip: int = 0
) -> SeriesLike:
    """Return a forecast as a DataFrame whose index continues another, if there is one.

    Parameters
    ----------
    values : array of shape (n_steps, n_outputs)
        A forecast.
    end : TrainingEnd
        The end of the training series, which names the columns.
    index : pandas.Index or None
        Labels of the last rows known.
    skip : int, default=0
        Labels to leave out: the one after the last row of X belongs to y[-1], which is known.

    Returns
    -------
    DataFrame, or array of shape (n_steps,) or (n_steps, n_outputs)
        The forecast; an array where there is no index.
    """
    if index is None:
        return drop_output_axis(values, end.flat_targets)
    pd = load_pandas()
    names = end.output_names or list(range(values.shape[1]))
    following = future_index(index, len(values) + skip)
    labels = None if following is None else following[skip:]
    return pd.DataFrame(values, index=labels, columns=names)


def to_frames(forecasts: list[Array], end: TrainingEnd) -> SeriesLike:
    """Return one forecast per training series as a DataFrame with the series as outer level.

    Parameters
    ----------
    forecasts : list of arrays of shape (n_steps, n_outputs)
        One per series of a DataFrame with a MultiIndex.
    end : TrainingEnd
        The end of the training series, with their index.

    Returns
    -------
    DataFrame
        All forecasts.
    """
    pd = load_pandas()
    index, frames = end.layout.index, {}
    assert index is not None  # the layout of a DataFrame has one
    for span, values in zip(end.layout.slices(), forecasts, strict=True):
        # the outer label is that of the series, the inner ones are continued
        inner = index[span].droplevel(0)
        frames[index[span.start][0]] = to_frame(values, end, inner, skip=1)
    return pd.concat(frames, names=index.names[:1])
