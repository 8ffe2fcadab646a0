"""Where closed loops start: observations, exogenous inputs and states, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils import check_array

from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.sequences import Array, InitialState, SeriesLike, holds_many_series

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class Start:
    """Where one closed loop starts.

    Attributes
    ----------
    observations : array of shape (n_context, n_outputs)
        Observations in the units of y. The last enters the loop first, the ones before it only
        drive the state there.
    exog : array of shape (n_context + n_steps - 1, n_exog)
        Exogenous inputs, row j enters with observation j.
    state : array
        The state before the first observation.
    """

    observations: Array
    exog: Array
    state: Array


def find_starts(
    estimator: ClosedLoopModel,
    pipeline: Pipeline | None,
    n_steps: int,
    *,
    context: SeriesLike,
    exog: SeriesLike,
    initial_state: InitialState,
) -> list[Start]:
    """Return one start per forecast.

    Parameters
    ----------
    estimator : ClosedLoopModel
        The regressor.
    pipeline : Pipeline or None
        The Pipeline around it.
    n_steps : int
        Steps of each forecast.
    context, exog : array-like, list of arrays or None
        As `forecast` takes them.
    initial_state : array-like, str or None
        State before the first observation; None takes the last state of training without a
        context, and the model's own rule with one.

    Returns
    -------
    list of Start
        One per context; without context one per training series.

    Raises
    ------
    ValueError
        If context and exog have the wrong shape, or not the same number of series.
    """
    n_exog, n_outputs = count_exog(estimator, pipeline), estimator.training_end_.n_outputs
    if context is None:
        return _training_ends(estimator, n_steps, n_exog, exog, initial_state)
    if holds_many_series(context):
        contexts, exog_per_context = list(context), _one_each(exog, len(context), "context")
    else:
        contexts, exog_per_context = [context], [exog]
    starts = []
    for values, inputs in zip(contexts, exog_per_context, strict=True):
        observations = check_observations(values, n_outputs, "context")
        rows = check_exog(inputs, len(observations) - 1 + n_steps, n_exog)
        state = estimator._start_states(initial_state, 1)[0]
        starts.append(Start(observations, rows, state))
    return starts


def _training_ends(
    estimator: ClosedLoopModel,
    n_steps: int,
    n_exog: int,
    exog: SeriesLike,
    initial_state: InitialState,
) -> list[Start]:
    """Return the ends of the training series as starts."""
    end = estimator.training_end_
    layout, observations = end.layout, end.last_observations
    assert observations is not None  # `check_loop` refused targets per series
    exog_per_series = _one_each(exog, layout.n_series, "training series") if layout.many else [exog]
    # the last state has seen all rows of X but not y[-1], which enters first
    states = estimator.last_states_
    if initial_state is not None:
        states = estimator._start_states(initial_state, layout.n_series)
    return [
        Start(observation[None], check_exog(inputs, n_steps, n_exog), state)
        for observation, inputs, state in zip(observations, exog_per_series, states, strict=True)
    ]


def _one_each(exog: SeriesLike, n_series: int, what: str) -> list[SeriesLike]:
    """Return the exogenous inputs of each series."""
    if exog is None:
        return [None] * n_series
    inputs = list(exog)
    if len(inputs) != n_series:
        raise ValueError(f"exog must hold one array per {what}, {n_series}, got {len(inputs)}")
    return inputs


def check_observations(values: SeriesLike, n_outputs: int, name: str) -> Array:
    """Return observations as a finite float64 array.

    Parameters
    ----------
    values : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Observations.
    n_outputs : int
        Number of outputs of the model.
    name : str
        What to call them in an error.

    Returns
    -------
    array of shape (n_rows, n_outputs)
        The observations, at least one row.

    Raises
    ------
    ValueError
        For another width, NaN or no row.
    """
    array = check_array(values, ensure_2d=False, dtype=np.float64, input_name=name)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.shape[1] != n_outputs:
        raise ValueError(
            f"{name} must hold observations only, (n_rows, {n_outputs}), got shape "
            f"{array.shape}; pass exogenous inputs as exog"
        )
    return array


def check_exog(exog: SeriesLike, n_rows: int, n_exog: int, *, exact: bool = True) -> Array:
    """Return exogenous inputs as a finite float64 array.

    Parameters
    ----------
    exog : array-like of shape (n_rows,) or (n_rows, n_exog), or None
        Exogenous inputs as they were passed.
    n_rows : int
        Rows needed.
    n_exog : int
        Columns needed.
    exact : bool, default=True
        Refuse more rows than those needed.

    Returns
    -------
    array of shape (n_rows, n_exog)
        The inputs; no column where the model takes none.

    Raises
    ------
    ValueError
        If exog is missing, superfluous, or of another shape.
    """
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


def count_exog(estimator: ClosedLoopModel, pipeline: Pipeline | None) -> int:
    """Return the number of exogenous inputs that the first step of a model takes.

    Parameters
    ----------
    estimator : ClosedLoopModel
        The regressor.
    pipeline : Pipeline or None
        The Pipeline around it.

    Returns
    -------
    int
        The inputs after the observation.
    """
    n_inputs = estimator.n_features_in_
    if pipeline is not None:
        steps = [step for _, step in pipeline.steps]
        first = next(step for step in steps if step not in (None, "passthrough"))
        n_inputs = first.n_features_in_
    return n_inputs - estimator.training_end_.n_outputs
