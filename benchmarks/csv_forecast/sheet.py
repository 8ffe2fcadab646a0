"""A CSV file as cells of text, each row with its line in the file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.running.suites import UsageError, check_names

SEPARATORS = (",", ";", "\t", "|")
N_SAMPLED = 50  # lines that the separator is read off
MISSING = {"", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", "?", "."}
MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class DataError(Exception):
    """The file cannot be forecast as it is; the message names the line and the remedy."""


@dataclass(frozen=True)
class Sheet:
    """A table of text.

    Attributes
    ----------
    header : list of str
        The names of the columns.
    rows : list of list of str
        The cells of each row, stripped; as many as there are columns.
    lines : list of int
        The line of the file that each row ends on, the first being 1.
    separator : str
        What stands between cells.
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    separator: str

    def column(self, name: str, role: str) -> list[str]:
        """Return the cells of a column.

        Raises
        ------
        UsageError
            If there is no such column, with the names that come near.
        DataError
            If several have the name.
        """
        check_names([name], self.header, f"column for {role}")
        if self.header.count(name) > 1:
            raise DataError(
                f"line 1 has {self.header.count(name)} columns called {name!r}; rename all but one"
            )
        place = self.header.index(name)
        return [row[place] for row in self.rows]


def is_missing(cell: str) -> bool:
    """Tell whether a cell says that there is no value."""
    return cell.lower() in MISSING


def read_sheet(path: Path, separator: str | None = None) -> Sheet:
    """Read a CSV file.

    Parameters
    ----------
    path : Path
        UTF-8, with or without a byte order mark; the first line has the names of the columns.
    separator : str or None, default=None
        One character, or None for the one of `,`, `;`, tab and `|` that cuts the lines alike.

    Returns
    -------
    Sheet
        Its cells.

    Raises
    ------
    DataError
        If the file is not UTF-8, has no rows, or a row has another number of cells than the first.
    """
    text = _decode(path.read_bytes())
    first, _, rest = text.partition("\n")
    said = re.fullmatch(r"sep=(.)\r?", first)  # what Excel writes and reads
    skipped = 1 if said else 0
    if said:
        text, separator = rest, separator or said[1]
    separator = separator or find_separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        cells = [(reader.line_num + skipped, [c.strip() for c in row]) for row in reader]
    except csv.Error as error:
        raise DataError(f"line {reader.line_num + skipped}: {error}") from error
    cells = [(line, row) for line, row in cells if any(row)]
    if len(cells) < 2:
        raise DataError(
            "the file has no rows: the first line must name the columns, the rows follow"
        )
    header = cells[0][1]
    if len(header) < 2 and separator not in first:
        raise DataError(
            f"line 1 has one column only, {header[0]!r}; say what separates columns with --sep"
        )
    rows = list(_checked(cells[1:], header, separator))
    return Sheet(header, rows, [line for line, _ in cells[1:]], separator)


def _decode(data: bytes) -> str:
    for mark, name in MARKS.items():
        if data.startswith(mark):
            raise DataError(f"the file is {name}; save it as UTF-8 (CSV UTF-8 in a spreadsheet)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"line {line} is not UTF-8 (byte {data[error.start]:#04x}); save the file as UTF-8 "
            "(CSV UTF-8 in a spreadsheet)"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"line {line} holds a zero byte; the file is no text")
    return text


def find_separator(text: str) -> str:
    """Return what separates the cells of a text: what cuts its lines alike, into most cells.

    A comma where nothing does.
    """
    lines = [line for line in text.splitlines()[:N_SAMPLED] if line.strip()]

    def score(separator: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
        alike = sum(width == widths[0] for width in widths) / max(len(widths), 1)
        return (alike if widths and widths[0] > 1 else 0.0, widths[0] if widths else 0)

    return max(SEPARATORS, key=score)


def _checked(
    cells: list[tuple[int, list[str]]], header: list[str], separator: str
) -> Iterator[list[str]]:
    """Yield rows of as many cells as the header has; what is too much may only be empty."""
    n = len(header)
    for line, row in cells:
        if len(row) < n or any(row[n:]):
            shown = "tab" if separator == "\t" else repr(separator)
            raise DataError(
                f"line {line} has {len(row)} cells, the first line {n} (separator {shown}); "
                "correct it, put quotes around cells that hold the separator, or say --sep"
            )
        yield row[:n]


def parse_separator(text: str) -> str:
    """Return the character that --sep names: itself, or tab.

    Raises
    ------
    UsageError
        If it is none.
    """
    character = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(text, text)
    if len(character) != 1:
        raise UsageError(f"--sep takes one character, or tab, got {text!r}")
    return character
