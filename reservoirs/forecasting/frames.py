"""Forecasts in the shape, container and index that the data came in."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from reservoirs.forecasting.panels import Panel
from reservoirs.forecasting.start import Start
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.labels import continue_labels, load_pandas
from reservoirs.mistakes import callers_level
from reservoirs.sequences import Array, SeriesLike


def drop_output_axis(values: Array, flat: bool) -> Array:
    """Return values without the axis of outputs where y had none.

    `flat` says whether y was 1-D.
    """
    return values[:, 0] if flat else values


def restore_container(
    forecasts: Sequence[Array], starts: Sequence[Start], panel: Panel, end: TrainingEnd
) -> SeriesLike:
    """Return forecasts in the container of their context, or of the training data without one.

    Each of them is (n_steps, n_outputs), one per start. The starts have the labels that forecasts
    go on from, and `end` the names of the outputs.

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
            stacklevel=callers_level(),
        )
    return panel.restore(
        [to_frame(values, start, end) for values, start in zip(forecasts, starts, strict=True)]
    )


def to_frame(values: Array, start: Start, end: TrainingEnd) -> SeriesLike:
    """Return one forecast, as a DataFrame where it has labels to go on from.

    The forecast is (n_steps, n_outputs); `end` names the columns.
    """
    if not start.labelled:
        return drop_output_axis(values, end.flat_targets)
    pd = load_pandas()
    labels = pd.RangeIndex(len(values))
    if start.tail is not None:
        labels = continue_labels(start.tail, len(values))
    return pd.DataFrame(values, index=labels, columns=end.columns)
