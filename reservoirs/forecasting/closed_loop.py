"""`forecast` and `backtest`: one implementation for every regressor of the library."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.settings import check_settings
from reservoirs.forecasting.frames import flat, framed, framed_many
from reservoirs.forecasting.loop import DIVERGED, as_input, fold, transform_rows
from reservoirs.sequences import Array, is_frame, is_series_list

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class ForecastDivergedWarning(UserWarning):
    """A closed-loop forecast left every bound; the rows from there on are NaN."""


@dataclass(frozen=True)
class _Start:
    """Where one closed loop begins: the observation entered first, its exog rows, the state."""

    observation: Array
    exog: Array
    state: Any


def forecast(
    model: Any, n_steps: int, *, context: Any = None, exog: Any = None, initial_state: Any = None
) -> Any:
    """Forecast in a closed loop: every prediction becomes the next observation.

    Parameters
    ----------
    model : a fitted regressor of this library, or a Pipeline that ends in one and whose other
        steps act row by row; context, exog and results are then in the Pipeline's input units
    n_steps : how many steps
    context : (n_context, n_outputs) observations whose last row is the last known value; a list
        gives a list of forecasts. None goes on where each training series ended, from y[-1]
    exog : (n_context + n_steps - 1, n_exog) known inputs, row j enters with observation j;
        (n_steps, n_exog) without context, its first row belongs to y[-1]
    initial_state : the state before the first context row; None is the model's own rule

    Returns
    -------
    (n_steps, n_outputs), or (n_steps,) where y was 1-D; without context one forecast per training
    series, in the container of X; a DataFrame, its index continued, for a model fitted on one

    Raises
    ------
    ValueError
        If the loop cannot close, or context and exog have the wrong shape.
    """
    estimator, pipeline = _final(model)
    if not isinstance(n_steps, Integral) or n_steps < 1:
        raise ValueError(f"n_steps must be an integer >= 1, got {n_steps!r}")
    estimator._check_closed(pipeline is not None)
    if context is None:
        return _continue(estimator, pipeline, int(n_steps), exog, initial_state)
    if is_series_list(context) or (isinstance(context, np.ndarray) and context.ndim == 3):
        known = [None] * len(context) if exog is None else exog
        if len(known) != len(context):
            raise ValueError(
                f"exog must hold one array per context, {len(context)}, got {len(known)}"
            )
        return [
            forecast(model, n_steps, context=c, exog=e, initial_state=initial_state)
            for c, e in zip(context, known, strict=True)
        ]
    observations = check_observations(estimator, context, "context")
    start = _warm_up(estimator, pipeline, observations, exog, int(n_steps), initial_state)
    values = _run(estimator, pipeline, start, int(n_steps))
    return framed(estimator, values, context.index if is_frame(context) else None)


def backtest(
    model: Any, series: Any, *, horizon: int, step: int, exog: Any = None
) -> tuple[Array, Array]:
    """Forecast from many origins along a series, without refitting.

    Origins are the rows step - 1, 2 step - 1, ... that have `horizon` rows after them; each
    forecast knows the series up to and including its origin.

    Parameters
    ----------
    model : as for `forecast`
    series : (n_rows, n_outputs) observations
    horizon : steps per forecast
    step : rows between origins
    exog : (n_rows, n_exog) known inputs, row j enters with observation j

    Returns
    -------
    truth, forecast : (n_origins, horizon, n_outputs) each

    Raises
    ------
    ValueError
        If the series is too short for one origin.
    """
    estimator, pipeline = _final(model)
    estimator._check_closed(pipeline is not None)
    for name, number in (("horizon", horizon), ("step", step)):
        if not isinstance(number, Integral) or number < 1:
            raise ValueError(f"{name} must be an integer >= 1, got {number!r}")
    observations = check_observations(estimator, series, "series")
    origins = range(step - 1, len(observations) - horizon, step)
    if not origins:
        raise ValueError(
            f"series must have at least step + horizon = {step + horizon} rows, got "
            f"{len(observations)}; lower step or horizon"
        )
    known = check_exog(estimator, pipeline, exog, len(observations), exact=False)
    rows = as_input(estimator, pipeline, observations, known)
    state, reached, found = estimator._start_states(None, 1)[0], 0, []
    for origin in origins:
        if origin > reached:
            _, state = estimator._drive(rows[reached:origin], state)
            reached = origin
        start = _Start(observations[origin], known[origin : origin + horizon], state)
        found.append(_run(estimator, pipeline, start, horizon))
    truth = np.stack([observations[o + 1 : o + 1 + horizon] for o in origins])
    return truth, np.stack(found)


def _final(model: Any) -> tuple[Any, Pipeline | None]:
    """Split a model into its regressor and the Pipeline in front of it, if any."""
    estimator, pipeline = model, None
    if not hasattr(model, "_free_run"):
        from sklearn.pipeline import Pipeline  # brings all scalers along

        if isinstance(model, Pipeline):
            estimator, pipeline = model.steps[-1][1], model
    if not hasattr(estimator, "_free_run"):
        raise TypeError(
            "forecast takes a regressor of this library or a Pipeline that ends in one, got "
            f"{type(estimator).__name__}"
        )
    if not hasattr(estimator, "loop_"):  # scikit-learn's check takes a tenth of a short forecast
        check_is_fitted(estimator)
    check_settings(estimator)  # set_params may have come after fit
    return estimator, pipeline


def check_observations(estimator: Any, values: Any, name: str) -> Array:
    """Return observations as (n_rows, n_outputs) float64, finite, at least one row.

    Raises
    ------
    ValueError
        For another width, NaN or no row.
    """
    array = check_array(values, ensure_2d=False, dtype=np.float64, input_name=name)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.shape[1] != estimator.n_outputs_:
        raise ValueError(
            f"{name} must hold observations only, (n_rows, {estimator.n_outputs_}), got shape "
            f"{array.shape}; pass exogenous inputs as exog"
        )
    return array


def check_exog(
    estimator: Any, pipeline: Any, exog: Any, n_rows: int, *, exact: bool = True
) -> Array:
    """Return exogenous rows as (n_rows, n_exog) float64.

    Parameters
    ----------
    estimator : a fitted regressor
    pipeline : the Pipeline it ends, or None; its input decides how many columns there are
    exog : as the user gave it
    n_rows : rows needed
    exact : refuse more rows than that

    Raises
    ------
    ValueError
        If exog is missing, superfluous, or of another shape.
    """
    steps = [estimator] if pipeline is None else [step for _, step in pipeline.steps]
    first = next(step for step in steps if step not in (None, "passthrough"))
    n_exog = first.n_features_in_ - estimator.n_outputs_
    if exog is None:
        if n_exog:
            raise ValueError(
                f"this model was fitted with {n_exog} exogenous input(s): pass exog with shape "
                f"({n_rows}, {n_exog}), got None"
            )
        return np.empty((n_rows, 0))
    array = check_array(exog, ensure_2d=False, dtype=np.float64, input_name="exog")
    array = array.reshape(-1, 1) if array.ndim == 1 else array
    if array.shape[1] != n_exog or len(array) < n_rows or (exact and len(array) != n_rows):
        raise ValueError(
            f"exog must have shape ({n_rows}, {n_exog}), one row per observation fed in "
            f"(n_context + n_steps - 1, or n_steps without context), got {array.shape}"
        )
    return array


def _warm_up(
    estimator: Any, pipeline: Any, observations: Array, exog: Any, n_steps: int, initial: Any
) -> _Start:
    n_before = len(observations) - 1
    known = check_exog(estimator, pipeline, exog, n_before + n_steps)
    state = estimator._start_states(initial, 1)[0]
    if n_before:
        rows = as_input(estimator, pipeline, observations[:-1], known[:n_before])
        _, state = estimator._drive(rows, state)
    return _Start(observations[-1], known[n_before:], state)


def _continue(estimator: Any, pipeline: Any, n_steps: int, exog: Any, initial: Any) -> Any:
    """Forecast on from the end of every training series."""
    layout = estimator.layout_
    if exog is not None and layout.many:
        parts = list(exog)
        if len(parts) != layout.n_series:
            raise ValueError(
                f"exog must hold one array per training series, {layout.n_series}, got {len(parts)}"
            )
    else:
        parts = [exog] * layout.n_series
    states = (
        estimator.last_states_
        if initial is None
        else estimator._start_states(initial, layout.n_series)
    )
    found = []
    for i, part in enumerate(parts):
        known = check_exog(estimator, pipeline, part, n_steps)
        start = _Start(estimator.last_observations_[i], known, states[i])
        found.append(_run(estimator, pipeline, start, n_steps))
    if not layout.many:
        return framed(estimator, found[0], layout.index, skip=1)
    if layout.kind == "frame":
        return framed_many(estimator, found)
    shaped = [flat(estimator, values) for values in found]
    return np.stack(shaped) if layout.kind == "stack" else shaped


def _run(estimator: Any, pipeline: Any, start: _Start, n_steps: int) -> Array:
    """Run one closed loop, compiled where the Pipeline folds into an affine map."""
    folded = fold(estimator, pipeline, start.exog)
    if folded is not None:
        values = estimator._free_run(start.observation, *folded, start.state)
    else:
        values = np.full((n_steps, estimator.n_outputs_), np.nan)
        observation = start.observation
        with estimator._stepping(start.state) as step:
            for t in range(n_steps):
                row = transform_rows(pipeline, np.hstack([observation, start.exog[t]])[None])
                values[t] = observation = step(row[0])
                if not np.abs(observation).max() < DIVERGED * estimator.target_size_:
                    break
    return _checked(estimator, values)


def _checked(estimator: Any, values: Array) -> Array:
    """Put NaN from the first row on that is not finite or a million times the training data."""
    bound = DIVERGED * estimator.target_size_
    if np.abs(values).max() < bound:
        return values
    step = int(np.argmin((np.abs(values) < bound).all(axis=1)))
    warnings.warn(
        f"the forecast diverged at step {step} of {len(values)}; rows from there on are NaN. "
        "Raise alpha (ESN), train longer, or check that X and y come from next_step",
        ForecastDivergedWarning,
        stacklevel=4,
    )
    values = values.copy()
    values[step:] = np.nan
    return values
