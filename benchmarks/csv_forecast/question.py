"""What is asked of a file, and the file as arrays: series, known inputs, times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.csv_forecast.known import Known, encode, fill_known
from benchmarks.csv_forecast.numbers import find_decimal, parse_number, parse_numbers
from benchmarks.csv_forecast.sheet import DataError, Sheet, read_sheet
from benchmarks.csv_forecast.stamps import parse_stamps
from benchmarks.csv_forecast.steps import Clock, find_clock, numbered
from benchmarks.tasks.data import Array

LEARNED = 4000  # rows at most that are learned from, unless more are asked for


@dataclass(frozen=True)
class Question:
    """What the command line asks.

    Attributes
    ----------
    path : Path
        The CSV file.
    targets : list of str
        Columns to forecast.
    horizon : int
        Steps ahead.
    time : str or None
        The column of times; None numbers the rows.
    known : list of str
        Columns of inputs known ahead.
    levels : list of float
        Of intervals, in per cent, the lowest first.
    season : int or None
        Steps of a season; None finds it.
    separator, decimal, date_format, zone : str or None
        How the file is written; None finds it.
    n_learned : int
        Rows at most that are learned from, the last ones.
    fill : bool
        Whether missing known inputs are filled.
    seed : int
        Of the reservoirs.
    """

    path: Path
    targets: list[str]
    horizon: int
    time: str | None = None
    known: list[str] = field(default_factory=list)
    levels: list[float] = field(default_factory=lambda: [80.0, 95.0])
    season: int | None = None
    separator: str | None = None
    decimal: str | None = None
    date_format: str | None = None
    zone: str | None = None
    n_learned: int = LEARNED
    fill: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Series:
    """One target, from its first value to its last.

    Attributes
    ----------
    name : str
        Of its column.
    values : array of shape (n,)
        Its steps, NaN where there is no value.
    first : int
        The step of the first value among those of the clock.
    exog : array of shape (n + n_ahead, n_columns)
        Known inputs beside it and beyond.
    """

    name: str
    values: Array
    first: int
    exog: Array

    @property
    def n_ahead(self) -> int:
        """Steps from the last value to the end of the forecast."""
        return len(self.exog) - len(self.values)


@dataclass(frozen=True)
class Material:
    """A file that can be forecast.

    Attributes
    ----------
    question : Question
        What is asked.
    sheet : Sheet
        Its cells.
    clock : Clock
        Its steps.
    origin : int
        Steps up to the last that has a target.
    series : list of Series
        One for each target.
    decimal : str
        The decimal mark.
    notes : list of str
        What was found and done, a sentence each.
    """

    question: Question
    sheet: Sheet
    clock: Clock
    origin: int
    series: list[Series]
    decimal: str
    notes: list[str]


def read_material(question: Question) -> Material:
    """Read a file, check it, and bring it into the form that a forecast needs.

    Parameters
    ----------
    question : Question
        What is asked of which file.

    Returns
    -------
    Material
        Without anything that cannot be forecast.

    Raises
    ------
    DataError
        If it cannot be forecast as it is: the message has the line and the remedy.
    UsageError
        If a column does not exist.
    """
    sheet = read_sheet(question.path, question.separator)
    columns = {name: sheet.column(name, "--target") for name in question.targets}
    known = {name: sheet.column(name, "--known") for name in question.known}
    numeric = [*columns.values(), *(cells for cells in known.values() if _is_numeric(cells))]
    decimal = question.decimal or find_decimal(numeric, sheet.lines, sheet.separator)
    clock, lines, turn = _clock(question, sheet)
    targets = {}
    for name, cells in columns.items():
        targets[name] = np.full(len(clock.labels), np.nan)
        targets[name][clock.places] = parse_numbers(turn(cells), lines, name, decimal)
    origin = _last_observed(targets)
    n_history = origin + 1
    notes = _notes_of_rows(sheet, clock, lines, n_history)
    n_steps = max(len(clock.labels), n_history + question.horizon)
    inputs = [
        encode(name, turn(cells), lines, clock.places, (n_steps, n_history), decimal)
        for name, cells in known.items()
    ]
    inputs = [_checked(one, question, clock, lines, n_history) for one in inputs]
    notes += [f"Known ahead: {one.name} ({one.what})." for one in inputs]
    exog = np.hstack([np.zeros((n_steps, 0)), *(one.values for one in inputs)])
    exog = exog[: n_history + question.horizon]
    series = [_cut(name, values, exog, question, notes) for name, values in targets.items()]
    return Material(question, sheet, clock, n_history, series, decimal, notes)


def _is_numeric(cells: Sequence[str]) -> bool:
    """Tell whether cells are numbers with one decimal mark or the other."""
    return any(all(parse_number(cell, mark) is not None for cell in cells) for mark in ".,")


def _clock(question: Question, sheet: Sheet) -> tuple[Clock, list[int], _Turn]:
    """Return the steps of a file, and the lines of its rows in the order of time."""
    if question.time is None:
        return numbered(len(sheet.rows)), sheet.lines, _Turn(False)
    cells = sheet.column(question.time, "--time")
    index = parse_stamps(cells, sheet.lines, question.zone, question.date_format)
    clock = find_clock(index, cells, sheet.lines)
    turn = _Turn(clock.reversed)
    return clock, sheet.lines[::-1] if clock.reversed else sheet.lines, turn


@dataclass(frozen=True)
class _Turn:
    """Brings the cells of a column into the order of time."""

    newest_first: bool

    def __call__(self, cells: list[str]) -> list[str]:
        return cells[::-1] if self.newest_first else cells


def _last_observed(targets: dict[str, Array]) -> int:
    """Return the last step that has a target."""
    for name, values in targets.items():
        if np.isnan(values).all():
            raise DataError(f"{name!r} has no value in any row; choose another --target")
    return max(int(np.flatnonzero(~np.isnan(values))[-1]) for values in targets.values())


def _notes_of_rows(sheet: Sheet, clock: Clock, lines: Sequence[int], n_history: int) -> list[str]:
    """Return what to say of the rows of a file."""
    step = "Rows are numbered" if clock.step == "row" else f"One row is one {clock.step}"
    if clock.step[0].isdigit():
        step = f"Rows are {clock.step} apart"
    notes = [
        f"Read {len(sheet.rows):,} rows of {len(sheet.header)} columns. {step}: "
        f"{clock.labels[0]} to {clock.labels[-1]}."
    ]
    if clock.reversed:
        notes.append("The newest row came first: the rows were turned round.")
    there = np.zeros(len(clock.labels), dtype=bool)
    there[clock.places] = True
    holes = np.flatnonzero(~there[:n_history])
    if len(holes):
        before = int(np.searchsorted(clock.places, holes[0])) - 1
        notes.append(
            f"{len(holes):,} steps have no row, the first {clock.labels[holes[0]]} after line "
            f"{lines[before]}: they count as missing values."
        )
    return notes


def _checked(
    one: Known, question: Question, clock: Clock, lines: Sequence[int], n_history: int
) -> Known:
    """Return a known input that has a value at every step up to the end of the forecast."""
    end = n_history + question.horizon
    reach = int(np.flatnonzero(one.present)[-1]) + 1 if one.present.any() else 0
    if reach < end:
        n_ahead = max(reach - n_history, 0)
        ways = f", or ask for --horizon {n_ahead}" if n_ahead else ", or leave it out of --known"
        last = f"after line {lines[int(np.searchsorted(clock.places, reach - 1))]}, " * bool(reach)
        raise DataError(
            f"{one.name!r} ends {last}{n_ahead} steps after the last target, and a forecast of "
            f"{question.horizon} steps needs it for each of them; add those rows, with an empty "
            f"target{ways}"
        )
    if question.fill:
        one = fill_known(one, end)
    missing = np.flatnonzero(~one.present[:end])
    if not len(missing):
        return one
    row = int(np.searchsorted(clock.places, missing[0]))
    where = (
        f"line {lines[row]}: {one.name!r} has no value"
        if row < len(lines) and clock.places[row] == missing[0]
        else f"after line {lines[row - 1]}: there is no row for {clock.labels[missing[0]]}, so "
        f"that {one.name!r} has no value then"
    )
    raise DataError(
        f"{where} ({len(missing)} in all); write one, or let --fill-known draw a straight line "
        "(categories: the one before)"
    )


def _cut(name: str, values: Array, exog: Array, question: Question, notes: list[str]) -> Series:
    """Return a target from its first value, or the first that is learned, to its last."""
    there = np.flatnonzero(~np.isnan(values))
    first, stop = int(there[0]), int(there[-1]) + 1
    if stop - first > question.n_learned:
        first = int(there[there >= stop - question.n_learned][0])
        notes.append(
            f"{name}: learned from the last {stop - first:,} of {stop - there[0]:,} steps "
            f"(--rows sets how many)."
        )
    missing = int(np.isnan(values[first:stop]).sum())
    if missing:
        notes.append(
            f"{name}: {missing:,} of {stop - first:,} values are missing; they were filled by the "
            "model's own forecasts, and no comparison below counts them."
        )
    return Series(name, values[first:stop], first, exog[first:])
