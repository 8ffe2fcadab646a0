"""The index of a DataFrame in a file: forecasts go on from it after loading."""

from __future__ import annotations

import sys
from typing import Any

MOST_ROWS = 2**27  # of an index that takes no room in the file, but may when it is used


def is_index(value: Any) -> bool:
    """Tell whether a value is a pandas index, without importing pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.Index)


def _bounded(start: int, stop: int, step: int) -> list[int]:
    """Return a range that a few numbers in a file may stand for."""
    if len(range(start, stop, step)) > MOST_ROWS:
        raise ValueError(f"a RangeIndex of more than {MOST_ROWS:,} rows; use another index")
    return [start, stop, step]


def write(writer: Any, index: Any, where: str) -> dict[str, Any]:
    """Return the node of an index.

    Parameters
    ----------
    writer : of the tree
    index : range, dates, periods, time differences, numbers, text, or levels of these
    where : what to call it in an error
    """
    import pandas as pd

    if isinstance(index, pd.MultiIndex):
        parts = {"levels": index.levels, "codes": index.codes, "names": index.names}
        return {"kind": "levels"} | {k: writer.write(list(v), where) for k, v in parts.items()}
    node = {"name": writer.write(index.name, where), "kind": type(index).__name__}
    if isinstance(index, pd.RangeIndex):
        return {**node, "range": _bounded(index.start, index.stop, index.step)}
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex | pd.PeriodIndex):
        freq = None if index.freq is None else index.freqstr
        node |= {"ticks": writer.write(index.asi8, where), "freq": freq}
        if isinstance(index, pd.PeriodIndex):
            return node
        zone = getattr(index, "tz", None)
        return {**node, "unit": index.unit, "zone": None if zone is None else str(zone)}
    values = index.to_numpy()
    return {**node, "values": writer.write(values, where), "dtype": str(index.dtype)}


def read(reader: Any, node: dict[str, Any]) -> Any:
    """Return the index of a node.

    Parameters
    ----------
    reader : of the tree
    node : as `write` made it

    Raises
    ------
    ValueError
        For an index of no known kind.
    """
    import pandas as pd

    if node["kind"] == "levels":
        parts = {key: reader.read(node[key]) for key in ("levels", "codes", "names")}
        return pd.MultiIndex(**parts)
    name = reader.read(node["name"])
    if node["kind"] == "RangeIndex":
        return pd.RangeIndex(*_bounded(*node["range"]), name=name)
    if node["kind"] == "Index":
        return pd.Index(reader.read(node["values"]), dtype=node["dtype"], name=name)
    ticks, freq = reader.read(node["ticks"]), node["freq"]
    if node["kind"] == "PeriodIndex":
        return pd.PeriodIndex.from_ordinals(ticks, freq=freq, name=name)
    if node["kind"] == "TimedeltaIndex":
        return pd.TimedeltaIndex(ticks.astype(f"m8[{node['unit']}]"), freq=freq, name=name)
    if node["kind"] == "DatetimeIndex":
        dates = pd.DatetimeIndex(ticks.astype(f"M8[{node['unit']}]"), name=name)
        dates = dates if node["zone"] is None else dates.tz_localize("UTC").tz_convert(node["zone"])
        dates.freq = freq
        return dates
    raise ValueError(f"an index of no known kind, {node['kind']!r}")
