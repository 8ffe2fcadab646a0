"""Inputs known ahead, as columns of numbers: scaled, or a column for each category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.csv_forecast.numbers import parse_number, parse_numbers
from benchmarks.csv_forecast.sheet import DataError, is_missing
from benchmarks.tasks.data import Array

MOST_CATEGORIES = 50


@dataclass(frozen=True)
class Known:
    """One known input on every step of the file.

    Attributes
    ----------
    name : str
        Of its column.
    values : array of shape (n_steps, n_columns)
        Numbers, standardised by the rows with a target; of categories a column each, 0 or 1.
    present : array of shape (n_steps,) of bool
        Which steps have a value.
    what : str
        What was made of it, in words.
    """

    name: str
    values: Array
    present: Array
    what: str


def encode(
    name: str,
    cells: Sequence[str],
    lines: Sequence[int],
    places: Array,
    shape: tuple[int, int],
    decimal: str,
) -> Known:
    """Return a known input as numbers.

    Parameters
    ----------
    name : str
        Of the column.
    cells : sequence of str
        Of the rows, in the order of time.
    lines : sequence of int
        The line of each.
    places : array of shape (n_rows,)
        The step of each.
    shape : (int, int)
        Steps in all, and steps of history, by which numbers are scaled and categories are found.
    decimal : str
        The decimal mark.

    Returns
    -------
    Known
        On all steps; 0 where there is none.

    Raises
    ------
    DataError
        For a column that is neither numbers nor a few categories, or a category of the future that
        history does not have.
    """
    n_steps, n_history = shape
    present = np.zeros(n_steps, dtype=bool)
    present[places] = [not is_missing(cell) for cell in cells]
    parsed = [parse_number(cell, decimal) for cell in cells]
    n_numbers = sum(value is not None for value in parsed)
    if n_numbers == len(cells):
        numbers = np.full(n_steps, np.nan)
        numbers[places] = parse_numbers(cells, lines, name, decimal)
        values, what = _scaled(numbers, n_history)
    else:
        values, what = _categories(name, cells, lines, places, shape)
    return Known(name, np.where(present[:, None], values, 0.0), present, what)


def _scaled(numbers: Array, n_history: int) -> tuple[Array, str]:
    """Return numbers in deviations of those of history."""
    past = numbers[:n_history][~np.isnan(numbers[:n_history])]
    mean, deviation = (past.mean(), past.std()) if len(past) else (0.0, 0.0)
    if not deviation > 1e-12 * max(abs(mean), 1e-300):
        return np.zeros((len(numbers), 1)), "left out: it is constant in all rows with a target"
    return ((numbers - mean) / deviation)[:, None], "numbers, standardised"


def _categories(
    name: str, cells: Sequence[str], lines: Sequence[int], places: Array, shape: tuple[int, int]
) -> tuple[Array, str]:
    """Return a column for each category of history."""
    n_steps, n_history = shape
    past = {c for c, place in zip(cells, places, strict=True) if place < n_history}
    names = sorted(c for c in past if not is_missing(c))
    if len(names) > MOST_CATEGORIES:
        line, cell = next(
            (line, c) for line, c in zip(lines, cells, strict=True) if parse_number(c, ".") is None
        )
        raise DataError(
            f"line {line}: {name!r} is {cell!r}, and the column has {len(names)} different texts, "
            f"more than {MOST_CATEGORIES} categories; write numbers, or leave it out of --known"
        )
    values = np.zeros((n_steps, len(names)))
    for line, cell, place in zip(lines, cells, places, strict=True):
        if is_missing(cell):
            continue
        if cell not in past:
            raise DataError(
                f"line {line}: {name!r} is {cell!r}, which no row with a target has, so that "
                f"nothing can be learned of it; write one of {', '.join(map(repr, names[:8]))}"
            )
        values[place, names.index(cell)] = 1.0
    return values, f"{len(names)} categories, a column each"


def fill_known(known: Known, until: int) -> Known:
    """Return a known input with values for steps without one: straight lines, or the one before.

    Parameters
    ----------
    known : Known
        Of all steps.
    until : int
        Steps from here on stay as they are.

    Returns
    -------
    Known
        The same, filled.
    """
    rows = np.arange(until)
    there = known.present[:until]
    if there.all() or not there.any():
        return known
    values, present = known.values.copy(), known.present.copy()
    if known.what.startswith("numbers"):
        values[:until, 0] = np.interp(rows, rows[there], values[:until, 0][there])
    else:
        before = np.maximum.accumulate(np.where(there, rows, -1))
        values[:until] = values[np.where(before < 0, rows[there][0], before)]
    present[:until] = True
    return Known(known.name, values, present, known.what)
