"""The end of the training series: all that a forecast needs to know of the data of `fit`."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reservoirs.estimators.units import measure
from reservoirs.forecasting.loop import Loop
from reservoirs.forecasting.tails import BUILT_ALIGN, mark_of, training_tails
from reservoirs.labels import advance, find_tail, is_frame, load_pandas
from reservoirs.sequences import Array, Layout, SeriesLike, members_of
from reservoirs.targets import TargetKind, Targets

if TYPE_CHECKING:
    import pandas as pd

CANNOT_CLOSE = (
    "the loop cannot close: forecast needs y[t] to be the observation X[t+1, :n_outputs] (up to a "
    "scale and a shift per column), and the data of fit are not built so, or were shuffled; use "
    "X, y = next_step(series, exog), and RollingOriginSplit to divide them for a cross-validation"
)
PAIRS = 4, 32  # at least and at most, about 4 kB of them


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
        The container and the series of X.
    output_names : list or None
        Columns of y, where it was a DataFrame or a Series.
    flat_targets : bool
        Whether y was 1-D, so that forecasts are too.
    target_size : float
        The largest absolute target; 1 where all are zero.
    target_deviation : array of shape (n_outputs,)
        Standard deviation of each target; 1 where it is constant.
    tails : tuple of pandas.Index or None
        The label of the last observation of each series, with the frequency it goes on with; None
        without labels.
    outer : pandas.Index or None
        What a DataFrame with a MultiIndex calls its series.
    pairs : tuple of two arrays, (n_pairs, n_features) and (n_pairs, n_outputs), or None
        A few rows and the targets of the rows before them, which say what the inputs are made of.
    exog_align : {"observation", "target"} or None
        How `next_step` built X from DataFrames; None where it is not known.
    target_range : array of shape (2, n_outputs) or None
        The smallest and the largest target of each output; None in files of 0.1.0.
    level_names : list or None
        What y called its columns, one name per level; None without columns.
    """

    loop: Loop | None
    last_observations: Array | None
    layout: Layout
    output_names: list[Hashable] | None
    flat_targets: bool
    target_size: float
    target_deviation: Array
    tails: tuple[pd.Index | None, ...] | None = None
    outer: pd.Index | None = None
    pairs: tuple[Array, Array] | None = None
    exog_align: str | None = None
    target_range: Array | None = None
    level_names: list[Hashable] | None = None

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.target_deviation)

    @property
    def columns(self) -> pd.Index:
        """Names of the outputs, as the columns of a DataFrame."""
        pd = load_pandas()
        names = self.output_names or list(range(self.n_outputs))
        levels = self.level_names
        if levels is not None and len(levels) == 1:  # also one level of tuples
            return pd.Index(names, name=levels[0], tupleize_cols=False)
        if all(isinstance(name, tuple) for name in names):
            return pd.MultiIndex.from_tuples(names, names=levels)
        return pd.Index(names)

    @property
    def target_kind(self) -> TargetKind:
        """Whether there was a target per step or per series."""
        return "per_series" if self.last_observations is None else "per_step"


def record_training_end(
    rows: Array,
    targets: Targets,
    layout: Layout,
    X: SeriesLike,
    y: SeriesLike,
    *,
    loop: Loop | None,
    last_only: bool = False,
    earlier: Array | None = None,
) -> TrainingEnd:
    """Record what forecasts need to know of the training data.

    X and y are as they were passed to `fit`, for their names and labels; the loop is from
    `find_loop`. With `last_only` forecasts go on from the last series only, as one series.
    `earlier`, (2, n_outputs), is the range of the targets of earlier chunks.

    Raises
    ------
    ValueError
        If y has several series by its labels, and X has lost them.
    """
    per_step = targets.kind == "per_step"
    if is_frame(y) and y.index.nlevels > 1 and layout.kind == "single":
        raise ValueError(
            "y has a MultiIndex, so several series, and X came without one: the step before this "
            "model dropped its labels. Use set_output(transform='pandas') on the Pipeline"
        )
    tails = training_tails(X, y, layout) if per_step else None
    built = mark_of(y, BUILT_ALIGN)
    outer = layout.outer
    seen = np.vstack(
        [targets.rows[:0] if earlier is None else earlier, targets.rows[targets.known]]
    )
    if last_only and per_step:
        span = list(layout.slices())[-1]
        rows = rows[span]
        targets = replace(targets, rows=targets.rows[span])
        layout, outer = Layout("single", (span.stop - span.start,)), None
        tails = None if tails is None else tails[-1:]
    last_rows = np.cumsum(layout.lengths) - 1
    # 1 in place of zero: errors are divided by the deviation, and a limit is a multiple of the size
    return TrainingEnd(
        loop=loop,
        last_observations=targets.rows[last_rows].copy() if per_step else None,
        layout=replace(layout, index=None),
        output_names=_output_names(y),
        level_names=_level_names(y),
        flat_targets=targets.flat,
        target_size=targets.largest,
        target_deviation=measure(targets.rows[targets.known])[1],
        tails=tails,
        outer=outer,
        pairs=some_pairs(rows, targets, layout) if per_step else None,
        exog_align=None if built is None else str(built),
        target_range=np.stack([seen.min(axis=0), seen.max(axis=0)]) if len(seen) else None,
    )


def moved_on(end: TrainingEnd, n_steps: int, last_observations: Array) -> TrainingEnd:
    """Return an end that is some steps later, at other last observations, (n_series, n_outputs)."""
    tails = end.tails
    for _ in range(n_steps):
        if tails is not None:
            tails = tuple(None if tail is None else advance(tail) for tail in tails)
    return replace(end, last_observations=last_observations, tails=tails)


def some_pairs(rows: Array, targets: Targets, layout: Layout) -> tuple[Array, Array] | None:
    """Return rows evenly spaced along a series, the last among them, and the targets before.

    They are (n_pairs, n_features) and (n_pairs, n_outputs); None where no series has two rows.
    """
    longest = max(layout.slices(), key=lambda span: span.stop - span.start)
    n_pairs = min(longest.stop - longest.start - 1, int(np.clip(512 // rows.shape[1], *PAIRS)))
    if n_pairs < 1:
        return None
    places = np.linspace(longest.start + 1, longest.stop - 1, n_pairs).round().astype(int)
    return rows[places], targets.rows[places - 1]


def _output_names(y: SeriesLike) -> list[Hashable] | None:
    members = members_of(y)
    y = members[0] if members else y
    if not is_frame(y):
        return None
    return list(y.columns) if hasattr(y, "columns") else [y.name if y.name is not None else 0]


def _level_names(y: SeriesLike) -> list[Hashable] | None:
    members = members_of(y)
    y = members[0] if members else y
    return list(y.columns.names) if is_frame(y) and hasattr(y, "columns") else None


def check_outputs(targets: Targets, earlier: TrainingEnd) -> None:
    """Check that one more chunk has the outputs of the chunks before.

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


def check_output_names(y: SeriesLike, end: TrainingEnd) -> None:
    """Check that columns of targets come in the order of those of `fit`.

    Parameters
    ----------
    y : array-like, list of arrays or DataFrame
        Targets.
    end : TrainingEnd
        The end of the training series.

    Raises
    ------
    ValueError
        If they have the same names in another order.
    """
    names, expected = _output_names(y), end.output_names
    if names and expected and names != expected and set(names) == set(expected):
        raise ValueError(
            f"y has the columns {names}, and fit had {expected}; pass them in that order, "
            f"y[{expected}]"
        )


def check_loop(end: TrainingEnd) -> None:
    """Check that a model can forecast.

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
    if end.loop is None:
        raise ValueError(CANNOT_CLOSE)


def upgrade_state(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a regressor with one `training_end_` for the nine of 0.1.0.

    The attributes are taken as they stand in a file, and returned as `fit` sets them now.
    """
    # what was not there has a value that changes no prediction
    state = {"exog_align": "observation", "bound": None, **attributes}
    if "n_outputs_" not in attributes:
        return state
    n_outputs = state.pop("n_outputs_")
    # a stream of one row had its number of outputs and none of the others
    per_step = state.get("target_kind_", "per_step") == "per_step"
    observations = state.pop("last_observations_", np.empty((0, n_outputs)))
    layout = state.pop("layout_", Layout("single", (0,)))
    tails, outer = None, None
    if layout.index is not None and per_step:
        times = layout.index.get_level_values(-1)
        ends = [find_tail(times[span] if layout.many else layout.index) for span in layout.slices()]
        tails = tuple(end if end is None else advance(end) for end in ends)
        outer = layout.outer
    state["training_end_"] = TrainingEnd(
        loop=state.pop("loop_", None),
        last_observations=observations if per_step else None,
        layout=replace(layout, index=None),
        output_names=state.pop("output_names_", None),
        flat_targets=state.pop("flat_targets_", False),
        target_size=state.pop("target_size_", 1.0),
        target_deviation=state.pop("target_deviation_", np.ones(n_outputs)),
        tails=tails,
        outer=outer,
    )
    return state
