"""The end of a training field, from which forecasts go on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reservoirs.forecasting import TrainingEnd, next_step, record_training_end
from reservoirs.sequences import Array, Layout, SeriesLike, flatten
from reservoirs.targets import Targets


def end_of_field(
    X: SeriesLike,
    rows: Array,
    layout: Layout,
    series_id: SeriesLike,
    channels: int,
    *,
    last_only: bool = False,
    earlier: Array | None = None,
) -> TrainingEnd:
    """Record what forecasts need to know of a field, X, whose rows were checked.

    Channels have one range over all sites, since what happened at one may happen at another. With
    `last_only` forecasts go on from the last series only; `earlier`, (2, n_columns), is the range
    of earlier chunks.
    """
    one = np.ones(rows.shape[1])
    loop = one, 0.0 * one
    if min(layout.lengths) > 1:
        inputs, following = next_step(X, series_id=series_id)
        first, last = layout.starts(), np.cumsum(layout.lengths) - 1
        targets = Targets(np.delete(rows, first, axis=0), "per_step", False)
        read, pairs = np.delete(rows, last, axis=0), flatten(inputs)[1]
        end = record_training_end(
            read, targets, pairs, inputs, following, loop=loop, last_only=last_only
        )
    else:  # a chunk of one row
        last_row = rows[-1:]
        alone = Layout("single", (1,))
        targets = Targets(last_row, "per_step", False)
        end = record_training_end(last_row, targets, alone, last_row, last_row, loop=loop)
    seen = rows if earlier is None else np.vstack([earlier, rows])
    return replace(end, target_range=_by_channel(seen, channels))


def widened(end: TrainingEnd, n_columns: int, channels: int) -> TrainingEnd:
    """Return the end of a field on a grid of other columns, with the range of its channels."""
    assert end.target_range is not None
    one = np.ones(n_columns)
    deviation = np.sqrt(np.mean(end.target_deviation.reshape(-1, channels) ** 2, axis=0))
    return replace(
        end,
        loop=(one, 0.0 * one),
        last_observations=np.zeros((1, n_columns)),
        output_names=None,
        level_names=None,
        target_deviation=np.resize(deviation, n_columns),
        pairs=None,
        target_range=np.stack([np.resize(side[:channels], n_columns) for side in end.target_range]),
    )


def _by_channel(rows: Array, channels: int) -> Array:
    """Return the smallest and largest value of the channel of each column, (2, n_columns)."""
    values = rows.reshape(-1, channels)
    ends = values.min(axis=0), values.max(axis=0)
    return np.stack([np.resize(end, rows.shape[1]) for end in ends])
