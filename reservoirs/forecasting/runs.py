"""Runs of closed loops, compiled where the Pipeline before the model folds into an affine map."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from reservoirs.estimators.series import Step
from reservoirs.forecasting.loop import DIVERGED, Loop
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.starts import Start
from reservoirs.labels import load_pandas
from reservoirs.scaling import SequenceScaler
from reservoirs.sequences import Array

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


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


def run(estimator: ClosedLoopModel, pipeline: Pipeline | None, start: Start) -> Array:
    """Drive a model along the observations of a start, then close the loop.

    Parameters
    ----------
    estimator : ClosedLoopModel
        The regressor.
    pipeline : Pipeline or None
        The Pipeline around it.
    start : Start
        Where the loop starts.

    Returns
    -------
    array of shape (n_steps, n_outputs)
        The forecast, NaN from the step on at which it diverged.
    """
    state, n_before = start.state, len(start.observations) - 1
    if n_before:
        loop = estimator.training_end_.loop
        rows = input_rows(pipeline, loop, start.observations[:-1], start.exog[:n_before])
        _, state = estimator._drive(rows, state)
    return run_closed_loop(
        estimator, pipeline, start.observations[-1], start.exog[n_before:], state
    )


def run_closed_loop(
    estimator: ClosedLoopModel,
    pipeline: Pipeline | None,
    observation: Array,
    exog: Array,
    state: Array,
) -> Array:
    """Run one closed loop.

    Parameters
    ----------
    estimator : ClosedLoopModel
        The regressor.
    pipeline : Pipeline or None
        The Pipeline around it.
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
    end = estimator.training_end_
    limit = DIVERGED * end.target_size
    folded = fold_scalers(pipeline, end.loop, exog, end.n_outputs)
    if folded is not None:
        inputs, loop = folded
        return mask_divergence(estimator._closed_loop(observation, inputs, loop, state), limit)

    def next_row(latest: Array, inputs: Array) -> Array:
        row: Array = transform_rows(pipeline, np.hstack([latest, inputs])[None])[0]
        return row

    with estimator._row_runner(state) as step:
        values = feed_back(step, next_row, observation, exog, limit)
    return mask_divergence(values, limit)


def transform_rows(pipeline: Pipeline, rows: Array) -> Array:
    """Send rows through all steps of a Pipeline but the last.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted.
    rows : array of shape (n, n_inputs)
        Rows in the Pipeline's input units.

    Returns
    -------
    array of shape (n, n_features)
        Rows as the regressor reads them.
    """
    # a Pipeline fitted on a DataFrame warns of arrays without names
    names = getattr(pipeline, "feature_names_in_", None)
    if names is None:
        return np.asarray(pipeline[:-1].transform(rows), dtype=np.float64)
    pd = load_pandas()
    frame = pd.DataFrame(rows, columns=names)
    return np.asarray(pipeline[:-1].transform(frame), dtype=np.float64)


def input_rows(
    pipeline: Pipeline | None, loop: Loop | None, observations: Array, exog: Array
) -> Array:
    """Build the rows that the regressor reads from observations and exogenous inputs.

    Parameters
    ----------
    pipeline : Pipeline or None
        The Pipeline around the regressor.
    loop : tuple of two arrays of shape (n_outputs,), or None
        The map from a target to the next input, needed without a Pipeline.
    observations : array of shape (n, n_outputs)
        Observations in the units of y.
    exog : array of shape (n or more, n_exog)
        Exogenous inputs in the Pipeline's input units.

    Returns
    -------
    array of shape (n, n_features)
        The rows.
    """
    inputs = exog[: len(observations)]
    if pipeline is not None:
        return transform_rows(pipeline, np.hstack([observations, inputs]))
    assert loop is not None  # `check_loop` refused the model otherwise
    scale, shift = loop
    return np.hstack([observations * scale + shift, inputs])


def fold_scalers(
    pipeline: Pipeline | None, loop: Loop | None, exog: Array, n_outputs: int
) -> tuple[Array, Loop] | None:
    """Fold a Pipeline of scalers into the affine map of the closed loop.

    Parameters
    ----------
    pipeline : Pipeline or None
        The Pipeline around the regressor.
    loop : tuple of two arrays of shape (n_outputs,), or None
        The map from a target to the next input of the regressor.
    exog : array of shape (n_steps, n_exog)
        Exogenous inputs in the Pipeline's input units.
    n_outputs : int
        Number of outputs.

    Returns
    -------
    exog : array of shape (n_steps, n_exog)
        Exogenous inputs as the regressor reads them.
    loop : tuple of two arrays of shape (n_outputs,)
        The map of the loop. Instead of the pair None, where a step is not an affine map per
        column, so that every row must go through the Pipeline.
    """
    if pipeline is None:
        return None if loop is None else (exog, loop)
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

    affine = (MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, SequenceScaler)
    steps = [step for _, step in pipeline.steps[:-1] if step not in (None, "passthrough")]
    clipped = any(getattr(step, "clip", False) for step in steps)
    if loop is None or clipped or not all(isinstance(step, affine) for step in steps):
        return None
    # columns are scaled one by one, so any observation will do beside the exogenous inputs
    rows = np.hstack([np.zeros((len(exog), n_outputs)), exog])
    return transform_rows(pipeline, rows)[:, n_outputs:], loop


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
