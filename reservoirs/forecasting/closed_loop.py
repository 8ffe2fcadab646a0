"""`forecast`: one implementation of the closed loop for every regressor of the library."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from reservoirs.forecasting.frames import drop_output_axis, to_frame, to_frames
from reservoirs.forecasting.inputs import (
    check_exog,
    check_observations,
    count_exog,
    fold_scalers,
    input_rows,
    transform_rows,
)
from reservoirs.forecasting.loop import DIVERGED, feed_back
from reservoirs.forecasting.model import ClosedLoopModel, split_pipeline
from reservoirs.forecasting.training_end import check_loop
from reservoirs.sequences import Array, InitialState, SeriesLike, holds_many_series, is_frame

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


@dataclass(frozen=True)
class Start:
    """Where one closed loop begins.

    Attributes
    ----------
    observation : array of shape (n_outputs,)
        The observation that enters first.
    exog : array of shape (n_steps, n_exog)
        Exogenous inputs of every step, the first beside that observation.
    state : array
        The state before.
    """

    observation: Array
    exog: Array
    state: Array


def forecast(
    model: ClosedLoopModel | Pipeline,
    n_steps: int,
    *,
    context: SeriesLike = None,
    exog: SeriesLike = None,
    initial_state: InitialState = None,
) -> SeriesLike:
    """Forecast in a closed loop: every prediction becomes the next observation.

    y[t] = f(x[t-1], [y[t-1], exog[t]]),  x the state of the model

    Parameters
    ----------
    model : estimator or Pipeline
        A fitted regressor of this library, or a Pipeline that ends in one and whose other steps
        act row by row; context, exog and results are then in the Pipeline's input units.
    n_steps : int
        Number of steps.
    context : array-like of shape (n_context, n_outputs), list of arrays or DataFrame, default=None
        Observations whose last row is the last known value; a list gives a list of forecasts. None
        goes on where each training series ended, from y[-1].
    exog : array-like of shape (n_context + n_steps - 1, n_exog), default=None
        Known inputs, row j enters with observation j. Without context (n_steps, n_exog), and the
        first row belongs to y[-1]; one array per series where there are several.
    initial_state : array-like of shape (state_size,) or str, default=None
        State before the first context row; None takes the model's own rule.

    Returns
    -------
    array of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
        The forecast, 1-D where y was. Without context one forecast per training series, in the
        container of X; a DataFrame, its index continued, for a model fitted on one.

    Raises
    ------
    TypeError
        If the model is neither a regressor of this library nor a Pipeline that ends in one.
    ValueError
        If the loop cannot close, or context and exog have the wrong shape.

    Warns
    -----
    ForecastDivergedWarning
        If the forecast diverges; its rows are NaN from there on.

    See Also
    --------
    next_step : Build X and y for a model that forecasts.
    backtest : Forecast from many origins along a series.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import ESNRegressor, forecast, next_step
    >>> wave = np.sin(0.2 * np.arange(300))
    >>> model = ESNRegressor(n_units=50, random_state=0).fit(*next_step(wave))
    >>> bool(np.allclose(forecast(model, 20), np.sin(0.2 * np.arange(300, 320)), atol=0.01))
    True
    """
    estimator, pipeline = split_pipeline(model)
    if not isinstance(n_steps, Integral) or n_steps < 1:
        raise ValueError(f"n_steps must be an integer >= 1, got {n_steps!r}")
    end = estimator.training_end_
    check_loop(end, piped=pipeline is not None)
    if context is None:
        return _forecast_from_training_end(estimator, pipeline, int(n_steps), exog, initial_state)
    if holds_many_series(context):
        exog_per_context = [None] * len(context) if exog is None else exog
        if len(exog_per_context) != len(context):
            raise ValueError(
                f"exog must hold one array per context, {len(context)}, got {len(exog_per_context)}"
            )
        return [
            forecast(model, n_steps, context=c, exog=e, initial_state=initial_state)
            for c, e in zip(context, exog_per_context, strict=True)
        ]
    observations = check_observations(context, end.n_outputs, "context")
    start = _start_after(observations, estimator, pipeline, int(n_steps), exog, initial_state)
    values = run_closed_loop(estimator, pipeline, start)
    return to_frame(values, end, context.index if is_frame(context) else None)


def _start_after(
    observations: Array,
    estimator: ClosedLoopModel,
    pipeline: Pipeline | None,
    n_steps: int,
    exog: SeriesLike,
    initial_state: InitialState,
) -> Start:
    """Run the model along all observations but the last, which enters the loop first."""
    # the last observation enters the loop itself, the ones before it only drive the state there
    n_before = len(observations) - 1
    inputs = check_exog(exog, n_before + n_steps, count_exog(estimator, pipeline))
    state = estimator._start_states(initial_state, 1)[0]
    if n_before:
        loop = estimator.training_end_.loop
        rows = input_rows(pipeline, loop, observations[:-1], inputs[:n_before])
        _, state = estimator._drive(rows, state)
    return Start(observations[-1], inputs[n_before:], state)


def _forecast_from_training_end(
    estimator: ClosedLoopModel,
    pipeline: Pipeline | None,
    n_steps: int,
    exog: SeriesLike,
    initial_state: InitialState,
) -> SeriesLike:
    """Forecast from the end of every training series, in the container of X."""
    end, layout = estimator.training_end_, estimator.training_end_.layout
    assert end.last_observations is not None  # `check_loop` refused targets per series
    exog_per_series = [exog] * layout.n_series
    if exog is not None and layout.many:
        exog_per_series = list(exog)
        if len(exog_per_series) != layout.n_series:
            raise ValueError(
                f"exog must hold one array per training series, {layout.n_series}, got "
                f"{len(exog_per_series)}"
            )
    # the last state has seen all rows of X but not y[-1], which enters first
    states = estimator.last_states_
    if initial_state is not None:
        states = estimator._start_states(initial_state, layout.n_series)
    n_exog, forecasts = count_exog(estimator, pipeline), []
    for observation, inputs, state in zip(
        end.last_observations, exog_per_series, states, strict=True
    ):
        start = Start(observation, check_exog(inputs, n_steps, n_exog), state)
        forecasts.append(run_closed_loop(estimator, pipeline, start))
    if not layout.many:
        return to_frame(forecasts[0], end, layout.index, skip=1)
    if layout.kind == "frame":
        return to_frames(forecasts, end)
    shaped = [drop_output_axis(values, end.flat_targets) for values in forecasts]
    return np.stack(shaped) if layout.kind == "stack" else shaped


def run_closed_loop(estimator: ClosedLoopModel, pipeline: Pipeline | None, start: Start) -> Array:
    """Run one closed loop, compiled where the Pipeline folds into an affine map.

    Parameters
    ----------
    estimator : ClosedLoopModel
        The regressor.
    pipeline : Pipeline or None
        The Pipeline around it.
    start : Start
        Where the loop begins.

    Returns
    -------
    array of shape (n_steps, n_outputs)
        The forecast, NaN from the step on at which it diverged.
    """
    end = estimator.training_end_
    limit = DIVERGED * end.target_size
    folded = fold_scalers(pipeline, end.loop, start.exog, end.n_outputs)
    if folded is not None:
        exog, loop = folded
        values = estimator._closed_loop(start.observation, exog, loop, start.state)
        return _mask_divergence(values, limit)

    def next_row(observation: Array, inputs: Array) -> Array:
        row: Array = transform_rows(pipeline, np.hstack([observation, inputs])[None])[0]
        return row

    with estimator._row_runner(start.state) as step:
        values = feed_back(step, next_row, start.observation, start.exog, limit)
    return _mask_divergence(values, limit)


def _mask_divergence(values: Array, limit: float) -> Array:
    """Put NaN from the first row on that is not finite or not below the limit."""
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
