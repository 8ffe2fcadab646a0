"""Cells as times: ISO and local dates, with and without a zone, quarters, or plain numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.csv_forecast.sheet import DataError
from benchmarks.methods.peers import load

if TYPE_CHECKING:
    import pandas as pd

DATES = (
    ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d")
    + ("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%m.%Y", "%m/%Y", "%Y/%m")
    + ("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%b %Y", "%B %Y", "%b-%y")
)
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M", " %I:%M %p", " %I:%M:%S %p")
OFFSET = re.compile(r"[:\d](Z|[+-]\d{2}:?\d{2}|[+-]\d{2})$")  # after a clock
QUARTER = re.compile(r"\d{4}[- ]?Q[1-4]", re.IGNORECASE)
NUMBER = re.compile(r"[+-]?\d+([.]\d+)?")
N_TRIED = 200  # rows that a format is tried on before all


def parse_stamps(
    cells: Sequence[str],
    lines: Sequence[int],
    zone: str | None = None,
    date_format: str | None = None,
) -> pd.Index:
    """Return the times of all rows, in their order.

    Parameters
    ----------
    cells : sequence of str
        The column of times.
    lines : sequence of int
        The line of each row, for the message.
    zone : str or None, default=None
        The zone of the clock that was read, Europe/Berlin say; stamps with an offset are told in
        it.
    date_format : str or None, default=None
        How times are written, in strptime's words; None finds it.

    Returns
    -------
    pandas.DatetimeIndex, or pandas.Index of numbers
        The times.

    Raises
    ------
    DataError
        For the first cell that is no time, an hour that a clock skips, or dates that may be read
        in two ways.
    """
    for line, cell in zip(lines, cells, strict=True):
        if not cell:
            raise DataError(f"line {line} has no time; give the row its time, or drop it")
    if date_format:
        index = _by_format(cells, date_format)
        form = f"not written as {date_format}; correct it or --date-format"
    elif all(NUMBER.fullmatch(cell) for cell in cells) and not _are_dates(cells):
        return _numbers(cells)
    else:
        index, form = _read(cells, lines)
    missing = np.flatnonzero(index.isna())
    if len(missing):
        row = int(missing[0])
        like = "" if row == 0 else f" like {cells[0]!r} of line {lines[0]}"
        raise DataError(f"line {lines[row]}: {cells[row]!r} is no time{like}: {form}")
    return _in_zone(index, cells, lines, zone)


def _are_dates(cells: Sequence[str]) -> bool:
    """Tell whether digits are years or days written together, 20240131 say."""
    if all(re.fullmatch(r"(1[6-9]|2[01])\d\d", cell) for cell in cells):
        return True
    together = r"(19|20)\d\d(0[1-9]|1[012])(0[1-9]|[12]\d|3[01])"
    return all(re.fullmatch(together, cell) for cell in cells)


def _numbers(cells: Sequence[str]) -> pd.Index:
    pd = load("pandas", "pandas")
    whole = all(cell.lstrip("+-").isdigit() for cell in cells)
    return pd.Index([int(cell) if whole else float(cell) for cell in cells])


def _by_format(cells: Sequence[str], form: str) -> pd.DatetimeIndex:
    """Return times by one format; NaT where it does not fit."""
    pd = load("pandas", "pandas")
    index = pd.to_datetime(list(cells), format=form, errors="coerce", utc="%z" in form)
    return pd.DatetimeIndex(index)


def _iso(cells: Sequence[str]) -> pd.DatetimeIndex:
    """Return times by ISO 8601; with an offset in its zone where all have the same, else in UTC."""
    pd = load("pandas", "pandas")
    offsets = {match[1] for cell in cells if ":" in cell and (match := OFFSET.search(cell))}
    index = pd.to_datetime(list(cells), format="ISO8601", errors="coerce", utc=bool(offsets))
    index = pd.DatetimeIndex(index)
    if len(offsets) == 1 and "Z" not in offsets and not index.isna().any():
        return index.tz_convert(pd.Timestamp(cells[0]).tz)
    return index


def _read(cells: Sequence[str], lines: Sequence[int]) -> tuple[pd.DatetimeIndex, str]:
    """Return the times in the format that fits, and what to do about those that it does not fit."""
    pd = load("pandas", "pandas")
    remedy = "correct it, or say how times are written with --date-format"
    if QUARTER.fullmatch(cells[0]):
        quarters = [cell.upper().replace("-", "").replace(" ", "") for cell in cells]
        fits = [cell if QUARTER.fullmatch(cell) else None for cell in quarters]
        return pd.PeriodIndex(fits, freq="Q").to_timestamp(), remedy
    index = _iso(cells)
    if not index.isna()[0]:
        return index, remedy
    fitting = [form for form in _formats() if not _by_format(cells[:1], form).isna()[0]]
    if not fitting:
        return index, remedy
    tries = {form: _by_format(cells, form) for form in fitting}
    fewest = min(int(index.isna().sum()) for index in tries.values())
    best = {form: index for form, index in tries.items() if index.isna().sum() == fewest}
    rising = {form: i for form, i in best.items() if i.is_monotonic_increasing and i.is_unique}
    chosen = _one_of(rising or best)
    if chosen is None:
        names = " or --date-format ".join(f"'{form}'" for form in rising or best)
        raise DataError(
            f"line {lines[0]}: {cells[0]!r} may be read in two ways; say --date-format {names}"
        )
    return tries[chosen], remedy


def _formats() -> Iterator[str]:
    for date in DATES:
        for clock in CLOCKS:
            yield date + clock


def _one_of(tries: dict[str, pd.DatetimeIndex]) -> str | None:
    """Return the one format, or the one whose steps are most alike; None where none is."""
    alike = {form: _share_alike(index) for form, index in tries.items()}
    best = max(alike.values())
    winners = [form for form, share in alike.items() if share == best]
    return winners[0] if len(winners) == 1 else None


def _share_alike(index: pd.DatetimeIndex) -> float:
    """Return the share of the commonest step, of days or of months on one day."""
    if len(index) < 2:
        return 0.0
    steps = [np.diff(index.asi8)]
    if (index.day == index.day[0]).all():
        steps.append(np.diff(np.asarray(12 * index.year + index.month)))
    return max(float(np.unique(s, return_counts=True)[1].max()) / len(s) for s in steps)


def _in_zone(
    index: pd.DatetimeIndex, cells: Sequence[str], lines: Sequence[int], zone: str | None
) -> pd.DatetimeIndex:
    """Return times on the clock of a zone."""
    if zone is None:
        return index
    if index.tz is not None:
        return index.tz_convert(zone)
    try:
        return index.tz_localize(zone, ambiguous="infer")
    except Exception:  # an hour that the clock skips, or one of a pair is missing; pytz's own too
        told = index.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    row = int(np.argmax(np.asarray(told.isna())))
    raise DataError(
        f"line {lines[row]}: {cells[row]!r} comes twice or never on the clock of {zone}, and the "
        "rows around it do not tell which; write times with their offset (+02:00), or drop --tz"
    )
