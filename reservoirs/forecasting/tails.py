"""The label of the last observation of each training series, and the frequency it goes on with."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from reservoirs.labels import advance, find_tail, has_order, is_frame, missing_labels
from reservoirs.mistakes import callers_level
from reservoirs.sequences import Layout, SeriesLike, members_of

if TYPE_CHECKING:
    import pandas as pd

OWN_LABELS = "labels of the values themselves"  # in `attrs` of the targets that `next_step` made
BUILT_ALIGN = "align of next_step"  # likewise, with exogenous inputs


def row_labels(container: SeriesLike, layout: Layout) -> list[pd.Index] | None:
    """Return the labels of the rows of each series.

    None where the rows have no labels.
    """
    members = members_of(container) if layout.kind == "list" else None
    if members is not None:
        return [m.index for m in members] if all(map(is_frame, members)) else None
    if not is_frame(container) or layout.kind == "list":
        return None
    if layout.kind == "single":
        return [container.index]  # with the frequency that it declares
    times = container.index.get_level_values(-1)
    return [times[span] for span in layout.slices()]


def mark_of(y: SeriesLike, mark: str) -> object:
    """Return what `next_step` wrote into the `attrs` of targets.

    `mark` is the key; None where there is none.
    """
    members = members_of(y)
    return getattr(members[0] if members else y, "attrs", {}).get(mark)


def training_tails(
    X: SeriesLike, y: SeriesLike, layout: Layout
) -> tuple[pd.Index | None, ...] | None:
    """Return the label of the last observation of each training series.

    Where y has the labels of the next rows, as `next_step` gives them, its last label is that of
    the last observation. Otherwise the last observation is one step after the last row of X.

    A tail is None where its labels follow no frequency; None in all where the rows of X have no
    labels.

    Warns
    -----
    UserWarning
        If steps are missing between the first label and the last.
    """
    inputs, targets = row_labels(X, layout), row_labels(y, layout)
    if inputs is None and targets is not None:
        # a step of a Pipeline has dropped the labels of X: whether those of y are its own, or those
        # of the rows before, only `next_step` can say
        own = mark_of(y, OWN_LABELS)
        return tuple(find_tail(index) if own else None for index in targets)
    if inputs is None:
        return None
    targets = targets or [None] * len(inputs)
    ends_of: dict[object, pd.Index | None] = {}
    likely, ends, holes = None, [], []
    for before, after in zip(inputs, targets, strict=True):
        # series of one calendar are looked at once
        key = _key(before), None if after is None else _key(after)
        if key not in ends_of:
            follows = after is not None and _follows(before, after)
            ends_of[key], missing = _find_end(before, after if follows else None, likely)
            likely = likely if ends_of[key] is None else ends_of[key]
            holes += list(missing)
        ends.append(ends_of[key])
    if holes:
        warnings.warn(
            f"X has no row for {len(holes)} step(s) of its own frequency, the first is {holes[0]}; "
            "its rows are taken as consecutive. Give every step a row, frame.asfreq(...) say: the "
            "model fills its NaN",
            UserWarning,
            stacklevel=callers_level(),
        )
    return tuple(ends)


def _key(index: pd.Index) -> object:
    """Return what two indices of the same labels have in common."""
    values = getattr(index, "asi8", None)
    values = np.asarray(index) if values is None else values
    labels = tuple(values) if values.dtype == object else values.tobytes()
    return str(index.dtype), labels


def _find_end(
    before: pd.Index, after: pd.Index | None, likely: pd.Index | None
) -> tuple[pd.Index | None, pd.Index]:
    """Return the tail of one series, and the labels that its frequency has and it has not."""
    labels = before if after is None else before.append(after[-1:])
    declared = getattr(before, "freq", None)
    if declared is not None and after is not None:
        labels = after if len(after) == 1 or getattr(after, "freq", None) == declared else labels
    tail = find_tail(labels, likely)
    if tail is None:
        return None, before[:0]
    missing = missing_labels(labels, tail)
    return tail if after is not None else advance(tail), missing


def _follows(before: pd.Index, after: pd.Index) -> bool:
    """Tell whether the labels of targets are those of the next rows."""
    if len(after) != len(before) or not has_order(before) or not has_order(after):
        return False
    same_kind = isinstance(after, type(before)) or isinstance(before, type(after))
    return same_kind and bool(after[:-1].equals(before[1:])) and bool(after[-1] > before[-1])
