"""Every accepted container of series -> one flat array of rows plus the series' lengths, and back.

The rules are the table in `docs/data.md`; this file is their only implementation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import validate_data

Array = NDArray[Any]
SeriesLike: TypeAlias = Any  # any container of docs/data.md: its types cannot be told apart by mypy
Seed: TypeAlias = int | np.random.RandomState | None  # what scikit-learn calls random_state
InitialState: TypeAlias = ArrayLike | None  # the state before a series, or a word for it
Kind = Literal["single", "list", "stack", "frame", "series_id"]


@dataclass(frozen=True)
class Layout:
    """How flat rows divide into series, and which container they came in.

    Attributes
    ----------
    kind : the container: one series, a list, a 3-D stack, a MultiIndex frame, or `series_id`
    lengths : rows of each series, in order
    index : the pandas index of the rows, None for anything that is not a DataFrame
    """

    kind: Kind
    lengths: tuple[int, ...]
    index: Any = None

    @property
    def n_series(self) -> int:
        """Number of series."""
        return len(self.lengths)

    @property
    def many(self) -> bool:
        """Whether the container can hold more than one series."""
        return self.kind != "single"

    def slices(self) -> Iterator[slice]:
        """Yield the rows of each series as a slice of the flat array."""
        start = 0
        for length in self.lengths:
            yield slice(start, start + length)
            start += length

    def starts(self) -> Array:
        """Return the flat position of the first row of each series, (n_series,)."""
        return np.concatenate([[0], np.cumsum(self.lengths)[:-1]]).astype(np.intp)


def is_frame(X: Any) -> bool:
    """Tell whether X is a pandas DataFrame or Series, without importing pandas."""
    return hasattr(X, "iloc") and hasattr(X, "index")


def members_of(X: Any) -> list[Any] | None:
    """Return the members of a list, tuple or 1-D object array, None for anything else."""
    if isinstance(X, list | tuple):
        return list(X)
    if isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1:
        return list(X)
    return None


def is_series_list(X: Any) -> bool:
    """Tell whether X is a list, tuple or object array of 2-D arrays; refuse a near miss.

    Raises
    ------
    ValueError
        If some elements are arrays, but not all of them 2-D.
    """
    elements = members_of(X)
    if not elements or not any(isinstance(e, np.ndarray) or is_frame(e) for e in elements):
        return False
    dims = [np.ndim(e) for e in elements]
    if all(d == 0 for d in dims):
        return False
    if all(d == 2 for d in dims):
        return True
    position = next(i for i, d in enumerate(dims) if d != 2)
    raise ValueError(
        f"a list of series must hold 2-D arrays (n_steps, n_features), got {dims[position]} "
        f"dimension(s) at position {position}; reshape each series to (-1, 1) if it has one "
        "feature, or pass one 2-D array if this is a single series"
    )


def holds_many_series(X: SeriesLike) -> bool:
    """Tell whether X is a list of 2-D arrays or a 3-D array.

    Parameters
    ----------
    X : array-like or list of arrays
        One series or several.

    Returns
    -------
    bool
        False for one series and for DataFrames.
    """
    return is_series_list(X) or (isinstance(X, np.ndarray) and X.ndim == 3)


def _join(series: Sequence[Any]) -> Array:
    """Stack many 2-D series on top of each other, after comparing their widths."""
    arrays = [np.asarray(s) for s in series]
    widths = {a.shape[1] for a in arrays}
    if len(widths) > 1:
        position = next(i for i, a in enumerate(arrays) if a.shape[1] != arrays[0].shape[1])
        raise ValueError(
            "all series must have the same number of features, got "
            f"{arrays[0].shape[1]} in series 0 and {arrays[position].shape[1]} in series "
            f"{position}; add or drop columns so that they agree"
        )
    empty = [i for i, a in enumerate(arrays) if len(a) == 0]
    if empty:
        raise ValueError(
            f"every series needs at least one row, got 0 rows in series {empty[0]}; drop it"
        )
    return np.concatenate(arrays)


def _runs(ids: Array, what: str) -> tuple[int, ...]:
    """Return the lengths of the runs of equal ids, which must not come back."""
    if len(ids) == 0:
        return ()
    change = np.flatnonzero(ids[1:] != ids[:-1]) + 1
    firsts = ids[np.concatenate([[0], change])]
    if len(set(firsts.tolist())) < len(firsts):
        seen: set[Any] = set()
        again = next(i for i in firsts.tolist() if i in seen or seen.add(i))  # type: ignore[func-returns-value] # set.add returns None, hence "or"
        raise ValueError(
            f"the rows of one series must be contiguous in {what}, got series {again!r} in more "
            "than one run; sort the rows by series (a stable sort keeps their time order)"
        )
    return tuple(np.diff(np.concatenate([[0], change, [len(ids)]])).tolist())


def flatten(X: Any, series_id: Any = None) -> tuple[Any, Layout]:
    """Turn any accepted container into rows and their layout.

    Parameters
    ----------
    X : 2-D array, DataFrame, list of 2-D arrays, 3-D array, or DataFrame with a MultiIndex
    series_id : (n_rows,), one id per row of a 2-D X, equal ids contiguous

    Returns
    -------
    rows : what `validate_data` shall check: (n_rows, n_features), or a DataFrame as it came
    layout : how the rows divide into series

    Raises
    ------
    ValueError
        For ragged widths, a list of 1-D arrays, series in several pieces, or `series_id` with
        a container that already holds many series.
    """
    listed = is_series_list(X)
    stacked = isinstance(X, np.ndarray) and X.ndim == 3
    indexed = is_frame(X) and getattr(X.index, "nlevels", 1) > 1
    if series_id is not None:
        if listed or stacked or indexed:
            raise ValueError(
                "series_id goes with one 2-D array, got a container that already holds many "
                "series; drop series_id, or pass the rows as one 2-D array"
            )
        return X, _identified(X, series_id)
    if listed:
        return _join(members_of(X) or []), Layout("list", tuple(len(s) for s in X))
    if stacked:
        n_series, n_steps, n_features = X.shape
        if n_series == 0 or n_steps == 0:
            raise ValueError(
                f"X must hold at least one series of at least one step, got shape {X.shape} "
                "(n_series, n_steps, n_features)"
            )
        return X.reshape(-1, n_features), Layout("stack", (n_steps,) * n_series)
    if indexed:
        ids = np.asarray(X.index.get_level_values(0))
        return X, Layout("frame", _runs(ids, "level 0 of the index"), X.index)
    rows = X.shape[0] if hasattr(X, "shape") and len(X.shape) else len(X) if _sized(X) else 0
    return X, Layout("single", (int(rows),), X.index if is_frame(X) else None)


def _sized(X: Any) -> bool:
    return hasattr(X, "__len__")


def _identified(X: Any, series_id: Any) -> Layout:
    ids = np.asarray(series_id)
    n_rows = len(X) if _sized(X) else np.shape(X)[0]
    if ids.ndim != 1 or len(ids) != n_rows:
        raise ValueError(
            f"series_id must hold one id per row of X, shape ({n_rows},), got {ids.shape}"
        )
    return Layout("series_id", _runs(ids, "series_id"), X.index if is_frame(X) else None)


def check_rows(
    estimator: Any, X: Any, *, series_id: Any = None, reset: bool, min_rows: int = 1
) -> tuple[Array, Layout]:
    """Flatten X and let scikit-learn check the rows: finite numbers, the fitted width and names.

    Parameters
    ----------
    estimator : whose `n_features_in_` and `feature_names_in_` are set or compared
    X : any container of docs/data.md
    series_id : (n_rows,) ids of a 2-D X
    reset : True in `fit`, False afterwards
    min_rows : fewest rows in all

    Returns
    -------
    rows : (n_rows, n_features) float64
    layout : how the rows divide into series
    """
    raw, layout = flatten(X, series_id)
    rows = validate_data(
        estimator, raw, reset=reset, dtype=np.float64, ensure_min_samples=min_rows, order="C"
    )
    if layout.kind == "single" and layout.lengths != (len(rows),):
        layout = Layout("single", (len(rows),), layout.index)
    return rows, layout


def restore(values: Array, layout: Layout) -> Any:
    """Put per-step values back into the container that X came in.

    Parameters
    ----------
    values : (n_rows,) or (n_rows, n_outputs), flat
    layout : the layout of X

    Returns
    -------
    A list for a list, (n_series, n_steps[, n_outputs]) for a 3-D array, else `values`.
    """
    if layout.kind == "list":
        return [values[rows] for rows in layout.slices()]
    if layout.kind == "stack":
        return values.reshape(layout.n_series, layout.lengths[0], *values.shape[1:])
    return values


def context_rows(estimator: Any, context: Any, layout: Layout) -> list[Array] | None:
    """Return the rows before each series of X, or None without context.

    Parameters
    ----------
    estimator : a fitted regressor
    context : (n, n_features) for one series, or one such array per series
    layout : of X

    Raises
    ------
    ValueError
        If there is not one context per series.
    """
    if context is None:
        return None
    rows, found = check_rows(estimator, context, reset=False)
    if found.n_series != layout.n_series:
        raise ValueError(
            f"context must hold one array per series of X, {layout.n_series}, got {found.n_series}"
        )
    return [rows[span] for span in found.slices()]
