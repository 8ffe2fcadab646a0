"""Gaps in the series that a model predicts, filled by its own closed loop.

    X[t, :n_outputs] = scale y[t-1] + shift,  y[t-1] the model's own output where X[t] is missing

Values beside a missing one stay as they are. A fit makes two passes: in the first the last value is
carried into the gap, in the second the first model has filled it. Rows without a target are
regressed on in neither.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from sklearn.base import BaseEstimator

from reservoirs.estimators.series import States
from reservoirs.forecasting.loop import Loop
from reservoirs.forecasting.training_end import TrainingEnd, some_pairs
from reservoirs.missing import MissingValuesError, describe_missing, locate
from reservoirs.sequences import Array, Layout, SeriesLike, check_rows
from reservoirs.targets import Targets

MARGIN = 1.25  # how far a fill may go, in sizes of the largest training target

Drive = Callable[[Array, Array], tuple[Array, Array]]  # rows, state -> outputs, last state
Starts = Callable[[int], States]  # number of series -> the states they start from in training


@dataclass(frozen=True)
class Filler:
    """A model that fills gaps by its own outputs.

    Attributes
    ----------
    drive : callable
        Runs the model along rows from a state.
    loop : tuple of two arrays of shape (n_outputs,), or None
        The map from an output to the next input; None where no input can be filled.
    largest : float
        Size of the largest training target; fills are held within 1.25 times that.
    """

    drive: Drive
    loop: Loop | None
    largest: float

    def hold(self, outputs: Array) -> Array:
        """Return outputs no further out than a fill may be."""
        return np.clip(outputs, -MARGIN * self.largest, MARGIN * self.largest)

    def fill(self, targets: Array, outputs: Array) -> Array:
        """Return targets of one series with outputs for NaN; warn if the last one is held."""
        held, missing = self.hold(outputs), np.isnan(targets)
        if (held != outputs)[-1, missing[-1]].any():
            _warn_held(len(targets))
        return np.where(missing, held, targets)

    def run(self, rows: Array, missing: Array, state: Array) -> tuple[Array, Array, Array]:
        """Run the model along one series, its own outputs in place of missing observations.

        Parameters
        ----------
        rows : array of shape (n_rows, n_features)
            Rows, the first without NaN.
        missing : array of shape (n_rows, n_features) of bool
            Which values are NaN.
        state : array
            The state before the first row.

        Returns
        -------
        rows : array of shape (n_rows, n_features)
            The rows without NaN.
        outputs : array of shape (n_rows, n_outputs)
            The outputs after every row.
        state : array
            The state after the last row.

        Warns
        -----
        UserWarning
            If a fill is held.
        """
        filled, outputs, held = rows.copy(), list[Array](), list[int]()
        # the rows from one missing value to the next are run together
        edges = [0, *np.flatnonzero(missing.any(axis=1)).tolist(), len(rows)]
        for start, stop in pairwise(edges):
            if start:
                assert self.loop is not None  # `Gaps.check` refused the rows otherwise
                scale, shift = self.loop
                absent, latest = missing[start, : len(scale)], outputs[-1][-1]
                output = self.hold(latest)
                if (output != latest)[absent].any():
                    held.append(start)
                filled[start, : len(scale)][absent] = (output * scale + shift)[absent]
            values, state = self.drive(filled[start:stop], state)
            outputs.append(values)
        if held:
            _warn_held(held[0])
        return filled, np.concatenate(outputs), state


def _warn_held(row: int) -> None:
    warnings.warn(
        "the forecast that fills a gap leaves the range of the training targets, first at row "
        f"{row} of its series, and is held there: fill long gaps of X yourself "
        "(frame.interpolate(), say), or cut the series there and pass the pieces as a list",
        UserWarning,
        stacklevel=3,
    )


@dataclass(frozen=True)
class Gaps:
    """What is missing in checked rows.

    Attributes
    ----------
    missing : array of shape (n_rows, n_features) of bool
        Which values are NaN.
    layout : Layout
        How the rows divide into series.
    container : array-like, list of arrays or DataFrame
        What the rows are from, for errors.
    names : sequence or None
        Names of its columns.
    where : str
        What the rows are called.
    """

    missing: Array
    layout: Layout
    container: SeriesLike
    names: Sequence[object] | None
    where: str

    def check(self, loop: Loop | None, *, starts: bool = True) -> None:
        """Check that a loop reaches every missing value.

        Parameters
        ----------
        loop : tuple of two arrays of shape (n_outputs,), or None
            The map from an output to the next input; None where the loop cannot close.
        starts : bool, default=True
            Whether nothing comes before the first row of a series.

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


def describe_leading(where: str, missing: Array, place: str) -> str:
    """Return what to say of a series that begins with a gap.

    Parameters
    ----------
    where : str
        What the values are called.
    missing : array of shape (n_rows, n_columns) of bool
        Which values of the series are NaN.
    place : str
        Its first row.

    Returns
    -------
    str
        The message.
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

    Parameters
    ----------
    estimator : BaseEstimator
        Its `n_features_in_` and `feature_names_in_` are set or compared.
    X : array-like, list of arrays or DataFrame
        Any container of docs/series.md.
    series_id : array-like of shape (n_rows,), default=None
        The series of each row of a 2-D X.
    reset : bool
        True in `fit`, False afterwards.
    min_rows : int, default=1
        Smallest number of rows in all.
    where : str, default="X"
        What to call X in an error.

    Returns
    -------
    rows : array of shape (n_rows, n_features)
        Checked rows, float64.
    layout : Layout
        How the rows divide into series.
    gaps : Gaps or None
        What is missing; None where nothing is.
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
    filler: Filler,
    starts: Starts,
    rows: Array,
    gaps: Gaps | None,
    targets: Targets,
    *,
    fitted: bool = False,
) -> Iterator[tuple[Array, Targets]]:
    """Yield the data of every pass of a fit; the model must have learned before the next is asked.

    Parameters
    ----------
    filler : Filler
        Of the model that is fitted.
    starts : callable
        Number of series -> the states that they start from in training.
    rows : array of shape (n_rows, n_features)
        Checked rows.
    gaps : Gaps or None
        What is missing in them.
    targets : Targets
        Checked targets.
    fitted : bool, default=False
        Whether the model was fitted before, so that it can fill the gaps.

    Yields
    ------
    rows : array of shape (n_rows, n_features)
        Rows without NaN: once where nothing is missing, else with the last value carried, then
        with the gaps filled.
    targets : Targets
        Their targets; in a first pass those of carried rows count as missing, if others are left.
    """
    if gaps is None:
        yield rows, targets
        return
    gaps.check(filler.loop)
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


def fill_inputs(
    filler: Filler,
    rows: Array,
    layout: Layout,
    earlier: list[Array] | None,
    states: States,
) -> tuple[Array, list[Array] | None]:
    """Fill the gaps of series that are predicted.

    Parameters
    ----------
    filler : Filler
        Of the fitted model.
    rows : array of shape (n_rows, n_features)
        Rows of all series.
    layout : Layout
        How they divide into series.
    earlier : list of arrays of shape (n_rows, n_features), or None
        The rows before each series.
    states : sequence of arrays
        The state before each series and its earlier rows.

    Returns
    -------
    rows : array of shape (n_rows, n_features)
        Without NaN.
    earlier : list of arrays of shape (n_rows, n_features), or None
        The same.
    """
    rows, filled_earlier = rows.copy(), list[Array]()
    for number, span in enumerate(layout.slices()):
        before = rows[:0] if earlier is None else earlier[number]
        series = np.vstack([before, rows[span]])
        missing = np.isnan(series)
        if missing.any():
            series, _, _ = filler.run(series, missing, states[number])
        filled_earlier.append(series[: len(before)])
        rows[span] = series[len(before) :]
    return rows, None if earlier is None else filled_earlier


def complete_end(
    filler: Filler,
    starts: Starts,
    end: TrainingEnd,
    rows: Array,
    gaps: Gaps | None,
    targets: Targets,
    layout: Layout,
) -> tuple[TrainingEnd, dict[int, Array]]:
    """Fill what forecasts go on from, by the model that was fitted.

    Parameters
    ----------
    filler : Filler
        Of the fitted model.
    starts : callable
        Number of series -> the states that they start from in training.
    end : TrainingEnd
        As `record_training_end` made it.
    rows : array of shape (n_rows, n_features)
        Checked rows.
    gaps : Gaps or None
        What is missing in them.
    targets : Targets
        Checked targets.
    layout : Layout
        How the rows divide into series.

    Returns
    -------
    end : TrainingEnd
        Without NaN.
    states : dict of int to array
        The last states of the series that something was missing in, by their numbers.
    """
    states = dict[int, Array]()
    if targets.kind == "per_series" or (gaps is None and targets.missing is None):
        return end, states
    rows, values = rows.copy(), targets.rows.copy()
    for number, (span, state) in enumerate(
        zip(layout.slices(), starts(layout.n_series), strict=True)
    ):
        missing = np.isnan(rows[span])
        if missing.any() or np.isnan(values[span]).any():
            rows[span], outputs, states[number] = filler.run(rows[span], missing, state)
            values[span] = filler.fill(values[span], outputs)
    last = values[np.cumsum(layout.lengths) - 1]
    whole = replace(targets, rows=values)
    return replace(end, last_observations=last, pairs=some_pairs(rows, whole, layout)), states
