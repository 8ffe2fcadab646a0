"""Runs of closed loops, compiled where the Pipeline before the model folds into an affine map."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from reservoirs.estimators.series import Step
from reservoirs.forecasting.filler import Filler
from reservoirs.forecasting.loop import DIVERGED
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.nodes import OwnUnits, State
from reservoirs.forecasting.starts import Start
from reservoirs.sequences import Array

if TYPE_CHECKING:
    pass


class ForecastDivergedWarning(UserWarning):
    """A closed-loop forecast diverged; rows from that step on are NaN.

    See Also
    --------
    forecast : Warns when a prediction is not below a million times the largest training target.

    Examples
    --------
    >>> import warnings
    >>> from reservoirs import ForecastDivergedWarning
    >>> warnings.simplefilter("error", ForecastDivergedWarning)
    """


def run(model: ClosedLoopModel, start: Start) -> Array:
    """Drive a model along the observations of a start, then close the loop.

    Parameters
    ----------
    model : ClosedLoopModel
        The model.
    start : Start
        Where the loop starts.

    Returns
    -------
    array of shape (n_steps, n_outputs)
        The forecast, NaN from the step on at which it diverged.
    """
    n_before = len(start.observations) - 1
    state = settle(model, start.observations, start.exog, start.state)
    observations = fill_observations(model, start.observations, start.exog, state)
    if n_before:
        rows = input_rows(model, observations[:-1], start.exog)
        _, state = model._drive(rows, state)
    return run_closed_loop(model, observations[-1], start.exog[n_before:], state)


def settle(model: ClosedLoopModel, known: Array, exog: Array, state: State) -> State:
    """Return a state that knows the units of its series, where a model scales each by itself.

    Parameters
    ----------
    model : ClosedLoopModel
        The model.
    known : array of shape (n_rows, n_outputs)
        Observations that are known before the first forecast.
    exog : array of shape (n_rows or more, n_exog)
        Exogenous inputs.
    state : state
        Before the first of them.

    Returns
    -------
    state
        The state, with the units of these rows if it had none.
    """
    node = getattr(model, "node", None)
    if not isinstance(node, OwnUnits):
        return state
    return node.settled(np.hstack([known, exog[: len(known)]]), state)


def fill_observations(
    model: ClosedLoopModel, observations: Array, exog: Array, state: Array
) -> Array:
    """Fill missing observations by the predictions of a model from the rows before.

    Parameters
    ----------
    model : ClosedLoopModel
        The model.
    observations : array of shape (n, n_outputs)
        Observations in the units of y, the first without NaN.
    exog : array of shape (n - 1 or more, n_exog)
        Exogenous inputs.
    state : array
        The state before the first observation.

    Returns
    -------
    array of shape (n, n_outputs)
        Observations without NaN.
    """
    missing = np.isnan(observations)
    if not missing.any():
        return observations
    filler = Filler(model._drive, model.training_end_.loop, model.training_end_.target_size)
    rows = input_rows(model, observations[:-1], exog)
    _, outputs, _ = filler.run(rows, missing[:-1], state)
    return np.vstack([observations[:1], filler.fill(observations[1:], outputs)])


def run_closed_loop(model: ClosedLoopModel, observation: Array, exog: Array, state: Array) -> Array:
    """Run one closed loop.

    Parameters
    ----------
    model : ClosedLoopModel
        The model.
    observation : array of shape (n_outputs,)
        The observation that enters first.
    exog : array of shape (n_steps, n_exog)
        Exogenous inputs of every step, the first beside that observation.
    state : array
        The state before.

    Returns
    -------
    array of shape (n_steps, n_outputs)
        The forecast, NaN from the step on at which it diverged.
    """
    end = model.training_end_
    assert end.loop is not None  # `closed_loop_model` refused the model otherwise
    values = model._closed_loop(observation, exog, end.loop, state)
    return mask_divergence(values, DIVERGED * end.target_size)


def input_rows(model: ClosedLoopModel, observations: Array, exog: Array) -> Array:
    """Build the rows that a model reads from observations and exogenous inputs.

    Parameters
    ----------
    model : ClosedLoopModel
        The model.
    observations : array of shape (n, n_outputs)
        Observations in the units of y.
    exog : array of shape (n or more, n_exog)
        Exogenous inputs.

    Returns
    -------
    array of shape (n, n_features)
        The rows.
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
) -> Array:
    """Run a closed loop one row after the other.

    y[t] = step(next_row(y[t-1], exog[t]))

    Parameters
    ----------
    step : callable
        Takes the next row of inputs and returns the prediction after it.
    next_row : callable
        Builds the row of inputs from an observation and its exogenous inputs.
    observation : array of shape (n_outputs,)
        The observation y[-1] that enters first.
    exog : array of shape (n_steps, n_exog)
        Exogenous inputs, one row per step.
    limit : float
        The run ends when a prediction is not below it in size.

    Returns
    -------
    array of shape (n_steps, n_outputs)
        Predictions, NaN after the end of the run.
    """
    values = np.full((len(exog), len(observation)), np.nan)
    for t, inputs in enumerate(exog):
        values[t] = observation = step(next_row(observation, inputs))
        if not np.abs(observation).max() < limit:
            break
    return values


def mask_divergence(values: Array, limit: float) -> Array:
    """Put NaN from the first row on that is not finite or not below a limit, and say so.

    Parameters
    ----------
    values : array of shape (n_steps, n_outputs)
        A forecast.
    limit : float
        Size that no value reaches.

    Returns
    -------
    array of shape (n_steps, n_outputs)
        The forecast.

    Warns
    -----
    ForecastDivergedWarning
        If a value is not finite or reaches the limit.
    """
    if np.abs(values).max() < limit:
        return values
    step = int(np.argmin((np.abs(values) < limit).all(axis=1)))
    warnings.warn(
        f"the forecast diverged at step {step} of {len(values)}; rows from there on are NaN. "
        "Raise alpha (ESN), train longer, or check that X and y come from next_step",
        ForecastDivergedWarning,
        stacklevel=4,
    )
    values = values.copy()
    values[step:] = np.nan
    return values
