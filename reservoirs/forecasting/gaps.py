"""Gaps in the series that a model predicts: which can be filled, and the two passes of a fit.

In the first pass the last value is carried into the gap and the rows inside are left out, in the
second the first model has filled it. Rows without a target are regressed on in neither. A series
that begins in a gap is learned from its first whole row on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import BaseEstimator

from reservoirs.estimators.series import States
from reservoirs.forecasting.filler import Filler, fill_inputs
from reservoirs.forecasting.loop import Loop
from reservoirs.forecasting.training_end import TrainingEnd, some_pairs
from reservoirs.missing import MissingValuesError, describe_missing, locate
from reservoirs.sequences import Array, Layout, SeriesLike, check_rows
from reservoirs.targets import Targets

Starts = Callable[[int], States]  # number of series -> the states they start from in training


@dataclass(frozen=True)
class Gaps:
    """What is missing in checked rows.

    `missing`, (n_rows, n_features), says which values are NaN. The container is what the rows are
    from, for errors, with the names of its columns; `where` is what the rows are called.
    """

    missing: Array
    layout: Layout
    container: SeriesLike
    names: Sequence[object] | None
    where: str

    def after_starts(self) -> Array:
        """Return which rows are not before the first whole row of their series, (n_rows,)."""
        whole = np.asarray(~self.missing.any(axis=1))
        spans = self.layout.slices()
        return np.concatenate([np.logical_or.accumulate(whole[span]) for span in spans])

    def check(self, loop: Loop | None, *, starts: bool = True) -> None:
        """Check that a loop reaches every missing value.

        The loop is None where it cannot close; `starts` says whether nothing comes before the first
        row of a series.

        Raises
        ------
        MissingValuesError
            If a missing value is not fed back, or nothing comes before it.
        """
        out_of_reach = self.missing.copy()
        if loop is not None:
            out_of_reach[:, : len(loop[0])] = False
        if out_of_reach.any():
            told = self.container, self.layout.lengths, self.names
            raise MissingValuesError(describe_missing(out_of_reach, self.where, *told))
        first = self.missing[self.layout.starts()].any(axis=1)
        if starts and first.any():
            span = list(self.layout.slices())[int(np.argmax(first))]
            row, label, _ = locate(span.start, self.container, self.layout.lengths)
            told_first = describe_leading(self.where, self.missing[span], f"{row}{label}")
            raise MissingValuesError(told_first)


@dataclass(frozen=True)
class WholeStarts:
    """Training data of which every series begins with a row without NaN.

    Rows are checked, (n_rows, n_features); gaps are None where nothing is missing.
    """

    rows: Array
    layout: Layout
    gaps: Gaps | None
    targets: Targets


def skip_leading(
    rows: Array, layout: Layout, gaps: Gaps | None, targets: Targets, loop: Loop | None
) -> WholeStarts:
    """Leave out the rows before the first whole one of each series: nothing is known of them.

    The loop is None where it cannot close. A MissingValuesError is raised if a missing value is not
    fed back, or no row of a series is whole.
    """
    if gaps is None:
        return WholeStarts(rows, layout, gaps, targets)
    gaps.check(loop, starts=False)
    after = gaps.after_starts()
    lengths = tuple(int(after[span].sum()) for span in layout.slices())
    if after.all() or not all(lengths) or sum(lengths) < 2:
        gaps.check(loop)
        return WholeStarts(rows, layout, gaps, targets)
    rest = Layout("list" if layout.kind == "stack" else layout.kind, lengths)
    missing = None if targets.missing is None else targets.missing[after]
    targets = replace(
        targets,
        rows=targets.rows[after],
        missing=missing if missing is not None and missing.any() else None,
        weights=None if targets.weights is None else targets.weights[after],
    )
    left = replace(gaps, missing=gaps.missing[after], layout=rest)
    return WholeStarts(rows[after], rest, left if left.missing.any() else None, targets)


def describe_leading(where: str, missing: Array, place: str) -> str:
    """Return what to say of a series that begins with a gap.

    `where` is what the values are called, `missing`, (n_rows, n_columns), which of the series are
    NaN, and `place` its first row.
    """
    whole = ~missing.any(axis=1)
    remedy = "drop the series: no row of it is whole"
    if whole.any():
        remedy = f"leave out its first {int(np.argmax(whole))} row(s), up to the first whole one"
    return (
        f"Input {where} contains NaN where a series begins, at {place}: nothing comes before that "
        f"a forecast could go on from; {remedy}"
    )


def open_rows(
    estimator: BaseEstimator,
    X: SeriesLike,
    *,
    series_id: SeriesLike = None,
    reset: bool,
    min_rows: int = 1,
    where: str = "X",
) -> tuple[Array, Layout, Gaps | None]:
    """Check rows as `check_rows` does, and let NaN through.

    `where` is what an error calls X. The rows, (n_rows, n_features), their layout and what is
    missing, None where nothing is, are returned.
    """
    try:
        rows, layout = check_rows(estimator, X, series_id=series_id, reset=reset, min_rows=min_rows)
        return rows, layout, None
    except MissingValuesError:  # the check for finite numbers is the only pass where all are
        rows, layout = check_rows(
            estimator, X, series_id=series_id, reset=reset, min_rows=min_rows, allow_nan=True
        )
    names = getattr(estimator, "feature_names_in_", None)
    return rows, layout, Gaps(np.isnan(rows), layout, X, names, where)


def passes(
    filler: Filler, starts: Starts, data: WholeStarts, *, fitted: bool = False
) -> Iterator[tuple[Array, Targets]]:
    """Yield the data of every pass of a fit; the model must have learned before the next is asked.

    `starts` makes of the number of series the states that they start from in training. A model that
    was fitted before can fill the gaps. Rows come without NaN: once where nothing is missing, else
    with the last value carried, then with the gaps filled. Of the targets those of carried rows
    count as missing in a first pass, if others are left.
    """
    rows, targets, gaps = data.rows, data.targets, data.gaps
    if gaps is None:
        yield rows, targets
        return
    if not fitted:
        yield _carried(rows, gaps), _without_gaps(targets, gaps)
    yield fill_inputs(filler, rows, gaps.layout, None, starts(gaps.layout.n_series))[0], targets


def _carried(rows: Array, gaps: Gaps) -> Array:
    """Return rows with the last value in place of every missing one."""
    number = np.arange(len(rows))[:, None]
    last = np.maximum.accumulate(np.where(gaps.missing, 0, number), axis=0)
    carried: Array = np.take_along_axis(rows, last, axis=0)
    return carried


def _without_gaps(targets: Targets, gaps: Gaps) -> Targets:
    """Return targets of which those of rows in a gap are missing, where most others are known."""
    in_gap = np.any(gaps.missing, axis=1, keepdims=True)
    values = np.where(in_gap, np.nan, targets.rows)
    left = replace(targets, rows=values, missing=np.isnan(values))
    return left if 2 * len(values[left.known]) >= len(values[targets.known]) else targets


def complete_end(
    filler: Filler, starts: Starts, end: TrainingEnd, data: WholeStarts, *, changed: bool
) -> tuple[TrainingEnd, dict[int, Array]]:
    """Fill what forecasts go on from, by the model that was fitted.

    `starts` makes of the number of series the states that they start from in training; `end` is as
    `record_training_end` made it of all rows, and `changed` says whether something was missing in
    the rows. The end without NaN is returned, and the last states of the series that something is
    missing in, by their numbers.
    """
    states, targets = dict[int, Array](), data.targets
    if targets.kind == "per_series" or not (changed or targets.missing is not None):
        return end, states
    rows, values = data.rows.copy(), targets.rows.copy()
    for number, (span, state) in enumerate(
        zip(data.layout.slices(), starts(data.layout.n_series), strict=True)
    ):
        missing = np.isnan(rows[span])
        if missing.any() or np.isnan(values[span]).any():
            rows[span], outputs, states[number] = filler.run(rows[span], missing, state)
            values[span] = filler.fill(values[span], outputs)
    last = values[np.cumsum(data.layout.lengths) - 1]
    whole = replace(targets, rows=values)
    pairs = some_pairs(rows, whole, data.layout)
    return replace(end, last_observations=last, pairs=pairs), states
