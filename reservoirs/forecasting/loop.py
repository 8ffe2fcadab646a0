"""How predictions become inputs again: the affine map of a closed loop, and Pipelines around it."""

from __future__ import annotations

from typing import Any

import numpy as np

from reservoirs.scaling import SequenceScaler
from reservoirs.sequences import Array, Layout, is_frame
from reservoirs.targets import Targets

Loop = tuple[Array, Array]
DIVERGED = 1e6  # a forecast this many times larger than the training targets has diverged
TOLERANCE = 1e-6  # of the input's standard deviation; float32 data reach 1e-7


def find_loop(rows: Array, targets: Targets, layout: Layout) -> Loop | None:
    """Find scale and shift with X[t+1, :n_outputs] = scale y[t] + shift, or None.

    Parameters
    ----------
    rows : (n_rows, n_features) inputs
    targets : per step
    layout : of the rows

    Returns
    -------
    scale, shift : (n_outputs,) each, exactly 1 and 0 where y is the next input itself
    """
    n_outputs = targets.rows.shape[1]
    if targets.kind == "per_series" or rows.shape[1] < n_outputs:
        return None
    inner = np.ones(len(rows), dtype=bool)
    inner[layout.starts()] = False  # rows with a row before them in the same series
    after = rows[inner, :n_outputs]
    before = targets.rows[np.flatnonzero(inner) - 1]
    if len(after) < 2:
        return None
    pairs = [_affine(y, x) for y, x in zip(before.T, after.T, strict=True)]
    if any(pair is None for pair in pairs):
        return None
    scale, shift = np.array(pairs, dtype=np.float64).T
    return scale, shift


def _affine(y: Array, x: Array) -> tuple[float, float] | None:
    """Return the scale and shift from y to x, None where no affine map fits."""
    if np.array_equal(x, y):
        return 1.0, 0.0
    centre = y.mean()
    spread = y - centre
    square = spread @ spread
    if square <= 0 or np.ptp(x) == 0:
        return (1.0, float(x[0] - y[0])) if square <= 0 and np.ptp(x) == 0 else None
    scale = float(spread @ (x - x.mean()) / square)
    shift = float(x.mean() - scale * centre)
    off = np.abs(x - scale * y - shift).max()
    return (scale, shift) if off <= TOLERANCE * x.std() else None


def transform_rows(pipeline: Any, rows: Array) -> Array:
    """Send raw rows (n, n_features) through all steps of a Pipeline but the last."""
    names = getattr(pipeline, "feature_names_in_", None)
    data: Any = rows
    if names is not None:
        import pandas as pd

        data = pd.DataFrame(rows, columns=names)
    return np.asarray(pipeline[:-1].transform(data), dtype=np.float64)


def as_input(estimator: Any, pipeline: Any, observations: Array, exog: Array) -> Array:
    """Build the rows that enter the estimator from observations and exogenous inputs.

    Parameters
    ----------
    estimator : a fitted regressor
    pipeline : the Pipeline it ends, or None
    observations : (n, n_outputs), in the units of y
    exog : at least n rows, (n, n_exog)
    """
    known = exog[: len(observations)]
    if pipeline is not None:
        return transform_rows(pipeline, np.hstack([observations, known]))
    scale, shift = estimator.loop_
    return np.hstack([observations * scale + shift, known])


def fold(estimator: Any, pipeline: Any, exog: Array) -> tuple[Array, Loop] | None:
    """Fold a Pipeline of scalers into the compiled loop.

    Parameters
    ----------
    estimator : a fitted regressor
    pipeline : the Pipeline it ends, or None
    exog : (n_steps, n_exog), raw

    Returns
    -------
    The exogenous columns as the estimator wants them and the loop's affine map; None where a
    step is not an affine map per column, so that every row must go through the Pipeline.
    """
    loop = estimator.loop_
    if pipeline is None:
        return exog, loop
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

    affine = (MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, SequenceScaler)
    steps = [step for _, step in pipeline.steps[:-1] if step not in (None, "passthrough")]
    clipped = any(getattr(step, "clip", False) for step in steps)
    if loop is None or clipped or not all(isinstance(step, affine) for step in steps):
        return None
    n_outputs = estimator.n_outputs_
    raw = np.hstack([np.zeros((len(exog), n_outputs)), exog])
    return transform_rows(pipeline, raw)[:, n_outputs:], loop


def check_outputs(estimator: Any, targets: Targets) -> None:
    """Check that one more chunk has the outputs of the chunks before.

    Parameters
    ----------
    estimator : partly fitted
    targets : of the chunk

    Raises
    ------
    ValueError
        For another number of outputs, or targets per series after targets per step.
    """
    found = targets.rows.shape[1], targets.kind
    before = estimator.n_outputs_, getattr(estimator, "target_kind_", targets.kind)
    if found != before:
        raise ValueError(
            "y has {} outputs {}, earlier chunks had {} {}; pass the same in each chunk, or fit a "
            "new model".format(*found, *before)
        )


def remember(estimator: Any, rows: Array, layout: Layout, targets: Targets, y: Any) -> None:
    """Store what forecasts need: the loop, the last observations, names and sizes.

    Parameters
    ----------
    estimator : being fitted
    rows, layout, targets : checked data
    y : targets as they came, for their names
    """
    estimator.target_kind_ = targets.kind
    estimator.flat_targets_ = targets.flat
    estimator.n_outputs_ = targets.rows.shape[1]
    estimator.loop_ = find_loop(rows, targets, layout)
    estimator.target_size_ = float(np.abs(targets.rows).max()) or 1.0
    deviation = targets.rows.std(axis=0)
    estimator.target_deviation_ = np.where(deviation > 0, deviation, 1.0)
    estimator.output_names_ = _names(y)
    estimator.layout_ = layout
    if targets.kind == "per_step":
        ends = np.cumsum(layout.lengths) - 1
        estimator.last_observations_ = targets.rows[ends].copy()


def _names(y: Any) -> list[Any] | None:
    if not is_frame(y):
        return None
    return list(y.columns) if hasattr(y, "columns") else [y.name if y.name is not None else 0]
