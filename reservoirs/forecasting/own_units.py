"""Targets in the units of their own series, behind a scaler of each series by itself."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from reservoirs.estimators.units import units_of
from reservoirs.forecasting.levels import in_container_of, transformed_targets
from reservoirs.sequences import Array, Layout, SeriesLike, flatten, members_of, unmask

TOLERANCE = 1e-9  # of a scaled observation


class InOwnUnits(Protocol):
    """A regressor that may learn targets in the units of their series.

    Attributes
    ----------
    own_units_ : bool
        Whether it did.
    transformed_target_ : bool
        Whether it learned what the steps before it made of the next observation.
    """

    own_units_: bool
    transformed_target_: bool


def scale_targets(
    model: InOwnUnits,
    X: SeriesLike,
    y: SeriesLike,
    series_id: SeriesLike = None,
    *,
    resumed: bool = False,
) -> SeriesLike:
    """Return y scaled as its series in X are, where y is the next observation; store whether.

    X is perhaps from a `SequenceScaler` with `per_series`. Behind `Log` and `Difference` what they
    made of y is returned. The `own_units_` of the model is set, or
    deleted. The targets stay in the container they came in.

    Raises
    ------
    ValueError
        If training goes on with targets in other units than before.
    """
    before = vars(model).pop("own_units_", False)
    vars(model).pop("transformed_target_", None)
    learned = transformed_targets(model, X, y, series_id)
    if learned is not None:
        model.transformed_target_ = True
        return learned
    y = _scaled(model, X, y, series_id)
    if resumed and before != getattr(model, "own_units_", False):
        raise ValueError(
            "training cannot go on: targets were in the units of each series, or are now; pass X "
            "and y through the same SequenceScaler(per_series=True) in every call, or in none"
        )
    return y


def _scaled(model: InOwnUnits, X: SeriesLike, y: SeriesLike, series_id: SeriesLike) -> SeriesLike:
    units = units_of(X)
    if units is None or y is None:
        return y
    raw, layout = flatten(X, series_id)
    inputs, members = np.asarray(raw, dtype=np.float64), members_of(y)
    if not units.are_of(inputs, layout):
        return y
    listed = members is not None and layout.kind == "list"
    try:  # what is of another shape, or text, `fit` refuses itself
        flat = (
            np.concatenate([np.asarray(m) for m in members or []])
            if listed
            else np.asarray(unmask(y))
        )
        values = flat.astype(np.float64).reshape(len(inputs), -1)
    except (TypeError, ValueError):
        return y
    k = values.shape[1]
    mean, scale = units.by_row(k)
    if k > inputs.shape[1]:
        return y
    z = (values - mean) / scale
    follows = np.ones(len(z), dtype=bool)
    follows[layout.starts()] = False
    before = z[np.flatnonzero(follows) - 1]
    off = np.abs(before - inputs[follows, :k]) > TOLERANCE * (1.0 + np.abs(before))
    if off.any():
        return y
    model.own_units_ = True
    return in_container_of(y, z, layout)


def unscale(model: object, values: Array, X: SeriesLike, layout: Layout) -> Array:
    """Return predictions of rows in the units of their series.

    Predictions are (n_rows, n_outputs) of all series; they stay as they are if the model learned no
    units of single series.

    Raises
    ------
    ValueError
        If X does not carry its units.
    """
    if not getattr(model, "own_units_", False):
        return values
    units = units_of(X)
    if units is None or not units.are_of(np.asarray(flatten(X)[0], dtype=np.float64), layout):
        raise ValueError(
            "this model was fitted behind SequenceScaler(per_series=True) and predicts every "
            "series in units of its own, which X does not carry: predict with the whole Pipeline"
        )
    mean, scale = units.by_row(values.shape[1])
    scaled: Array = values * scale + mean
    return scaled


def refuse_transformed(model: object) -> None:
    """Refuse to predict rows whose levels are not known.

    Raises
    ------
    ValueError
        If the model learned what `Log` or `Difference` made of its targets.
    """
    if getattr(model, "transformed_target_", False):
        raise ValueError(
            "this model learned what Log or Difference made of the next observation, and the rows "
            "that reach it do not tell the levels to go back to: take "
            "reservoirs.forecast(pipeline, n), or reservoirs.backtest(pipeline, series, horizon=1, "
            "step=1) for one step from many rows"
        )
