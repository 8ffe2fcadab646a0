"""The one step that times follow: their order, the frequency, and the rows that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from benchmarks.csv_forecast.sheet import DataError
from benchmarks.methods.peers import load
from benchmarks.tasks.data import Array

if TYPE_CHECKING:
    import pandas as pd

MOST_HOLES = 1 / 3  # of all steps; times with more follow another frequency
WINDOWS = (3, 6, 12)  # pieces that a frequency is inferred from
NAMES = {  # of pandas' frequencies, as people say them
    "h": "hour", "D": "day", "B": "business day", "min": "minute", "s": "second",
    "MS": "month", "ME": "month", "QS": "quarter", "QE": "quarter", "YS": "year", "YE": "year",
    "W": "week", "BMS": "month", "BME": "month",
}  # fmt: skip


@dataclass(frozen=True)
class Clock:
    """What rows a file has on its way from the first time to the last.

    Attributes
    ----------
    labels : pandas.Index
        Every step from the first time to the last, those without a row too.
    places : array of shape (n_rows,)
        The number of the step of each row.
    step : str
        What a step is called: hour, 15 min, month.
    freq : object
        A frequency of pandas, or the distance of numbers.
    reversed : bool
        Whether the file has the newest row first.
    """

    labels: pd.Index
    places: Array
    step: str
    freq: Any
    reversed: bool = False

    def after(self, n_steps: int) -> pd.Index:
        """Return the times of the steps after the last, (n_steps,)."""
        pd = load("pandas", "pandas")
        last = self.labels[-1]
        if not isinstance(self.labels, pd.DatetimeIndex):
            ahead = last + self.freq * np.arange(1, n_steps + 1)
            return pd.Index(np.round(ahead, 9) if isinstance(self.freq, float) else ahead)
        return _range(last, n_steps + 1, self.freq)[1:]


def numbered(n_rows: int) -> Clock:
    """Return the clock of rows without times: they are numbered from 0."""
    pd = load("pandas", "pandas")
    return Clock(pd.RangeIndex(n_rows), np.arange(n_rows), "row", 1)


def find_clock(index: pd.Index, cells: Sequence[str], lines: Sequence[int]) -> Clock:
    """Return the one step that times follow, and the place of each.

    Parameters
    ----------
    index : pandas.Index
        The times of all rows, in the order of the file.
    cells : sequence of str
        How they are written, for the message.
    lines : sequence of int
        The line of each, for the message.

    Returns
    -------
    Clock
        Its rows in the order of time.

    Raises
    ------
    DataError
        If times go back or come twice, follow no one step, or too many steps have no row.
    """
    if len(index) < 2:
        raise DataError(f"the file has {len(index)} row; a forecast needs a series of them")
    pd = load("pandas", "pandas")
    turned = bool(index[0] > index[-1]) and index.is_monotonic_decreasing
    if turned:
        index, cells, lines = index[::-1], cells[::-1], lines[::-1]
    _check_order(index, cells, lines)
    if not isinstance(index, pd.DatetimeIndex):
        return _of_numbers(index, cells, lines, turned)
    best: tuple[Any, Any] | None = None  # times, and their frequency
    for freq in _candidates(index):
        labels = _span(index, freq)
        if labels is not None and (best is None or len(labels) < len(best[0])):
            best = labels, freq
    if best is None or len(best[0]) - len(index) > MOST_HOLES * len(best[0]):
        _refuse(index, cells, lines, None if best is None else len(best[0]))
    labels, freq = best
    return Clock(labels, labels.get_indexer(index), _say(freq), freq, turned)


def _check_order(index: pd.Index, cells: Sequence[str], lines: Sequence[int]) -> None:
    later = np.asarray(index[1:] > index[:-1])
    if later.all():
        return
    row = 1 + int(np.argmin(later))
    if index[row] == index[row - 1]:
        raise DataError(
            f"line {lines[row]}: the time {cells[row]!r} comes twice, here and in line "
            f"{lines[row - 1]}; average or drop one (an hour that an autumn clock repeats: say its "
            "zone with --tz; several series below each other: one file each)"
        )
    raise DataError(
        f"line {lines[row]}: the time {cells[row]!r} comes after {cells[row - 1]!r} of line "
        f"{lines[row - 1]}; sort the rows by time"
    )


def _of_numbers(index: pd.Index, cells: Sequence[str], lines: Sequence[int], turned: bool) -> Clock:
    """Return the clock of times that are numbers."""
    pd = load("pandas", "pandas")
    values = np.asarray(index, dtype=float)
    distances, counts = np.unique(np.round(np.diff(values), 9), return_counts=True)
    step = float(distances[np.argmax(counts)])
    places = (values - values[0]) / step
    off = np.abs(places - np.round(places)) > 1e-4
    n = int(np.round(places[-1])) + 1
    if off.any() or n - len(index) > MOST_HOLES * n:
        _refuse(index, cells, lines, None if off.any() else n)
    whole = np.asarray(index).dtype.kind in "iu"
    first = index[0]
    labels = pd.RangeIndex(first, first + n * int(step), int(step)) if whole else None
    if labels is None:
        labels = pd.Index(np.round(first + step * np.arange(n), 9))
    freq = int(step) if whole else step
    return Clock(labels, np.round(places).astype(int), f"{step:g}", freq, turned)


def _candidates(index: pd.DatetimeIndex) -> Iterator[Any]:
    """Yield frequencies that the times may follow, the likeliest first."""
    pd = load("pandas", "pandas")
    wall = index.tz_localize(None)
    seen = {"D"}
    yield pd.offsets.Day()  # before 24 hours, which a clock that changes does not follow
    for width in (*WINDOWS, len(index)):
        for start in np.unique(np.linspace(0, max(len(index) - width, 0), 6).astype(int)):
            piece = wall[start : start + width]
            inferred = pd.infer_freq(piece) if len(piece) > 2 else None
            if inferred is not None and inferred not in seen:
                seen.add(inferred)
                yield pd.tseries.frequencies.to_offset(inferred)
    if (wall.dayofweek < 5).all() and len(wall) > 9:
        yield pd.offsets.BusinessDay()
    for months in (1, 3, 12):  # the 15th of every month
        yield pd.DateOffset(months=months)
    for labels in (index, wall):
        distances, counts = np.unique(np.diff(labels.asi8), return_counts=True)
        yield pd.tseries.frequencies.to_offset(
            pd.Timedelta(int(distances[np.argmax(counts)]), unit=labels.unit)
        )


def _span(index: pd.DatetimeIndex, freq: Any) -> pd.DatetimeIndex | None:  # noqa: ANN401 # pandas'
    """Return every time of a frequency from the first row to the last; None if rows lie beside."""
    pd = load("pandas", "pandas")
    first, last = index[0], index[-1]
    if isinstance(freq, pd.offsets.Tick) and (last - first) / freq > 3 * len(index) + 10:
        return None
    wall = index.tz_localize(None)
    absolute = isinstance(freq, pd.offsets.Tick) and not isinstance(freq, pd.offsets.Day)
    if absolute:
        labels = pd.date_range(first, last, freq=freq)
    else:
        labels = _localize(pd.date_range(wall[0], wall[-1], freq=freq), index.tz)
    return labels if len(labels) and bool(index.isin(labels).all()) else None


def _range(first: pd.Timestamp, n: int, freq: Any) -> pd.DatetimeIndex:  # noqa: ANN401 # pandas'
    """Return n times from the first on."""
    pd = load("pandas", "pandas")
    if isinstance(freq, pd.offsets.Tick) and not isinstance(freq, pd.offsets.Day):
        return pd.date_range(first, periods=n, freq=freq)
    return _localize(pd.date_range(first.tz_localize(None), periods=n, freq=freq), first.tz)


def _localize(wall: pd.DatetimeIndex, zone: Any) -> pd.DatetimeIndex:  # noqa: ANN401 # a tzinfo
    """Return times of a clock on the wall in its zone; an hour that it skips is the next one."""
    if zone is None:
        return wall
    summer = np.ones(len(wall), dtype=bool)
    return wall.tz_localize(zone, ambiguous=summer, nonexistent="shift_forward")


def _refuse(
    index: pd.Index, cells: Sequence[str], lines: Sequence[int], n_steps: int | None
) -> NoReturn:
    """Raise a DataError for times that no one step holds, with the first that leaves it."""
    values = np.asarray(index) if index.dtype.kind in "iuf" else index.asi8
    gaps = np.diff(values)
    distances, counts = np.unique(gaps, return_counts=True)
    common = distances[np.argmax(counts)]
    row = 1 + int(np.argmax(gaps != common))
    usual = index[1 + int(np.argmax(gaps == common))] - index[int(np.argmax(gaps == common))]
    distance = _plain(index[row] - index[row - 1])
    what = f"line {lines[row]}: {cells[row]!r} is {distance} after the row before"
    if n_steps is not None:
        what += f", and {n_steps - len(index)} of {n_steps} steps have no row"
    zoned = getattr(index, "tz", None) is not None
    raise DataError(
        f"{what}, where the commonest step is {_plain(usual)}: times must follow one frequency; "
        + ("say whose clock it is with --tz (Europe/Berlin), " if zoned else "")
        + "average them to one (an hour, a day), or leave --time out, so that rows are numbered"
    )


def _plain(distance: object) -> str:
    """Return a distance as text, without days where there are none."""
    return str(distance).removeprefix("0 days ")


def _say(freq: Any) -> str:  # noqa: ANN401 # pandas'
    """Return what people call a frequency."""
    if type(freq).__name__ == "DateOffset":
        return {1: "month", 3: "quarter", 12: "year"}[freq.kwds["months"]]
    count, word = freq.n, NAMES.get(str(freq.name).split("-")[0], str(freq.name))
    for larger, n in (("day", 24), ("week", 7)):
        if (word, larger) in (("hour", "day"), ("day", "week")) and count % n == 0:
            count, word = count // n, larger
    return word if count == 1 else f"{count} {word}s"
