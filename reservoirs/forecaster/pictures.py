"""The picture of a forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reservoirs.forecaster.following import FollowingMixin
from reservoirs.labels import continue_labels
from reservoirs.sequences import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from reservoirs.display.axes import LineProperty
    from reservoirs.display.series import SeriesForecastDisplay


def draw_ahead(
    model: FollowingMixin,
    means: list[Array],
    levels: list[float],
    which: tuple[int, int],
    n_past: int,
    ax: Axes | None,
    line: dict[str, LineProperty],
) -> SeriesForecastDisplay:
    """Draw the forecast of one output of one series, which[1] of which[0]."""
    from reservoirs.display import SeriesForecastDisplay  # matplotlib's world, when asked for

    series, output = which
    combined, mean = model.models_[series], means[series]
    widths = combined.half_widths(len(mean), levels)[:, :, output]
    low, high = (
        np.column_stack([mean[:, output] + side * width for width in widths])
        if len(widths)
        else None
        for side in (-1, 1)
    )
    names = model.training_end_.output_names
    return SeriesForecastDisplay.from_predictions(
        combined.y[-n_past:, output],
        mean[:, output],
        low,
        high,
        level=levels,
        times=_labels(model, series, n_past, len(mean)),
        name="value" if names is None else str(names[output]),
        ax=ax,
        **line,
    )


def _labels(model: FollowingMixin, series: int, n_past: int, n_steps: int) -> pd.Index | None:
    """Return the labels of what is drawn; None where there are none, or nothing tells the next."""
    labels, tails = model.labels_[series], model.training_end_.tails
    tail = None if tails is None else tails[series]
    if labels is None or tail is None:
        return None
    return labels[-n_past:].append(continue_labels(tail, n_steps))
