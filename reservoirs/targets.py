"""Targets per step or per series, checked against the layout of X."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.utils import check_array

from reservoirs.joining import align_columns
from reservoirs.labels import check_order, is_frame, is_table, load_pandas
from reservoirs.missing import MissingValuesError, describe_missing
from reservoirs.mistakes import Y_MISSING, explain_text
from reservoirs.sequences import Array, Layout, SeriesLike, members_of, unmask

LABELS = "regressors predict numbers; for labels take an ESNClassifier or RNNClassifier"
TargetKind = Literal["per_step", "per_series"]


@dataclass(frozen=True)
class Targets:
    """Checked targets.

    Attributes
    ----------
    rows : array of shape (n_rows, n_outputs) or (n_series, n_outputs)
        One row per step, or one per series.
    kind : "per_step" or "per_series"
        Which of the two.
    flat : bool
        Whether y had no axis of outputs, so that predictions have none either.
    missing : array of shape (n_rows, n_outputs) of bool, or None
        Which targets are NaN; None where there is none.
    weights : array of shape (len(rows),), or None
        What the loss of every row counts, at least 0; None where all count the same.
    """

    rows: Array
    kind: TargetKind
    flat: bool
    missing: Array | None = None
    weights: Array | None = None

    @property
    def known(self) -> Array | slice:
        """The rows without NaN, those that count: an index of `rows`."""
        if self.missing is None:
            return slice(None)
        return np.asarray(~self.missing.any(axis=1))

    @property
    def largest(self) -> float:
        """Size of the largest target; 1 where all are zero."""
        return float(np.abs(self.rows[self.known]).max()) or 1.0


def check_targets(
    estimator: BaseEstimator, y: SeriesLike, layout: Layout, *, allow_nan: bool = False
) -> Targets:
    """Check numeric targets against the layout of X.

    They are per step, in the container of X, or per series; with `allow_nan` some may be missing.

    Raises
    ------
    ValueError
        If y is missing, not finite, or does not match X; the message holds both shapes.
    MissingValuesError
        For NaN; the first is named.
    """
    name = type(estimator).__name__
    if y is None:
        raise ValueError(
            f"This {name} estimator requires y to be passed, but the target y is None. {Y_MISSING}"
        )
    y = unmask(y)
    check_label_order(y, layout)
    try:
        return _checked(y, layout, True)
    except ValueError as error:
        if "contains NaN" not in str(error):
            raise
    targets = _checked(y, layout, "allow-nan")
    missing = np.isnan(targets.rows)
    if not allow_nan:
        lengths = layout.lengths if targets.kind == "per_step" else ()
        raise MissingValuesError(describe_missing(missing, "y", y, lengths))
    if missing.any(axis=1).all():
        raise MissingValuesError(
            "Input y contains NaN in every row: nothing is left to learn from; rows count that "
            "have a value in all columns of y, so drop a column that has few"
        )
    return replace(targets, missing=missing)


def _checked(y: SeriesLike, layout: Layout, finite: bool | str) -> Targets:
    """Return targets; `finite` is scikit-learn's `ensure_all_finite`."""
    arrays = _target_list(y, layout)
    if arrays is not None:
        return _listed_targets(arrays, layout, finite)
    # an empty y is told by its shape below, beside that of X
    values = _check_numbers(y, finite, allow_nd=True, ensure_min_samples=0)
    return _array_targets(values, layout)


def _check_numbers(y: SeriesLike, finite: bool | str, **checks: bool | str | int) -> Array:
    checks |= {"ensure_2d": False, "ensure_all_finite": finite}
    with explain_text(y, "y", LABELS), config_context(assume_finite=False):
        # in C order: products of another order of the same numbers round otherwise
        return check_array(y, dtype=np.float64, order="C", input_name="y", **checks)


def check_label_order(y: SeriesLike, layout: Layout) -> None:
    """Check that the labels of targets increase, and are not those of X in another order.

    Labels other than those of X say nothing: y may be dated by the rows that it is predicted from,
    or by its own.

    Raises
    ------
    ValueError
        If they do not increase along a series, or are the labels of X in another order.
    """
    if not is_frame(y):
        return
    if layout.kind == "single" and y.index.nlevels == 1:
        check_order(y.index, "y")
    if layout.index is None:
        return
    of_rows = len(y) == len(layout.index)
    expected = layout.index if of_rows or layout.outer is None else layout.outer
    if len(y) != len(expected) or y.index.equals(expected):
        return
    numbered = y.index.equals(load_pandas().RangeIndex(len(y)))
    if numbered or y.index[0] not in expected or y.index[-1] not in expected:
        return
    if expected.is_unique and y.index.isin(expected).all():
        first = int(np.argmax(np.asarray(y.index != expected)))
        what = "rows" if of_rows else "series"
        raise ValueError(
            f"y has the labels of the {what} of X in another order: {y.index[first]} at position "
            f"{first}, where X has {expected[first]}; put it in the order of X with y.loc[...], or "
            "pass y.to_numpy() to go by position"
        )


def _target_list(y: SeriesLike, layout: Layout) -> list[SeriesLike] | None:
    """Return the members of y where y lists one array of targets per series of a list X."""
    elements = members_of(y)
    if layout.kind != "list" or not elements or all(np.ndim(e) == 0 for e in elements):
        return None
    if not any(map(is_table, elements)):
        return None  # a plain nested list is an array written out
    return align_columns(elements)


def _listed_targets(arrays: list[SeriesLike], layout: Layout, finite: bool | str) -> Targets:
    if len(arrays) != layout.n_series:
        raise ValueError(
            f"y must hold one array per series of X, got {len(arrays)} for {layout.n_series} series"
        )
    if _are_alike(arrays, layout):  # checked as one: a check of its own costs each series 40 us
        rows = _check_numbers(np.concatenate(arrays), finite)
        return Targets(rows.reshape(len(rows), -1), "per_step", rows.ndim == 1)
    checked = []
    for i, (targets, length) in enumerate(zip(arrays, layout.lengths, strict=True)):
        values = _check_numbers(targets, finite)
        if values.ndim > 2 or len(values) != length:
            raise ValueError(
                f"y must have one row per row of X, got shape {values.shape} for series {i} of "
                f"{length} steps; for one target per series pass a 1-D array of length n_series"
            )
        checked.append(values)
    if len({v.shape[1:] for v in checked}) > 1:
        shapes = sorted({str(v.shape[1:]) for v in checked})
        raise ValueError(f"all series must have the same outputs, got row shapes {shapes}")
    rows = np.concatenate(checked)
    return Targets(rows.reshape(len(rows), -1), "per_step", rows.ndim == 1)


def _are_alike(arrays: list[SeriesLike], layout: Layout) -> bool:
    """Tell whether all targets are plain arrays of numbers, of one width and right length."""
    if not all(type(y) is np.ndarray for y in arrays):
        return False
    kinds = {(y.dtype, y.ndim, y.shape[1:]) for y in arrays}
    dtype, ndim, _ = next(iter(kinds))
    plain = len(kinds) == 1 and dtype.kind in "fiu" and ndim in (1, 2)
    return plain and tuple(map(len, arrays)) == layout.lengths


def _array_targets(y: Array, layout: Layout) -> Targets:
    n_rows, n_series = sum(layout.lengths), layout.n_series
    # per step comes first: with a 3-D X, (n_series, n_steps) is one target per step, even where
    # n_steps targets per series would have the same shape
    if layout.kind == "stack" and y.ndim >= 2:
        steps = layout.lengths[0]
        if y.shape[:2] == (n_series, steps) and y.ndim <= 3:
            rows = y.reshape(n_rows, -1)
            return Targets(rows, "per_step", y.ndim == 2)
    elif layout.kind != "list" and y.ndim <= 2 and len(y) == n_rows and n_rows != 0:
        return Targets(y.reshape(n_rows, -1), "per_step", y.ndim == 1)
    if layout.many and y.ndim in (1, 2) and len(y) == n_series:
        return Targets(y.reshape(n_series, -1), "per_series", y.ndim == 1)
    raise ValueError(_mismatch(y, layout))


def _mismatch(y: Array, layout: Layout) -> str:
    n_rows = sum(layout.lengths)
    allowed = {
        "single": f"({n_rows},) or ({n_rows}, n_outputs)",
        "list": f"a list of {layout.n_series} arrays, each as long as its series, "
        f"or one target per series, ({layout.n_series},) or ({layout.n_series}, n_outputs)",
        "stack": f"{(layout.n_series, layout.lengths[0])}, that and n_outputs, "
        f"or one target per series, ({layout.n_series},)",
        "frame": f"({n_rows},), ({n_rows}, n_outputs), or one target per series",
        "series_id": f"({n_rows},), ({n_rows}, n_outputs), or one target per series",
    }[layout.kind]
    return (
        "Found input variables with inconsistent numbers of samples: y must match X, "
        f"allowed shapes are {allowed}; got {y.shape}. To predict the next value of a series, "
        "build both with reservoirs.next_step"
    )
