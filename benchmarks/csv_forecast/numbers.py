"""Cells as numbers: which mark is the decimal one, and the first cell that is no number."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from benchmarks.csv_forecast.sheet import DataError, is_missing
from benchmarks.tasks.data import Array

OTHER = {".": ",", ",": "."}
GROUPED = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+")  # 1,234 or 1.234: thousands, or a decimal mark


def find_decimal(columns: Sequence[Sequence[str]], lines: Sequence[int], separator: str) -> str:
    """Return the decimal mark of some columns, `.` or `,`.

    Parameters
    ----------
    columns : sequence of sequences of str
        Cells that are to be numbers.
    lines : sequence of int
        The line of each row, for the message.
    separator : str
        What stands between cells: where it is a comma, a number with one was quoted.

    Returns
    -------
    str
        The mark; a point where no cell has one.

    Raises
    ------
    DataError
        If cells contradict each other, or `1,234` may be either.
    """
    shown: dict[str, tuple[int, str]] = {}  # the mark, and where it was seen first
    doubtful: tuple[int, str] | None = None
    for cells in columns:
        for line, cell in zip(lines, cells, strict=True):
            mark = _mark(cell)
            if mark:
                shown.setdefault(mark, (line, cell))
            elif doubtful is None and "," in cell and GROUPED.fullmatch(cell):
                doubtful = line, cell
    if len(shown) == 2:
        one, two = shown.values()
        raise DataError(
            f"line {one[0]} has {one[1]!r} and line {two[0]} {two[1]!r}: two decimal marks in one "
            "file; say which is right with --decimal, and correct the others"
        )
    if shown:
        return next(iter(shown))
    if doubtful and separator == ",":
        return "."
    if doubtful:
        raise DataError(
            f"line {doubtful[0]}: {doubtful[1]!r} may be thousands or a decimal comma; say "
            "--decimal . or --decimal ,"
        )
    return "."


def _mark(cell: str) -> str:
    """Return the decimal mark that a cell shows beyond doubt; "" where it shows none."""
    last = max(cell.rfind("."), cell.rfind(","))
    if last < 0 or not re.fullmatch(r"[+-]?[\d.,]*\d([eE][+-]?\d+)?", cell):
        return ""
    mark = cell[last]
    if cell.count(mark) > 1:  # thousands
        return OTHER[mark] if GROUPED.fullmatch(cell) and OTHER[mark] not in cell else ""
    if OTHER[mark] in cell:
        return mark
    # "1.234" is taken for a decimal point, "1,234" is left open
    return "" if mark == "," and GROUPED.fullmatch(cell) else mark


def parse_numbers(cells: Sequence[str], lines: Sequence[int], name: str, decimal: str) -> Array:
    """Return the cells of a column as numbers, NaN for those without a value.

    Parameters
    ----------
    cells : sequence of str
        Of one column.
    lines : sequence of int
        The line of each, for the message.
    name : str
        Of the column, for the message.
    decimal : str
        The decimal mark; the other one groups thousands.

    Returns
    -------
    array of shape (n_rows,)
        The numbers.

    Raises
    ------
    DataError
        For the first cell that is no finite number.
    """
    values = np.empty(len(cells))
    for i, cell in enumerate(cells):
        value = parse_number(cell, decimal)
        if value is None or np.isinf(value):
            raise DataError(
                f"line {lines[i]}: {name!r} is {cell!r}, which is no number (decimal mark "
                f"{decimal!r}); correct it, leave the cell empty where there is no value, or say "
                "--decimal"
            )
        values[i] = value
    return values


def parse_number(cell: str, decimal: str) -> float | None:
    """Return a cell as a number, NaN where it has no value, None where it is no number."""
    if is_missing(cell):
        return float("nan")
    other = OTHER[decimal]
    whole, mark, rest = cell.replace("\u2212", "-").partition(decimal)
    if other in whole and not re.fullmatch(rf"[+-]?\d{{1,3}}(\{other}\d{{3}})+", whole):
        return None
    try:
        return float(whole.replace(other, "").replace("\u00a0", "") + mark.replace(",", ".") + rest)
    except ValueError:
        return None
