"""Many series as one, one below the other, their columns by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reservoirs.labels import is_frame, load_pandas

if TYPE_CHECKING:
    import pandas as pd


def align_columns(tables: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Return DataFrames with the columns of the first, in its order.

    There is one per series; where some have no named columns all go by position.

    Raises
    ------
    ValueError
        If a DataFrame has other columns than the first.
    """
    if not all(hasattr(table, "columns") for table in tables):
        return list(tables)
    names, aligned = list(tables[0].columns), []
    for number, table in enumerate(tables):
        own = list(table.columns)
        if own != names and (set(own) != set(names) or len(own) != len(names)):
            raise ValueError(
                f"all series must have the same columns, got {names} in series 0 and {own} in "
                f"series {number}; rename, add or drop columns, or pass arrays to go by position"
            )
        aligned.append(table if own == names else table[names])
    return aligned


def join_series(series: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put series one below the other.

    There is at least one. The result is a DataFrame, of the kind of the first, where all have named
    columns.

    Raises
    ------
    ValueError
        For an empty series, or series of different widths or columns.
    """
    series = align_columns(series)
    arrays = [s if type(s) is np.ndarray else np.asarray(s) for s in series]
    shapes = {a.shape for a in arrays}
    if len({n_columns for _, n_columns in shapes}) > 1:
        position = next(i for i, a in enumerate(arrays) if a.shape[1] != arrays[0].shape[1])
        raise ValueError(
            "all series must have the same number of features, got "
            f"{arrays[0].shape[1]} in series 0 and {arrays[position].shape[1]} in series "
            f"{position}; add or drop columns so that they agree"
        )
    if any(not n_rows for n_rows, _ in shapes):
        raise ValueError(
            "every series needs at least one row, got 0 rows in series "
            f"{[len(a) for a in arrays].index(0)}; drop it"
        )
    rows = np.concatenate(arrays)
    if not all(hasattr(s, "columns") for s in series):
        return rows
    first = series[0]
    if is_frame(first):
        return load_pandas().DataFrame(rows, columns=first.columns)
    return type(first)(rows, schema=list(first.columns))
