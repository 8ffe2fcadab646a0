"""The index of a DataFrame in a file: forecasts go on from it after loading."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Protocol

from reservoirs.labels import load_pandas
from reservoirs.persistence.budget import INDEX_BYTES, Budget

if TYPE_CHECKING:
    import pandas as pd

WORDS = {
    "freq": re.compile(r"-?[\w-]{1,40}"),
    # neither a path nor a zone that is read from one
    "zone": re.compile(r"(?!dateutil|.*\.\.)[A-Za-z][\w+:-]*(/[\w+-]+){0,2}"),
    "unit": re.compile(r"s|ms|us|ns"),
    "dtype": re.compile(r"(?!datetime|timedelta|period|interval|category|Sparse)[\w\[\]]{1,40}"),
}
MOST_ROWS = 2**27  # of a RangeIndex: three numbers in the file, an array once it is used


class WritesValues(Protocol):
    """The part of the tree's `Writer` that an index needs."""

    def write(self, value: object, where: str) -> Any:
        """Return the tree of a value."""


class ReadsValues(Protocol):
    """The part of the tree's `Reader` that an index needs.

    Attributes
    ----------
    budget : Budget
        Counts what reading takes.
    """

    budget: Budget

    def read(self, node: Any) -> Any:
        """Return the value of a tree."""


def is_index(value: object) -> bool:
    """Tell whether a value is a pandas index, without importing pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.Index)


def _bounded(start: int, stop: int, step: int) -> list[int]:
    """Return the three numbers of a range, refused where it would fill the memory."""
    if len(range(start, stop, step)) > MOST_ROWS:
        raise ValueError(f"a RangeIndex of more than {MOST_ROWS:,} rows; use another index")
    return [start, stop, step]


def _check_words(node: dict[str, Any]) -> None:
    """Refuse words that pandas would read as more than a frequency, a zone or a simple type."""
    for key, pattern in WORDS.items():
        word = node.get(key)
        if word is not None and not (type(word) is str and pattern.fullmatch(word)):
            raise ValueError(f"an index whose {key} is {str(word)[:40]!r}")


def write_index(writer: WritesValues, index: pd.Index, where: str) -> dict[str, Any]:
    """Return the node of an index.

    The index is a range, dates, periods, time differences, numbers, text, or levels of these. A
    TypeError is raised for a frequency with holidays, or another that no name tells.
    """
    pd = load_pandas()
    if isinstance(index, pd.MultiIndex):
        parts = {"levels": index.levels, "codes": index.codes, "names": index.names}
        return {"kind": "levels"} | {k: writer.write(list(v), where) for k, v in parts.items()}
    if isinstance(index, pd.CategoricalIndex):  # forecasts need its labels, not its categories
        index = index.astype(index.categories.dtype)
    node = {"name": writer.write(index.name, where), "kind": type(index).__name__}
    if isinstance(index, pd.RangeIndex):
        return {**node, "range": _bounded(index.start, index.stop, index.step)}
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex | pd.PeriodIndex):
        node |= {"ticks": writer.write(index.asi8, where), "freq": index.freqstr}
        if isinstance(index, pd.PeriodIndex):
            return node
        _check_frequency(index.freq, where)
        zone = getattr(index, "tz", None)
        return {**node, "unit": index.unit, "zone": None if zone is None else str(zone)}
    values = index.to_numpy()
    return {**node, "values": writer.write(values, where), "dtype": str(index.dtype)}


def _check_frequency(freq: pd.offsets.BaseOffset | None, where: str) -> None:
    """Refuse a frequency that its text does not tell: holidays, say, are not in it."""
    if freq is None:
        return
    try:
        known = load_pandas().tseries.frequencies.to_offset(freq.freqstr) == freq
    except ValueError:
        known = False
    if not known:
        raise TypeError(
            f"{where} follows {freq!r}, which is more than its name {freq.freqstr!r} says, and no "
            "file can hold the rest; give the frame a frequency of one name, "
            "frame.asfreq('B') say, or number its rows with reset_index(drop=True)"
        )


def read_index(reader: ReadsValues, node: dict[str, Any]) -> pd.Index:
    """Return the index of a node.

    The node is as `write_index` made it.

    Raises
    ------
    ValueError
        For an index of an unknown kind.
    """
    pd = load_pandas()
    reader.budget.take(INDEX_BYTES)
    _check_words(node)
    if node["kind"] == "levels":
        parts = {key: reader.read(node[key]) for key in ("levels", "codes", "names")}
        return pd.MultiIndex(**parts)
    name = reader.read(node["name"])
    if node["kind"] == "RangeIndex":
        return pd.RangeIndex(*_bounded(*node["range"]), name=name)
    if node["kind"] == "Index":
        return pd.Index(reader.read(node["values"]), dtype=node["dtype"], name=name)
    ticks, freq = reader.read(node["ticks"]), node["freq"]
    reader.budget.take(2 * getattr(ticks, "nbytes", 0))
    if node["kind"] == "PeriodIndex":
        return pd.PeriodIndex.from_ordinals(ticks, freq=freq, name=name)
    if node["kind"] == "TimedeltaIndex":
        return pd.TimedeltaIndex(ticks.astype(f"m8[{node['unit']}]"), freq=freq, name=name)
    if node["kind"] == "DatetimeIndex":
        dates = pd.DatetimeIndex(ticks.astype(f"M8[{node['unit']}]"), name=name)
        dates = dates if node["zone"] is None else dates.tz_localize("UTC").tz_convert(node["zone"])
        dates.freq = freq
        return dates
    raise ValueError(f"an index of an unknown kind, {node['kind']!r}")
