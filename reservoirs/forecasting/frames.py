"""Forecasts in the shape, container and index that the data came in."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from reservoirs.forecasting.panels import Panel
from reservoirs.forecasting.starts import Start
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.labels import continue_labels, load_pandas
from reservoirs.sequences import Array, SeriesLike


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


def restore_container(
    forecasts: Sequence[Array], starts: Sequence[Start], panel: Panel, end: TrainingEnd
) -> SeriesLike:
    """Return forecasts in the container of their context, or of the training data without one.

    Parameters
    ----------
    forecasts : sequence of arrays of shape (n_steps, n_outputs)
        One per start.
    starts : sequence of Start
        With the labels that the forecasts go on from.
    panel : Panel
        The container.
    end : TrainingEnd
        The end of the training series, with the names of the outputs.

    Returns
    -------
    array of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
        The forecasts.

    Warns
    -----
    UserWarning
        If labels follow no frequency, so that the steps are numbered from 0.
    """
    if any(start.labelled and start.tail is None for start in starts):
        warnings.warn(
            "the labels of the series follow no frequency that is known, so the steps of its "
            "forecast are numbered from 0; give it one, with frame.asfreq(...) or "
            "pandas.to_datetime(...), say, and build X and y with next_step(frame)",
            UserWarning,
            stacklevel=3,
        )
    return panel.restore(
        [to_frame(values, start, end) for values, start in zip(forecasts, starts, strict=True)]
    )


def to_frame(values: Array, start: Start, end: TrainingEnd) -> SeriesLike:
    """Return one forecast, as a DataFrame where it has labels to go on from.

    Parameters
    ----------
    values : array of shape (n_steps, n_outputs)
        A forecast.
    start : Start
        Where it starts.
    end : TrainingEnd
        The end of the training series, which names the columns.

    Returns
    -------
    DataFrame, or array of shape (n_steps,) or (n_steps, n_outputs)
        The forecast.
    """
    if not start.labelled:
        return drop_output_axis(values, end.flat_targets)
    pd = load_pandas()
    labels = pd.RangeIndex(len(values))
    if start.tail is not None:
        labels = continue_labels(start.tail, len(values))
    return pd.DataFrame(values, index=labels, columns=end.columns)
