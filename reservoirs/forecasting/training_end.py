"""The end of the training series: all that a forecast needs to know of the data of `fit`."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reservoirs.forecasting.loop import Loop
from reservoirs.sequences import Array, Layout, SeriesLike, is_frame
from reservoirs.targets import TargetKind, Targets


@dataclass(frozen=True)
class TrainingEnd:
    """Where the training series ended, made by `fit` and read by forecasts, backtests and scorers.

    Attributes
    ----------
    loop : tuple of two arrays of shape (n_outputs,), or None
        Scale and shift with X[t+1, :n_outputs] = scale y[t] + shift; None where no such map fits.
    last_observations : array of shape (n_series, n_outputs) or None
        The last target of each series, from which a forecast goes on; None with targets per series.
    layout : Layout
        The container and the series of X, and the labels of its rows.
    output_names : list or None
        Columns of y, where it was a DataFrame or a Series.
    flat_targets : bool
        Whether y was 1-D, so that forecasts are too.
    target_size : float
        The largest absolute target; 1 where all are zero.
    target_deviation : array of shape (n_outputs,)
        Standard deviation of each target; 1 where it is constant.
    """

    loop: Loop | None
    last_observations: Array | None
    layout: Layout
    output_names: list[Hashable] | None
    flat_targets: bool
    target_size: float
    target_deviation: Array

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.target_deviation)

    @property
    def target_kind(self) -> TargetKind:
        """Whether there was a target per step or per series."""
        return "per_series" if self.last_observations is None else "per_step"


def record_training_end(
    targets: Targets, layout: Layout, y: SeriesLike, *, loop: Loop | None
) -> TrainingEnd:
    """Record what forecasts need to know of the training data.

    Parameters
    ----------
    targets : Targets
        Checked targets.
    layout : Layout
        Layout of X.
    y : array-like or DataFrame
        The targets as they were passed to `fit`, for their names.
    loop : tuple of two arrays of shape (n_outputs,), or None
        The map from a target to the next input, from `find_loop`.

    Returns
    -------
    TrainingEnd
        The record.
    """
    deviation = targets.rows.std(axis=0)
    last_rows = np.cumsum(layout.lengths) - 1
    # 1 in place of zero: errors are divided by the deviation, and a limit is a multiple of the size
    return TrainingEnd(
        loop=loop,
        last_observations=targets.rows[last_rows].copy() if targets.kind == "per_step" else None,
        layout=layout,
        output_names=_output_names(y),
        flat_targets=targets.flat,
        target_size=float(np.abs(targets.rows).max()) or 1.0,
        target_deviation=np.where(deviation > 0, deviation, 1.0),
    )


def _output_names(y: SeriesLike) -> list[Hashable] | None:
    if not is_frame(y):
        return None
    return list(y.columns) if hasattr(y, "columns") else [y.name if y.name is not None else 0]


def check_outputs(targets: Targets, earlier: TrainingEnd) -> None:
    """Check that one more chunk has the outputs of the chunks before.

    Parameters
    ----------
    targets : Targets
        Targets of the chunk.
    earlier : TrainingEnd
        The end of the chunk before.

    Raises
    ------
    ValueError
        For another number of outputs, or targets per series after targets per step.
    """
    outputs = targets.rows.shape[1], targets.kind
    expected = earlier.n_outputs, earlier.target_kind
    if outputs != expected:
        raise ValueError(
            "y has {} outputs {}, earlier chunks had {} {}; pass the same in each chunk, or fit a "
            "new model".format(*outputs, *expected)
        )


def check_loop(end: TrainingEnd, *, piped: bool) -> None:
    """Check that a model can forecast.

    Parameters
    ----------
    end : TrainingEnd
        The end of its training series.
    piped : bool
        Whether a Pipeline stands before the model, so that its inputs may be any function of the
        observations.

    Raises
    ------
    ValueError
        If the model has targets per series, or its targets are not the next inputs.
    """
    if end.target_kind == "per_series":
        raise ValueError(
            "forecast needs targets per step, but this model was fitted with one target per "
            "series; build X and y with next_step(series)"
        )
    if end.loop is None and not piped:
        raise ValueError(
            "the loop cannot close: forecast needs y[t] to be the observation X[t+1, "
            ":n_outputs] (up to a scale and a shift per column), and the data of fit are not "
            "built so; use X, y = next_step(series, exog)"
        )


def upgrade_state(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a regressor with one `training_end_` for the nine of 0.1.0.

    Parameters
    ----------
    attributes : dict
        The attributes of a regressor by name, as they stand in a file.

    Returns
    -------
    dict
        The attributes as `fit` sets them now.
    """
    if "n_outputs_" not in attributes:
        return attributes
    state = dict(attributes)
    n_outputs = state.pop("n_outputs_")
    # a stream of one row had its number of outputs and none of the others
    per_step = state.get("target_kind_", "per_step") == "per_step"
    observations = state.pop("last_observations_", np.empty((0, n_outputs)))
    state["training_end_"] = TrainingEnd(
        loop=state.pop("loop_", None),
        last_observations=observations if per_step else None,
        layout=state.pop("layout_", Layout("single", (0,))),
        output_names=state.pop("output_names_", None),
        flat_targets=state.pop("flat_targets_", False),
        target_size=state.pop("target_size_", 1.0),
        target_deviation=state.pop("target_deviation_", np.ones(n_outputs)),
    )
    return state
