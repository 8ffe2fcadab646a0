"""Runs of closed loops, compiled where the Pipeline before the model folds into an affine map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reservoirs.estimators.series import Step
from reservoirs.forecasting.bounds import (
    Bounds,
    find_bounds,
    hold,
    left_at,
    mask_divergence,
)
from reservoirs.forecasting.filler import Filler
from reservoirs.forecasting.loop import DIVERGED
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.nodes import OwnUnits, State
from reservoirs.forecasting.start import Start
from reservoirs.missing import MissingValuesError
from reservoirs.overflow import StatesTooLargeError
from reservoirs.sequences import Array

ENDS_IN_A_GAP = (
    "the last observation is missing, and behind Log and Difference nothing before it is kept that "
    "would fill it: pass the series as context, forecast(model, n_steps, context=series), or leave "
    "out the gap that it ends in"
)


def run(model: ClosedLoopModel, start: Start, bound: float | None) -> tuple[Array, int | None]:
    """Drive a model along the observations of a start, then close the loop.

    The bound is one of `choose_bound`. The forecast, (n_steps, n_outputs), is held within its
    bounds; without, it is NaN from the step on at which it diverged. The step where it met its
    bounds or diverged, or None, is returned too.
    """
    n_before = len(start.observations) - 1
    state = settle(model, start.observations, start.exog, start.state)
    observations = fill_observations(model, start.observations, start.exog, state)
    bounds = find_bounds(model, bound, start.observations, start.exog[n_before:], state)
    if n_before:
        rows = input_rows(model, observations[:-1], start.exog)
        _, state = model._drive(rows, state)
    return run_closed_loop(model, observations[-1], start.exog[n_before:], state, bounds)


def settle(model: ClosedLoopModel, known: Array, exog: Array, state: State) -> State:
    """Return a state that knows the units of its series, where a model scales each by itself.

    Observations, (n_rows, n_outputs), are known before the first forecast, exog has as many rows or
    more, and the state is that before the first. It gets the units of these rows if it had none.
    """
    node = getattr(model, "node", None)
    if not isinstance(node, OwnUnits):
        return state
    return node.settled(np.hstack([known, exog[: len(known)]]), state)


def fill_observations(
    model: ClosedLoopModel, observations: Array, exog: Array, state: Array
) -> Array:
    """Fill missing observations by the predictions of a model from the rows before.

    Observations, (n, n_outputs), are in the units of y; exog has n - 1 rows or more, and the state
    is that before the first observation.

    Raises
    ------
    MissingValuesError
        If the first is missing.
    """
    missing = np.isnan(observations)
    if not missing.any():
        return observations
    if missing[0].any():
        raise MissingValuesError(ENDS_IN_A_GAP)
    filler = Filler(model._drive, model.training_end_.loop, model.training_end_.target_size)
    rows = input_rows(model, observations[:-1], exog)
    _, outputs, _ = filler.run(rows, missing[:-1], state)
    return np.vstack([observations[:1], filler.fill(observations[1:], outputs)])


def run_closed_loop(
    model: ClosedLoopModel,
    observation: Array,
    exog: Array,
    state: State,
    bounds: Bounds | None,
) -> tuple[Array, int | None]:
    """Run one closed loop.

    The observation, (n_outputs,), enters first, beside the first row of exog, (n_steps, n_exog);
    the state is the one before. The forecast, (n_steps, n_outputs), is without bounds NaN from the
    step on at which it diverged. The step where it met its bounds or diverged, or None, is returned
    too.
    """
    end = model.training_end_
    assert end.loop is not None  # `closed_loop_model` refused the model otherwise
    values = model._closed_loop(observation, exog, end.loop, state, bounds)
    if bounds is None:
        return mask_divergence(values, DIVERGED * end.target_size)
    return values, left_at(values, bounds)


def input_rows(model: ClosedLoopModel, observations: Array, exog: Array) -> Array:
    """Build the rows that a model reads from observations and exogenous inputs.

    Observations, (n, n_outputs), are in the units of y, exog has n rows or more; the rows are (n,
    n_features).
    """
    assert model.training_end_.loop is not None  # as above
    scale, shift = model.training_end_.loop
    return np.hstack([observations * scale + shift, exog[: len(observations)]])


def feed_back(
    step: Step,
    next_row: Callable[[Array, Array], Array],
    observation: Array,
    exog: Array,
    limit: float,
    bounds: Bounds | None = None,
) -> Array:
    """Run a closed loop one row after the other.

    y[t] = step(next_row(y[t-1], exog[t])), held within the bounds

    `step` takes the next row of inputs and returns the prediction after it; y[-1], the observation,
    enters first. Without bounds the run ends when a prediction is not below the limit in size.
    Predictions, (n_steps, n_outputs), are NaN after the end of the run; within bounds they stay at
    the lower ones once the states overflow, as those of compiled loops do.
    """
    values = np.full((len(exog), len(observation)), np.nan)
    for t, inputs in enumerate(exog):
        try:
            predicted = step(next_row(observation, inputs))
        except StatesTooLargeError:
            values[t:] = hold(values[t:], bounds)
            break
        values[t] = observation = hold(predicted, bounds)
        if bounds is None and not np.abs(observation).max() < limit:
            break
    return values
