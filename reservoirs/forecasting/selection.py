"""Rows and columns of a DataFrame by their labels and names."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def take_labels(frame: pd.DataFrame, labels: pd.Index, where: str) -> pd.DataFrame:
    """Return the rows of a DataFrame with some labels, in their order.

    The labels of the DataFrame or Series are unique; rows that are not asked for are left out.
    `where` is what an error calls it.

    Raises
    ------
    ValueError
        If a label has no row; the message names the first.
    """
    places = frame.index.get_indexer(labels)
    if (places < 0).any():
        absent = labels[places < 0]
        raise ValueError(
            f"{where} has no row for {len(absent)} of the {len(labels)} labels that are needed, "
            f"the first is {absent[0]} (its labels run from {frame.index[0]} to "
            f"{frame.index[-1]}, {frame.index.dtype}); add the rows, or pass an array to go by "
            "position"
        )
    return frame.iloc[places]


def take_columns(frame: pd.DataFrame, names: list[Hashable], where: str) -> pd.DataFrame:
    """Return the columns of a DataFrame with some names, in their order.

    Columns that are not asked for are left out. A Series without a name is any column; text also
    finds a column whose name, a number say, is written so. `where` is what an error calls the
    DataFrame.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    if not hasattr(frame, "columns"):
        frame = frame.to_frame(names[0] if frame.name is None and names else frame.name)
    absent = [name for name in names if name not in frame.columns]
    texts = [str(name) for name in frame.columns]
    if absent and set(names) <= set(texts) and len(set(texts)) == len(texts):
        # `next_step` writes names out where some are text and some are not
        frame, absent = frame.set_axis(texts, axis=1), []
    if absent:
        raise ValueError(
            f"{where} has no column {absent[0]!r}: the model was fitted with {names}, got "
            f"{list(frame.columns)}; rename the columns, or pass an array to go by position"
        )
    return frame[names]
