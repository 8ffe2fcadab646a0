"""Observations and exogenous inputs of a forecast, checked and made the rows that a model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils import check_array

from reservoirs.forecasting.loop import Loop
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.scaling import SequenceScaler
from reservoirs.sequences import Array, SeriesLike, load_pandas

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


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
