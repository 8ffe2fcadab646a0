"""Intervals of networks that say themselves how far a target may be from its prediction.

    d[t] = the distance to the quantile of the level that the network gives one step ahead
    w[t] = the width that the errors of loops from training rows have in units of their own d

The ends are d[t] w[t] away from the forecast, below and above each by its own distance: the network
says where and to which side errors are large, and the loops how they grow along a forecast, in
which predictions are fed back as they are and not drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from scipy.special import ndtri

from reservoirs.forecasting import (
    ClosedLoopModel,
    IntervalModel,
    LoopOrigins,
    Start,
    check_coverage,
    fill_observations,
    find_residuals,
    half_widths,
    input_rows,
    plan_origins,
    states_at_origins,
)
from reservoirs.sequences import Array
from trainers.network.heads import SpreadHead

SMALLEST_DISTANCE = 1e-6  # in deviations of y, where quantiles meet


class SpreadModel(ClosedLoopModel, IntervalModel, Protocol):
    """A trained network whose outputs are a `SpreadHead`'s."""

    target_scale_: Array

    def _raw_outputs(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs of the network after every row, and its last state."""


def spread_ends(
    model: SpreadModel, head: SpreadHead, values: Array, levels: list[float], start: Start
) -> tuple[Array, Array]:
    """Return the lower and upper ends, (n_levels, n_steps, n_outputs) each, around a forecast.

    Values are the forecast, (n_steps, n_outputs), from a start.

    Raises
    ------
    ValueError
        If no rows were kept for loops, or too few for a level.
    """
    residuals = find_residuals(model)
    check_coverage(levels, len(residuals), "raise interval_origins, or fit a longer series")
    # both are there: `find_residuals` refused the model otherwise
    assert model.interval_rows_ is not None and model.interval_origins is not None
    origins = plan_origins(model, model.interval_rows_, model.interval_origins)
    loops = list(_along_loops(model, origins, residuals))
    along = _along_forecast(model, values, start)
    ends = []
    for level in levels:
        below, above = _distances(model, head, along, level)
        relative = np.stack(
            [
                error / np.where(error > 0, *reversed(_distances(model, head, outputs, level)))
                for error, outputs in zip(residuals, loops, strict=True)
            ]
        )
        widths = half_widths(relative, len(values), [level], widened=1.0)[0]
        ends.append((values - widths * below, values + widths * above))
    low, high = (np.stack(side) for side in zip(*ends, strict=True))
    return low, high


def _distances(
    model: SpreadModel, head: SpreadHead, outputs: Array, level: float
) -> tuple[Array, Array]:
    """Return how far below and above the prediction the quantiles of a level in per cent are."""
    point = head.point(outputs)
    z = np.full_like(point, ndtri(0.5 + level / 200))
    below, above = point - head.draw(outputs, -z), head.draw(outputs, z) - point
    floor, scale = SMALLEST_DISTANCE, model.target_scale_
    return np.maximum(below, floor) * scale, np.maximum(above, floor) * scale


def _along_forecast(model: SpreadModel, values: Array, start: Start) -> Array:
    """Return the outputs of the network along a forecast."""
    observations = fill_observations(model, start.observations, start.exog, start.state)
    n_before = len(observations) - 1
    rows = input_rows(model, np.vstack([observations, values[:-1]]), start.exog)
    outputs, _ = model._raw_outputs(rows, start.state)
    return outputs[n_before:]


def _along_loops(model: SpreadModel, origins: LoopOrigins, residuals: Array) -> Iterator[Array]:
    """Yield the outputs of the network along every loop."""
    d = origins.targets.shape[1]
    for error, (first, state) in zip(residuals, states_at_origins(model, origins), strict=True):
        along = slice(first, first + origins.horizon)
        values = origins.targets[along] - error
        observations = np.vstack([origins.targets[first - 1], values[:-1]])
        rows = input_rows(model, observations, origins.kept.rows[along, d:])
        yield model._raw_outputs(rows, state)[0]
