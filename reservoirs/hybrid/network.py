"""The part of a hybrid forecaster that learns: which may be, what of the model enters its units."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone

from reservoirs.esn import ESNRegressor
from reservoirs.forecasting import CLOSED_LOOP
from reservoirs.forecasting.nodes import is_affine
from reservoirs.local import LocalForecaster
from reservoirs.local.features import draw_reservoir
from reservoirs.local.reservoirs import default_estimator, reservoir_seed
from reservoirs.sequences import Array
from reservoirs.topology import Sparse

WANTED = (
    "estimator must be an ESNRegressor, a Pipeline of scalers that ends in one, or a "
    "LocalForecaster, got {}; estimator=None is ESNRegressor()"
)
Learner = ESNRegressor | LocalForecaster


def split_steps(estimator: object) -> tuple[list[Any], Learner]:
    """Return the scalers of an estimator, in order, and what learns behind them.

    Raises
    ------
    TypeError
        If there is no network at the end.
    ValueError
        If a step before it does more than scale every column.
    """
    steps = [("", estimator)]
    # by name: `import reservoirs` loads no pipelines
    if "Pipeline" in {cls.__name__ for cls in type(estimator).__mro__}:
        given = estimator.steps  # type: ignore[attr-defined]
        steps = [(name, step) for name, step in given if step not in (None, "passthrough")]
    *before, (_, network) = steps
    if isinstance(network, LocalForecaster) and not before:
        return [], network
    if not isinstance(network, ESNRegressor):
        raise TypeError(WANTED.format(type(network).__name__))
    for name, step in before:
        if not is_affine(step) or getattr(step, "per_series", False):
            raise ValueError(
                f"step {name!r} of estimator, a {type(step).__name__}, does more than scale every "
                "column by the same numbers in all series: what the model returns would not be in "
                "the units of the rows; take SequenceScaler() or a scaler of scikit-learn"
            )
    return [step for _, step in before], network


def scaled(steps: list[Any], rows: Array) -> Array:
    """Return rows as scalers make them, without what each row of a loop would pay for checks."""
    for step in steps:
        if hasattr(step, "min_"):  # MinMaxScaler
            rows = rows * step.scale_ + step.min_
            continue
        centre = step.center_ if hasattr(step, "center_") else getattr(step, "mean_", None)
        if centre is not None and getattr(step, "with_mean", True):
            rows = rows - centre
        rows = rows if step.scale_ is None else rows / step.scale_
    return rows


def new_estimator(
    estimator: BaseEstimator | None,
    n_inputs: int,
    n_model: int,
    *,
    model_in: str,
    interval_origins: int | None,
) -> BaseEstimator:
    """Return an unfitted copy whose network reads n_inputs and then n_model columns.

    With model_in="readout" the last ones enter no unit.

    Raises
    ------
    TypeError
        If it is none that a hybrid forecaster takes.
    ValueError
        If its readout does not read its inputs, or its penalty is chosen by loops.
    """
    copied = clone(ESNRegressor() if estimator is None else estimator)
    _, network = split_steps(copied)
    if isinstance(network, LocalForecaster):
        return field_forecaster(network, n_inputs, n_model, model_in)
    assert isinstance(network, ESNRegressor)  # as `split_steps` found it
    if network.readout_features == "state":
        raise ValueError(
            "the readout of estimator must read what the model returns, got readout_features="
            "'state'; take 'state+input' or 'state+input+squares'"
        )
    if isinstance(network.alpha, str):
        raise ValueError(
            f"alpha={CLOSED_LOOP!r} would run the loops of estimator along what the model makes of "
            "the true rows; give a number or a grid, or search estimator__alpha by "
            "model_selection.forecast_scorer()"
        )
    network.interval_origins = interval_origins
    if model_in == "readout":
        network.input_scaling = without_model(network.input_scaling, n_inputs, n_model)
    return copied


def field_forecaster(
    local: LocalForecaster, n_inputs: int, n_model: int, model_in: str
) -> LocalForecaster:
    """Let the windows of a local forecaster hold what a model makes of them, beside the field.

    It is fitted on [u; M(u)] and predicts both; the model's own columns take the place of what is
    predicted of them.

    Raises
    ------
    ValueError
        If the model does not return the whole field, or a penalty is chosen by loops.
    """
    if n_model != n_inputs:
        raise ValueError(
            f"model must return the {n_inputs} columns of the next field for a LocalForecaster, "
            f"got {n_model}; exogenous inputs are not taken"
        )
    grid = local._grid(n_inputs, local.grid_shape)
    beside = np.where(grid.inputs < 0, grid.inputs, grid.inputs + n_inputs)
    local.patch = np.hstack([grid.outputs, grid.outputs + n_inputs])
    local.halo = np.hstack([grid.inputs, beside])
    network = local.estimator
    if network is None:
        network = default_estimator(local.random_state)
    if model_in == "readout" and isinstance(network, ESNRegressor):
        # drawn for the window of the field, where fan_in has its meaning
        drawn = draw_reservoir(network, grid, local.fan_in, reservoir_seed(network)).reservoir
        network = clone(network)
        n_window = beside.shape[1]
        network.input_scaling = without_model(drawn.input_weights_, n_window, n_window)
    local.estimator = network
    return local


def without_model(scaling: ArrayLike | Sparse, n_inputs: int, n_model: int) -> Array:
    """Return an `input_scaling` by which n_model more columns enter no unit."""
    setting: Any = scaling
    sizes = np.asarray(setting.toarray() if issparse(setting) else setting, dtype=np.float64)
    if not sizes.ndim:
        sizes = np.repeat(sizes, n_inputs)
    widened: Array = np.concatenate([sizes, np.zeros((*sizes.shape[:-1], n_model))], axis=-1)
    return widened
