"""Labels of rows: their order, the one frequency they follow, and how they go on.

A label is a date, a period, a time difference or a number. Anything else, text say, names a row but
has no next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import tzinfo
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


MOST_HOLES = 20  # labels of a frequency for each label that is there; a sparser one is none
FAR = 2**20  # steps that a forecast may go on for
NOT_INFERRED = ("SME", "SMS")  # half months: pandas knows and never infers them, nor LWOM
WINDOWS, N_PLACES = (3, 6, 12), 12  # pieces that a frequency is inferred from


def load_pandas() -> ModuleType:
    """Return pandas, which is imported when it is needed first: it takes half a second."""
    import pandas

    return pandas


def is_frame(X: object) -> bool:
    """Tell whether X is a pandas DataFrame or Series, without importing pandas."""
    return hasattr(X, "iloc") and hasattr(X, "index")


def has_names(X: object) -> bool:
    """Tell whether X has named columns: pandas and polars, DataFrame or Series."""
    return hasattr(X, "columns") or (hasattr(X, "to_frame") and hasattr(X, "name"))


def is_table(X: object) -> bool:
    """Tell whether X is an array or has named columns, so that it is no list written out."""
    return isinstance(X, np.ndarray) or is_frame(X) or has_names(X)


def has_order(index: pd.Index) -> bool:
    """Tell whether the labels of an index can follow each other.

    True for dates, periods, time differences and numbers.
    """
    pd = load_pandas()
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex | pd.TimedeltaIndex):
        return True
    return pd.api.types.is_numeric_dtype(index.dtype) and not pd.api.types.is_bool_dtype(
        index.dtype
    )


def check_order(index: pd.Index, where: str) -> None:
    """Check that labels increase strictly: rows are consecutive steps of time.

    `where` is what an error calls the data.

    Raises
    ------
    ValueError
        If a label is missing, comes twice or goes back; the message names the first.
    """
    if not has_order(index) or (index.is_monotonic_increasing and index.is_unique):
        if not index.hasnans:
            return
    if index.hasnans:
        row = int(np.argmax(np.asarray(index.isna())))
        raise ValueError(
            f"every row of {where} needs a label, got {index[row]} at row {row}; drop the row or "
            "give it its time"
        )
    row = 1 + int(np.argmax(np.asarray(index[1:] <= index[:-1])))
    if index[row] == index[row - 1]:
        what = f"{index[row]} comes twice, at rows {row - 1} and {row}"
        remedy = (
            "average or drop the rows that come twice; several series in one frame need a "
            "MultiIndex (series, time) or series_id"
        )
        if isinstance(index, load_pandas().DatetimeIndex) and index.tz is None:
            remedy += "; an hour that a clock repeats needs tz_localize(zone, ambiguous='infer')"
    else:
        what = f"{index[row]} at row {row} comes after {index[row - 1]}"
        remedy = "use sort_index(), or reset_index(drop=True) where the labels mean nothing"
    raise ValueError(f"the labels of {where} must increase from row to row: {what}; {remedy}")


def find_tail(index: pd.Index, likely: pd.Index | None = None) -> pd.Index | None:
    """Return the last label of an index, as an index that knows its one frequency.

    The frequency is the declared one, else the one that pandas infers, else the most common one
    whose range, in the zone of the index, holds every label.

    Labels are those of one series, strictly increasing; the frequency of `likely`, the tail of
    another, is tried first. Of numbers the last two are returned; None where no frequency holds the
    labels.
    """
    pd = load_pandas()
    if not len(index) or not has_order(index):
        return None
    if isinstance(index, pd.PeriodIndex):
        return index[-1:]
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        freq = index.freq if index.freq is not None else _find_frequency(index, likely)
        return None if freq is None else _with_frequency(index[-1:], freq)
    step = _number_step(index)
    if step is None:
        return None
    return _number_tail(index, step)


def _number_tail(index: pd.Index, step: int | float) -> pd.Index:
    """Return the tail of numbers that go on in steps of one size."""
    pd = load_pandas()
    if isinstance(step, float):
        return pd.Index([index[-1] - step, index[-1]], name=index.name)
    last = int(index[-1])
    if last + FAR * step < 2**63:
        return pd.RangeIndex(last, last + step, step, name=index.name)
    # a RangeIndex holds int64; pandas finds the type of these
    return pd.Index([last - step, last], name=index.name)


def _with_frequency(labels: pd.Index, freq: pd.offsets.BaseOffset) -> pd.Index | None:
    pd = load_pandas()
    try:
        if isinstance(freq, pd.offsets.LastWeekOfMonth):  # pandas finds no single label to be of it
            wall = labels.tz_localize(None)
            regular = pd.date_range(wall[0], periods=len(wall) + 1, freq=freq, name=wall.name)[:-1]
            return regular.tz_localize(labels.tz) if regular.equals(wall) else None
        return type(labels)(labels, freq=freq, name=labels.name)
    except Exception:  # not one of the frequency, or pytz's own errors where a clock jumps
        return None


def _find_frequency(index: pd.Index, likely: pd.Index | None) -> pd.offsets.BaseOffset | None:
    """Return the frequency of the fewest labels that still has all of an index."""
    pd = load_pandas()
    if len(index) > 2:
        inferred = pd.infer_freq(index)
        freq = None if inferred is None else pd.tseries.frequencies.to_offset(inferred)
        if freq is not None and _n_labels(index, freq) is not None:
            return freq
    declared = getattr(likely, "freq", None)
    if declared is not None and _n_labels(index, declared) is not None:
        return declared
    sizes = {}
    for freq in _candidates(index):
        size = _n_labels(index, freq)
        if size is not None:
            sizes[freq] = size
    return min(sizes, key=lambda freq: sizes[freq]) if sizes else None


def _candidates(index: pd.Index) -> Iterator[pd.offsets.BaseOffset]:
    """Yield frequencies of pieces of an index, the commonest distance first."""
    pd = load_pandas()
    to_offset = pd.tseries.frequencies.to_offset
    wall = index.tz_localize(None) if getattr(index, "tz", None) is not None else index
    for labels in (index, wall):  # days have 23 to 25 hours, their clocks read the same
        distances = Counter(np.diff(labels.asi8).tolist())
        common = max(distances, key=lambda d: (distances[d], -d))
        yield to_offset(pd.Timedelta(common, unit=labels.unit))
        divisor = int(np.gcd.reduce(list(distances)))
        yield to_offset(pd.Timedelta(divisor, unit=labels.unit))
    seen = set()
    for width in WINDOWS:
        for start in np.unique(np.linspace(0, max(len(index) - width, 0), N_PLACES).astype(int)):
            inferred = pd.infer_freq(index[start : start + width]) if len(index) > 2 else None
            if inferred is not None and inferred not in seen:
                seen.add(inferred)
                yield to_offset(inferred)
    if isinstance(index, pd.DatetimeIndex):
        yield from map(to_offset, NOT_INFERRED)
        yield pd.offsets.LastWeekOfMonth(weekday=wall[-1].weekday())


def _n_labels(index: pd.Index, freq: pd.offsets.BaseOffset) -> int | None:
    """Return how many labels of a frequency the range of an index has; None if not all its own."""
    pd = load_pandas()
    first, last = index[0], index[-1]
    # a frequency of nanoseconds would fill the memory with the labels of a year
    if isinstance(freq, pd.offsets.Tick) and (last - first) / freq > MOST_HOLES * len(index):
        return None
    labels = _span(index, freq)
    few = len(labels) <= MOST_HOLES * len(index)
    return len(labels) if few and bool(index.isin(labels).all()) else None


def _span(index: pd.Index, freq: pd.offsets.BaseOffset) -> pd.Index:
    """Return the labels of a frequency from the first of an index to its last."""
    pd = load_pandas()
    if isinstance(index, pd.TimedeltaIndex):
        return pd.timedelta_range(index[0], index[-1], freq=freq)
    if index.tz is None or _is_absolute(freq):
        return pd.date_range(index[0], index[-1], freq=freq)
    wall = index.tz_localize(None)
    return _localize(pd.date_range(wall[0], wall[-1], freq=freq), index.tz)


def _is_absolute(freq: pd.offsets.BaseOffset) -> bool:
    """Tell whether a frequency counts seconds; others count the days of a clock on the wall."""
    offsets = load_pandas().offsets
    return isinstance(freq, offsets.Tick) and not isinstance(freq, offsets.Day)


def _localize(wall: pd.DatetimeIndex, zone: tzinfo) -> pd.DatetimeIndex:
    """Return times of a clock on the wall in its zone; an hour that it skips is the next one."""
    labels = wall.tz_localize(
        zone, ambiguous=np.zeros(len(wall), dtype=bool), nonexistent="shift_forward"
    )
    regular = _with_frequency(labels, wall.freq)
    return labels if regular is None else regular


def _number_step(index: pd.Index) -> int | float | None:
    """Return the commonest step of numbers, None where some label is not a multiple away."""
    values = np.asarray(index)
    if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        return None
    whole = values.dtype.kind in "iu"
    if len(values) < 2:
        return 1 if whole else None
    distances = _distances(values)
    if distances is None:
        return None
    steps = np.diff(distances)
    unit = 1 if whole else np.median(steps)
    numbers, counts = np.unique(steps if whole else np.round(steps / unit, 9), return_counts=True)
    step = numbers[np.argmax(counts)] * unit
    if not whole:  # the steps of a linspace differ by rounding: the whole range knows better
        span = distances[-1]
        step = span / round(span / step)
    multiples = distances / step
    if np.abs(multiples - np.round(multiples)).max() > 1e-6:
        return None
    return int(step) if whole else float(step)


def _distances(values: NDArray[np.generic]) -> NDArray[np.number] | None:
    """Return how far increasing numbers are from the first; None for integers beyond int64."""
    if values.dtype.kind == "f":
        return values.astype(np.float64) - float(values[0])
    # differences of unsigned 64 bits are right whatever the signs; small types would overflow
    wide = values.astype(np.int64 if values.dtype.kind == "i" else np.uint64).view(np.uint64)
    distances = wide - wide[0]
    return None if distances[-1] >= 2**63 else distances.astype(np.int64)


def continue_labels(tail: pd.Index, n_steps: int) -> pd.Index:
    """Return the labels that follow the last.

    The tail is from `find_tail`, and gives the labels its name.
    """
    pd = load_pandas()
    name = tail.name
    if isinstance(tail, pd.PeriodIndex):
        return pd.period_range(tail[-1] + 1, periods=n_steps, freq=tail.freq, name=name)
    if isinstance(tail, pd.DatetimeIndex):
        wall = tail if tail.tz is None or _is_absolute(tail.freq) else tail.tz_localize(None)
        labels = pd.date_range(wall[-1], periods=n_steps + 1, freq=tail.freq, name=name)[1:]
        return labels if wall is tail else _localize(labels, tail.tz)
    if isinstance(tail, pd.TimedeltaIndex):
        return pd.timedelta_range(tail[-1], periods=n_steps + 1, freq=tail.freq, name=name)[1:]
    if isinstance(tail, pd.RangeIndex):
        first = tail[-1] + tail.step
        return pd.RangeIndex(first, first + n_steps * tail.step, tail.step, name=name)
    if tail.dtype.kind in "iu":
        last, step = int(tail[-1]), int(tail[-1]) - int(tail[-2])
        return pd.Index([last + step * number for number in range(1, n_steps + 1)], name=name)
    step = tail[-1] - tail[-2]
    return pd.Index(tail[-1] + step * np.arange(1, n_steps + 1), name=name)


def advance(tail: pd.Index) -> pd.Index | None:
    """Return the tail one step later.

    None where a clock has moved it off its frequency.
    """
    following = continue_labels(tail, 1)
    pd = load_pandas()
    if isinstance(tail, pd.DatetimeIndex | pd.TimedeltaIndex):
        return _with_frequency(following, tail.freq)
    if isinstance(tail, pd.PeriodIndex | pd.RangeIndex):
        return following
    return tail[-1:].append(following)


def missing_labels(index: pd.Index, tail: pd.Index) -> pd.Index:
    """Return the labels of a frequency that an index leaves out.

    They lie between the first and the last of the labels of one series, strictly increasing; the
    tail is from `find_tail`.
    """
    pd = load_pandas()
    first, last = index[0], index[-1]
    if isinstance(index, pd.PeriodIndex):
        every = pd.period_range(first, last, freq=index.freq)
    elif isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        every = _span(index, tail.freq)
    else:
        step = tail.step if isinstance(tail, pd.RangeIndex) else tail[-1] - tail[0]
        distances = _distances(np.asarray(index))
        assert distances is not None  # `find_tail` found a frequency
        places = np.round(distances / step).astype(int)
        absent = np.setdiff1d(np.arange(places[-1] + 1), places)
        if isinstance(step, int) or tail.dtype.kind in "iu":
            return pd.Index([int(first) + int(step) * int(place) for place in absent])
        return pd.Index(first + step * absent)
    return every.difference(index) if len(every) > len(index) else index[:0]


def continue_like(index: pd.Index, tail: pd.Index) -> pd.Index | None:
    """Return the tail of an index by the frequency of another, where its labels are of that.

    One label is enough. It gets a frequency of its own where the other does not hold it.
    """
    pd = load_pandas()
    if type(index) is type(tail) and isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        if _n_labels(index, tail.freq) is not None:
            return _with_frequency(index[-1:], tail.freq)
    numbers = has_order(index) and index.dtype.kind in "iuf" and tail.dtype.kind in "iuf"
    if numbers and len(index) < 3:
        step = tail.step if isinstance(tail, pd.RangeIndex) else tail[-1] - tail[0]
        whole = index.dtype.kind in "iu" and tail.dtype.kind in "iu"
        return _number_tail(index, int(step) if whole else float(step))
    return find_tail(index)
