"""Forecasting in a closed loop: one implementation for every regressor of the library.

    X[t] = [s[t], F[t]],  y[t] = s[t+1]

The first n_outputs columns of X are the observation, the rest exogenous inputs. In a forecast the
prediction becomes the next observation. `reservoirs.loop` finds and checks that correspondence.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from reservoirs.loop import DIVERGED, as_input, fold, transform_rows
from reservoirs.sequences import Array, flatten, future_index, is_frame, is_series_list, restore


class ForecastDivergedWarning(UserWarning):
    """A closed-loop forecast left every bound; the rows from there on are NaN."""


def next_step(series: Any, exog: Any = None) -> tuple[Any, Any]:
    """Build inputs and targets of one-step prediction: X[t] = [s[t], exog[t]], y[t] = s[t+1].

    Parameters
    ----------
    series : (n_steps,), (n_steps, n_outputs), a DataFrame, a 3-D array or a list of 2-D arrays
    exog : known inputs in the same container, each at least n_steps - 1 rows: row j enters with
        s[j]; later rows belong to the future and are left out

    Returns
    -------
    X : (n_steps - 1, n_outputs + n_exog)
    y : (n_steps - 1,) where the series is 1-D, else (n_steps - 1, n_outputs)

    Raises
    ------
    ValueError
        If a series has fewer than two rows, or exog fewer than n_steps - 1.
    """
    if is_series_list(series) or (isinstance(series, np.ndarray) and series.ndim == 3):
        parts = [None] * len(series) if exog is None else list(exog)
        if len(parts) != len(series):
            raise ValueError(f"exog must hold one array per series, {len(series)}, got {len(parts)}")
        pairs = [next_step(s, e) for s, e in zip(series, parts, strict=True)]
        inputs, targets = [p[0] for p in pairs], [p[1] for p in pairs]
        stacked = isinstance(series, np.ndarray)
        return (np.stack(inputs), np.stack(targets)) if stacked else (inputs, targets)
    values = np.asarray(series)
    if values.ndim not in (1, 2) or len(values) < 2:
        raise ValueError(
            "series must be (n_steps,) or (n_steps, n_outputs) with at least 2 steps, "
            f"got shape {values.shape}"
        )
    n = len(values) - 1
    columns = [values[:n].reshape(n, -1)]
    if exog is not None:
        known = np.asarray(exog)
        known = known.reshape(len(known), -1)
        if len(known) < n:
            raise ValueError(
                f"exog needs at least n_steps - 1 = {n} rows, one for each row of X, "
                f"got {len(known)}; extend exog or shorten the series"
            )
        columns.append(known[:n])
    if is_frame(series) and exog is None:
        return (series.iloc[:n].to_frame() if values.ndim == 1 else series.iloc[:n]), series.iloc[1:]
    return np.hstack(columns), values[1:]


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
            raise ValueError(f"exog must hold one array per context, {len(context)}, got {len(known)}")
        return [
            forecast(model, n_steps, context=c, exog=e, initial_state=initial_state)
            for c, e in zip(context, known, strict=True)
        ]
    observations = check_observations(estimator, context, "context")
    start = _warm_up(estimator, pipeline, observations, exog, int(n_steps), initial_state)
    values = _run(estimator, pipeline, start, int(n_steps))
    return _framed(estimator, values, context.index if is_frame(context) else None)


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
    known = check_exog(estimator, exog, len(observations), exact=False)
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
    pipeline = model if isinstance(model, Pipeline) else None
    estimator = model.steps[-1][1] if pipeline is not None else model
    if not isinstance(estimator, ForecastMixin):
        raise TypeError(
            "forecast takes a regressor of this library or a Pipeline that ends in one, got "
            f"{type(estimator).__name__}"
        )
    check_is_fitted(estimator)
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


def check_exog(estimator: Any, exog: Any, n_rows: int, *, exact: bool = True) -> Array:
    """Return exogenous rows as (n_rows, n_exog) float64.

    Raises
    ------
    ValueError
        If exog is missing, superfluous, or of another shape.
    """
    n_exog = estimator.n_exog_
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
    known = check_exog(estimator, exog, n_before + n_steps)
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
        known = check_exog(estimator, part, n_steps)
        start = _Start(estimator.last_observations_[i], known, states[i])
        found.append(_run(estimator, pipeline, start, n_steps))
    if not layout.many:
        return _framed(estimator, found[0], layout.index)
    if layout.kind == "frame":
        return _framed_many(estimator, found)
    shaped = [_flat(estimator, values) for values in found]
    return np.stack(shaped) if layout.kind == "stack" else shaped


def _run(estimator: Any, pipeline: Any, start: _Start, n_steps: int) -> Array:
    """Run one closed loop, compiled where the Pipeline folds into an affine map."""
    folded = fold(estimator, pipeline, start.exog)
    if folded is not None:
        values = estimator._free_run(start.observation, *folded, start.state)
    else:
        values = np.full((n_steps, estimator.n_outputs_), np.nan)
        observation, state = start.observation, start.state
        for t in range(n_steps):
            row = transform_rows(pipeline, np.hstack([observation, start.exog[t]])[None])
            prediction, state = estimator._drive(row, state)
            values[t] = observation = prediction[0]
            if not np.abs(observation).max() < DIVERGED * estimator.target_size_:
                break
    return _checked(estimator, values)


def _checked(estimator: Any, values: Array) -> Array:
    """Put NaN from the first row on that is not finite or a million times the training data."""
    good = (np.abs(values) < DIVERGED * estimator.target_size_).all(axis=1)
    if good.all():
        return values
    step = int(np.argmin(good))
    warnings.warn(
        f"the forecast diverged at step {step} of {len(values)}; rows from there on are NaN. "
        "Raise alpha (ESN), train longer, or check that X and y come from next_step",
        ForecastDivergedWarning,
        stacklevel=4,
    )
    values = values.copy()
    values[step:] = np.nan
    return values


def _flat(estimator: Any, values: Array) -> Array:
    return values[:, 0] if estimator.flat_targets_ else values


def _framed(estimator: Any, values: Array, index: Any) -> Any:
    if index is None:
        return _flat(estimator, values)
    import pandas as pd

    names = estimator.output_names_ or list(range(values.shape[1]))
    return pd.DataFrame(values, index=future_index(index, len(values)), columns=names)


def _framed_many(estimator: Any, found: list[Array]) -> Any:
    import pandas as pd

    index, frames = estimator.layout_.index, {}
    for span, values in zip(estimator.layout_.slices(), found, strict=True):
        frames[index[span.start][0]] = _framed(estimator, values, index[span].droplevel(0))
    return pd.concat(frames, names=index.names[:1])


class ForecastMixin:
    """`forecast` and `backtest` as methods, and what a regressor keeps to support them.

    A regressor provides `_start_states(initial_state, n_series)`, `_drive(rows, state)` and
    `_free_run(observation, exog, loop, state)`, and calls `loop.remember` at the end of `fit`.
    """

    def forecast(
        self, n_steps: int, *, context: Any = None, exog: Any = None, initial_state: Any = None
    ) -> Any:
        """Forecast in a closed loop; see `reservoirs.forecast` for the arguments and the rules."""
        return forecast(self, n_steps, context=context, exog=exog, initial_state=initial_state)

    def backtest(
        self, series: Any, *, horizon: int, step: int, exog: Any = None
    ) -> tuple[Array, Array]:
        """Forecast from many origins without refitting; see `reservoirs.backtest`."""
        return backtest(self, series, horizon=horizon, step=step, exog=exog)

    def score(
        self, X: Any, y: Any, sample_weight: Any = None, *, series_id: Any = None
    ) -> float:
        """Return R^2 of the predictions, over all rows of all series.

        Parameters
        ----------
        X : any container of series
        y : targets, as in `fit`
        sample_weight : (n_rows,) weights, or None
        series_id : (n_rows,) ids of a 2-D X
        """
        from sklearn.metrics import r2_score

        from reservoirs.sequences import check_targets

        _, layout = flatten(X, series_id)
        targets = check_targets(self, y, layout).rows
        predicted = self.predict(X, series_id=series_id)  # type: ignore[attr-defined] # a mixin
        if isinstance(predicted, list):
            predicted = np.concatenate(predicted)
        return float(
            r2_score(targets, np.reshape(predicted, targets.shape), sample_weight=sample_weight)
        )

    def _check_closed(self, piped: bool) -> None:
        if self.target_kind_ == "per_series":  # type: ignore[attr-defined] # set by fit
            raise ValueError(
                "forecast needs targets per step, but this model was fitted with one target per "
                "series; build X and y with next_step(series)"
            )
        if self.loop_ is None and not piped:  # type: ignore[attr-defined] # set by fit
            raise ValueError(
                "the loop cannot close: forecast needs y[t] to be the observation X[t+1, "
                ":n_outputs] (up to a scale and a shift per column), and the data of fit are not "
                "built so; use X, y = next_step(series, exog)"
            )


def shaped_prediction(estimator: Any, values: Array, layout: Any) -> Any:
    """Return per-step or per-series predictions in the shape and container that y came in.

    Parameters
    ----------
    estimator : a fitted regressor
    values : (n_rows, n_outputs) or (n_series, n_outputs)
    layout : of the X predicted from
    """
    flat = _flat(estimator, values)
    return restore(flat, layout) if estimator.target_kind_ == "per_step" else flat
