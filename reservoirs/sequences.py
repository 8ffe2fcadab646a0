"""Every accepted container of series -> one flat array of rows plus the series' lengths, and back.

The rules are the table in `docs/series.md`; this file is their only implementation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from reservoirs.joining import join_series
from reservoirs.labels import check_order, has_order, is_frame, is_table
from reservoirs.missing import MissingValuesError, describe_missing
from reservoirs.mistakes import STAR, Pairs, explain_text, warn_of_channels

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]
# Any container of docs/series.md. A union of them would help nobody: DataFrames are known by their
# attributes (pandas is not imported for it) and an array-like may be any nested sequence, so that
# every use would need a cast.
SeriesLike: TypeAlias = Any
Seed: TypeAlias = int | np.random.RandomState | None  # what scikit-learn calls random_state
InitialState: TypeAlias = ArrayLike | None  # the state before a series, or a word for it
Kind = Literal["single", "list", "stack", "frame", "series_id"]


@dataclass(frozen=True)
class Layout:
    """How flat rows divide into series, and which container they came in.

    Attributes
    ----------
    kind : "single", "list", "stack", "frame" or "series_id"
        The container: one series, a list, a 3-D array, a DataFrame with a MultiIndex, or rows with
        the series of each told by `series_id`.
    lengths : tuple of int
        Rows of each series, in order.
    index : pandas.Index or None
        Labels of the rows; None for anything that is not a DataFrame.
    """

    kind: Kind
    lengths: tuple[int, ...]
    index: pd.Index | None = None

    @property
    def n_series(self) -> int:
        """Number of series."""
        return len(self.lengths)

    @property
    def many(self) -> bool:
        """Whether the container can hold more than one series."""
        return self.kind != "single"

    @property
    def outer(self) -> pd.Index | None:
        """What a DataFrame with a MultiIndex calls its series; None for other containers."""
        if self.kind != "frame" or self.index is None:
            return None
        return self.index[self.starts()].droplevel(-1)

    def slices(self) -> Iterator[slice]:
        """Yield the rows of each series as a slice of the flat array."""
        start = 0
        for length in self.lengths:
            yield slice(start, start + length)
            start += length

    def starts(self) -> Array:
        """Return the position of the first row of each series in the flat array, (n_series,)."""
        return np.concatenate([[0], np.cumsum(self.lengths)[:-1]]).astype(np.intp)


def unmask(X: SeriesLike) -> SeriesLike:
    """Return an array with NaN where it was masked, anything else as it is."""
    if not isinstance(X, np.ma.MaskedArray):
        return X
    return np.where(np.ma.getmaskarray(X), np.nan, X.data.astype(np.float64))


def members_of(X: SeriesLike) -> list[SeriesLike] | None:
    """Return the members of a list, tuple or 1-D object array, None for anything else."""
    if isinstance(X, list | tuple) or (
        isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1
    ):
        masked = any(issubclass(kind, np.ma.MaskedArray) for kind in set(map(type, X)))
        return [unmask(member) for member in X] if masked else list(X)
    return None


def is_series_list(X: SeriesLike) -> bool:
    """Tell whether X is a list, tuple or object array of 2-D arrays; refuse a near miss.

    A list of numbers or of lists is one array written out.

    Raises
    ------
    ValueError
        If some elements are arrays, but not all of them 2-D.
    """
    elements = members_of(X) or []
    if not any(map(is_table, elements)):
        return False
    if set(map(type, elements)) == {np.ndarray} and {e.ndim for e in elements} == {2}:
        return True
    dims = [np.ndim(e) for e in elements]
    if set(dims) in ({0}, {2}):
        return dims[0] == 2
    position = next(i for i, d in enumerate(dims) if d != 2)
    if isinstance(X, tuple) and dims == [2, 1] and len(elements[0]) == len(elements[1]):
        raise ValueError(STAR)
    raise ValueError(
        f"a list of series must hold 2-D arrays (n_steps, n_features), got {dims[position]} "
        f"dimension(s) at position {position}; reshape each series to (-1, 1) if it has one "
        "feature, or pass one 2-D array if this is a single series"
    )


def holds_many_series(X: SeriesLike) -> bool:
    """Tell whether X is a list of 2-D arrays or a 3-D array.

    False for one series and for DataFrames.
    """
    return is_series_list(X) or (isinstance(X, np.ndarray) and X.ndim == 3)


def _run_lengths(ids: Array, where: str, names: Array) -> tuple[int, ...]:
    """Return the lengths of the runs of equal ids; an id may have one run only."""
    if len(ids) == 0:
        return ()
    change = np.flatnonzero(ids[1:] != ids[:-1]) + 1
    runs = np.concatenate([[0], change])
    id_of_run = ids[runs].tolist()
    if len(set(id_of_run)) < len(id_of_run):
        run = next(n for n, i in enumerate(id_of_run) if i in id_of_run[:n])
        repeated = names[runs[run]]
        repeated = repeated.item() if isinstance(repeated, np.generic) else repeated
        remedy = "sort the rows by series (a stable sort keeps their time order)"
        if isinstance(repeated, date):
            remedy = "the last level of the index is the time: use swaplevel(), then " + remedy
        raise ValueError(
            f"the rows of one series must be contiguous in {where}, got series {repeated!r} in "
            f"more than one run; {remedy}"
        )
    return tuple(np.diff(np.concatenate([[0], change, [len(ids)]])).tolist())


def _check_named(missing: Array, ids: Array, where: str) -> None:
    if missing.any():
        row = int(np.argmax(missing))
        raise ValueError(
            f"{where} must name the series of every row, got {ids[row]} at row {row}; fill it in, "
            "or drop that row"
        )


def is_missing(ids: Array) -> Array:
    """Tell which ids or labels are NaN, None, or what pandas calls missing."""
    if ids.dtype.kind in "fc":
        return np.isnan(ids)
    if ids.dtype.kind in "mM":
        return np.isnat(ids)
    if ids.dtype.kind != "O":
        return np.zeros(len(ids), dtype=bool)
    kinds = {"NoneType", "NAType", "NaTType"}
    return np.array(
        [type(i).__name__ in kinds or (isinstance(i, float | np.generic) and i != i) for i in ids]
    )


def masked_as_none(ids: SeriesLike) -> Array:
    """Return ids or labels as an array, None where they are masked."""
    masked = isinstance(ids, np.ma.MaskedArray) and np.ma.is_masked(ids)
    unmasked: Array = np.asarray(ids)
    if masked:
        unmasked = unmasked.astype(object)
        unmasked[np.ma.getmaskarray(ids)] = None
    return unmasked


def flatten(X: SeriesLike, series_id: SeriesLike = None) -> tuple[SeriesLike, Layout]:
    """Turn any accepted container into rows and their layout.

    That is a 2-D array, a list of 2-D arrays, a 3-D array, or a DataFrame, also with a MultiIndex;
    or a 2-D X and the series of each row, those of a series contiguous. The rows, (n_rows,
    n_features), are not checked yet; a DataFrame is passed through.

    Raises
    ------
    ValueError
        For ragged widths, a list of 1-D arrays, series in several pieces, or `series_id` with
        a container that already holds many series.
    """
    if isinstance(X, Pairs):
        raise ValueError(STAR)
    X = unmask(X)
    is_list = is_series_list(X)
    is_stack = isinstance(X, np.ndarray) and X.ndim == 3
    has_levels = is_frame(X) and X.index.nlevels > 1
    if series_id is not None:
        if is_list or is_stack or has_levels:
            raise ValueError(
                "series_id goes with one 2-D array, got a container that already holds many "
                "series; drop series_id, or pass the rows as one 2-D array"
            )
        return X, _layout_of_ids(X, series_id)
    if is_list:
        return join_series(members_of(X) or []), Layout("list", tuple(map(len, X)))
    if is_stack:
        n_series, n_steps, n_features = X.shape
        if n_series == 0 or n_steps == 0:
            raise ValueError(
                f"X must hold at least one series of at least one step, got shape {X.shape} "
                "(n_series, n_steps, n_features)"
            )
        return X.reshape(-1, n_features), Layout("stack", (n_steps,) * n_series)
    if has_levels:
        outer = X.index.droplevel(-1)  # all levels but the last name the series
        for level in range(outer.nlevels):
            ids = np.asarray(outer.get_level_values(level))
            _check_named(outer.get_level_values(level).isna(), ids, f"level {level} of the index")
        lengths = _run_lengths(outer.factorize()[0], "the index", np.asarray(outer))
        return X, Layout("frame", lengths, X.index)
    # anything else is one series; whether it is a 2-D array at all `validate_data` will say
    shape = getattr(X, "shape", ()) or (len(X) if hasattr(X, "__len__") else 0,)
    return X, Layout("single", (int(shape[0]),), X.index if is_frame(X) else None)


def check_labels(layout: Layout, where: str = "X") -> None:
    """Check that the labels of every series increase from row to row.

    Without labels there is nothing to check. A ValueError is raised if one is missing, comes twice
    or goes back; `where` is what it calls the container.
    """
    if layout.index is None:
        return
    times = layout.index.get_level_values(-1)
    if not has_order(times):
        return
    increases = np.concatenate([[True], np.asarray(times[1:] > times[:-1])])
    increases[layout.starts()] = True
    if increases.all() and not times.hasnans:
        return
    for span in layout.slices():
        of_series = f", series {layout.index[span.start][:-1]}" if layout.kind == "frame" else ""
        check_order(times[span], where + of_series)


def _layout_of_ids(X: SeriesLike, series_id: SeriesLike) -> Layout:
    ids = masked_as_none(series_id)
    if ids.dtype.kind in "US" and not isinstance(series_id, np.ndarray):
        ids = np.array([*series_id, None], dtype=object)[:-1]  # 7 and "7" are two series
    n_rows = len(X) if hasattr(X, "__len__") else np.shape(X)[0]
    if ids.ndim != 1 or len(ids) != n_rows:
        raise ValueError(f"series_id must hold one id per row of X, ({n_rows},), got {ids.shape}")
    _check_named(is_missing(ids), ids, "series_id")
    lengths = _run_lengths(ids, "series_id", ids)
    return Layout("series_id", lengths, X.index if is_frame(X) else None)


def check_rows(
    estimator: BaseEstimator,
    X: SeriesLike,
    *,
    series_id: SeriesLike = None,
    reset: bool,
    min_rows: int = 1,
    allow_nan: bool = False,
) -> tuple[Array, Layout]:
    """Flatten X and let scikit-learn check the rows: finite numbers, the fitted width and names.

    The `n_features_in_` and `feature_names_in_` of the estimator are set, with `reset` (in `fit`),
    or compared. There must be `min_rows` rows in all; with `allow_nan` values may be missing. The
    rows, (n_rows, n_features), are float64.

    Raises
    ------
    ValueError
        For bad rows.
    MissingValuesError
        For NaN; the first is named.
    """
    raw, layout = flatten(X, series_id)
    check_labels(layout)
    if reset and layout.kind == "stack":
        warn_of_channels(X.shape)
    checks = {"reset": reset, "dtype": np.float64, "ensure_min_samples": min_rows, "order": "C"}
    try:
        # where scikit-learn is told to assume finite numbers, ours must still be: loops read them
        with explain_text(raw, "X"), config_context(assume_finite=False):
            rows = validate_data(estimator, raw, **checks)
    except ValueError as error:
        if "contains NaN" not in str(error):
            raise
        rows = validate_data(estimator, raw, **checks, ensure_all_finite="allow-nan")
        if not allow_nan:
            names = getattr(estimator, "feature_names_in_", None)
            told = describe_missing(np.isnan(rows), "X", X, layout.lengths, names)
            raise MissingValuesError(told) from None
    # an object with nothing but __array__ shows its length only once it is checked
    if layout.kind == "single" and layout.lengths != (len(rows),):
        layout = Layout("single", (len(rows),), layout.index)
    return rows, layout


def restore(values: Array, layout: Layout) -> SeriesLike:
    """Put values per step back into the container that X came in.

    Values, (n_rows,) or (n_rows, n_outputs), are those of all series, one after the other. They
    become a list for a list, (n_series, n_steps) or (n_series, n_steps, n_outputs) for a 3-D array,
    else they stay as they are.
    """
    if layout.kind == "list":
        if len(set(layout.lengths)) == 1:  # twice as fast
            return list(values.reshape(layout.n_series, -1, *values.shape[1:]))
        return [values[rows] for rows in layout.slices()]
    if layout.kind == "stack":
        return values.reshape(layout.n_series, layout.lengths[0], *values.shape[1:])
    return values
