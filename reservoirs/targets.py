"""Targets per step or per series, checked against the layout of X."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_array

from reservoirs.labels import is_frame
from reservoirs.sequences import Array, Layout, SeriesLike, members_of, unmask

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
    """

    rows: Array
    kind: TargetKind
    flat: bool


def check_targets(estimator: BaseEstimator, y: SeriesLike, layout: Layout) -> Targets:
    """Check numeric targets against the layout of X.

    Parameters
    ----------
    estimator : BaseEstimator
        Named in the errors.
    y : array-like, list of arrays or DataFrame
        Targets per step, in the container of X, or per series.
    layout : Layout
        The layout of X.

    Returns
    -------
    Targets
        The targets as rows, and what they belong to.

    Raises
    ------
    ValueError
        If y is missing, not finite, or does not match X; the message holds both shapes.
    """
    name = type(estimator).__name__
    if y is None:
        raise ValueError(
            f"This {name} estimator requires y to be passed, but the target y is None."
        )
    y = unmask(y)
    arrays = _target_list(y, layout)
    if arrays is not None:
        return _listed_targets(arrays, layout)
    # an empty y is told by its shape below, beside that of X
    values = check_array(
        y, ensure_2d=False, allow_nd=True, dtype=np.float64, input_name="y", ensure_min_samples=0
    )
    return _array_targets(values, layout)


def _target_list(y: SeriesLike, layout: Layout) -> list[SeriesLike] | None:
    """Return the members of y where y lists one array of targets per series of a list X."""
    elements = members_of(y)
    if layout.kind != "list" or not elements or all(np.ndim(e) == 0 for e in elements):
        return None
    if all(not isinstance(e, np.ndarray) and not is_frame(e) for e in elements):
        return None  # a plain nested list is an array written out
    return elements


def _listed_targets(arrays: list[SeriesLike], layout: Layout) -> Targets:
    if len(arrays) != layout.n_series:
        raise ValueError(
            f"y must hold one array per series of X, got {len(arrays)} for {layout.n_series} series"
        )
    if _are_alike(arrays, layout):  # checked as one: a check of its own costs each series 40 us
        rows = check_array(
            np.concatenate(arrays), ensure_2d=False, dtype=np.float64, input_name="y"
        )
        return Targets(rows.reshape(len(rows), -1), "per_step", rows.ndim == 1)
    checked = []
    for i, (targets, length) in enumerate(zip(arrays, layout.lengths, strict=True)):
        values = check_array(targets, ensure_2d=False, dtype=np.float64, input_name="y")
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
