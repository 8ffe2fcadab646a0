"""Common mistakes in X and y, and what to write instead.

Dates, time differences and text where numbers are needed, also text that reads as a number;
channels before time; next_step's tuple.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Container: TypeAlias = Any  # of rows, of any library
Column: TypeAlias = Any

STAR = "got X and y as one tuple: write fit(*next_step(series)), with the star"
Y_MISSING = (
    "For labels call fit(X, labels); to learn the next value of a series fit(*next_step(series))"
)
OURS = {"reservoirs", "trainers"}
NUMBERS = "biufc"  # kinds of types, as NumPy calls them
NUMERIC = "numbers as text"
DATE = re.compile(
    r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d|\d{1,2}:\d\d|[A-Za-z]{3,9}[ -]\d{2,4}\b|\d{4}-?Q\d)"
)


def callers_level() -> int:
    """Return the `stacklevel` with which a warning of the calling function names the user's line.

    That is the first line outside this library, whichever of its functions was called there.
    """
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in OURS:
        frame, level = frame.f_back, level + 1
    return level


class Pairs(tuple[Container, Container]):
    """X and y of `next_step`: as one argument they are no data.

    What makes an array of them is told so, a scaler of another library first in a Pipeline, say.
    """

    __slots__ = ()

    def __array__(self, dtype: object = None, copy: object = None) -> NDArray[Any]:
        """Refuse to be an array."""
        raise ValueError(STAR)


def refuse_no_series(values: Container, where: str) -> None:
    """Refuse what has no rows: nothing, a number, text, a dict, a generator.

    Raises
    ------
    TypeError
        If it is none of a series.
    """
    kept = hasattr(values, "__len__") or hasattr(values, "__array__")
    if kept and not isinstance(values, str | bytes | Mapping | Set) and np.shape(values) != ():
        return
    remedy = "the values of one or of several series"
    if isinstance(values, Mapping):
        remedy = "a dict of columns as pandas.DataFrame(...), of series as list(series.values())"
    elif isinstance(values, Iterator | Set):
        remedy = "what it yields in order, as a list"
    name = type(values).__name__
    raise TypeError(f"{where} must be an array, a list or a DataFrame, got {name}; pass {remedy}")


@contextmanager
def explain_text(values: Container, where: str, remedy: str = "") -> Iterator[None]:
    """Refuse dates and text before a conversion to numbers inside, and say why it failed.

    Text that reads as a number, "20240101" or "007", is refused too: it may be a date or a name,
    and the conversion would make a number of it without a word.

    `where` is what an error calls the values, `remedy` what to do about text; "" encodes the
    column.

    Raises
    ------
    ValueError
        For dates, time differences and text.
    TypeError
        What the conversion raises for anything else.
    """
    refuse_dates(values, where)
    refuse_text(values, where, remedy)
    try:
        yield
    except (ValueError, TypeError):
        message = _describe(values, where, remedy)
        if message is None:
            raise
        raise ValueError(message) from None


def refuse_dates(values: Container, where: str) -> None:
    """Refuse dates and time differences, which NumPy silently makes numbers of.

    `where` is what an error calls the rows.

    Raises
    ------
    ValueError
        For the first such column.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind not in "mM":
        return
    if hasattr(values, "columns"):  # many columns have few types
        dtypes = set(values.dtypes)
    else:
        dtypes = {column.dtype for _, column in _columns(values)}
    if any(_kind(dtype) in "mM" for dtype in dtypes):
        raise ValueError(_describe(values, where, ""))


def refuse_text(values: Container, where: str, remedy: str = "") -> None:
    """Refuse text, also text that reads as a number.

    `where` is what an error calls the rows, `remedy` what to do about text; "" encodes the column.

    Raises
    ------
    ValueError
        For the first column that holds text.
    """
    if _may_hold_text(values) and (message := _describe(values, where, remedy)) is not None:
        raise ValueError(message)


def _may_hold_text(values: Container) -> bool:
    """Tell whether values have a type that text may be of."""
    if isinstance(values, list | tuple):
        with suppress(ValueError, TypeError):
            return np.asarray(values).dtype.kind not in NUMBERS
        return False
    dtypes = set(values.dtypes) if hasattr(values, "columns") else {getattr(values, "dtype", float)}
    return any(_kind(dtype) not in NUMBERS for dtype in dtypes)


def _columns(values: Container) -> Iterator[tuple[object, Column]]:
    """Yield every column and its name, None where it has none."""
    if hasattr(values, "columns"):  # pandas and polars
        names = list(values.columns)
        for i, name in enumerate(names):
            yield name, values.iloc[:, i] if hasattr(values, "iloc") else values[name]
    elif hasattr(values, "to_frame"):
        yield values.name, values
    elif isinstance(values, np.ndarray) and values.ndim:
        yield from ((None, column) for column in (values.T if values.ndim == 2 else [values]))


def _kind(dtype: object) -> str:
    """Return the kind of a type as NumPy calls it: "M" dates, "m" time differences."""
    kind = getattr(dtype, "kind", None)
    if kind is None:  # polars
        name = str(dtype)
        if name == "Boolean" or (hasattr(dtype, "is_numeric") and dtype.is_numeric()):
            return "f"
        kind = "M" if name.startswith("Date") else "m" if name.startswith(("Dur", "Time")) else "O"
    return "M" if str(dtype).startswith("period") else str(kind)


def _describe(values: Container, where: str, remedy: str) -> str | None:
    """Return what the first column is that is none of numbers, and what to do; None without one."""
    columns = list(_columns(values))
    if not columns:  # a nested list, or another library's column
        with suppress(ValueError, TypeError):
            columns = list(_columns(np.asarray(values)))
    found = [(n, name, _first_text(column)) for n, (name, column) in enumerate(columns)]
    # text is told before numbers that became text beside it
    for number, name, text in sorted(found, key=lambda f: f[2] is not None and f[2][0] == NUMERIC):
        if text is None:
            continue
        what, row, value = text
        whole = len(columns) == 1 and name is None
        place = where if whole else f"column {number if name is None else repr(name)} of {where}"
        told = f"{place} holds {what}, '{value}' in row {row}"
        if what == "text":
            key = number if name is None else name
            by_column = (
                "turn it into numbers, in a Pipeline with make_column_transformer("
                f"(OneHotEncoder(sparse_output=False), [{key!r}]), remainder='passthrough')"
            )
            return f"{told}: {remedy or by_column}"
        if what == NUMERIC:
            return f"{told}: make them numbers if they count something, astype(float)" + (
                f"; {remedy}" if remedy else ", or encode names that are written in digits"
            )
        if what == "time differences":
            return f"{told}: make them numbers, as .dt.total_seconds() does"
        if name is None:
            return f"{told}: leave it out, or pass a DataFrame with the dates as its index"
        return (
            f"{told}: dates label the rows, so make them the index, set_index({name!r}), or leave "
            "the column out"
        )
    return None


def _first_text(column: Column) -> tuple[str, int, str] | None:
    """Return what a column holds instead of numbers, the first row and value of it."""
    kind = _kind(column.dtype)
    if kind in "mM":
        first = next(iter(column), "")
        return "dates" if kind == "M" else "time differences", 0, str(first)
    if kind in NUMBERS:
        return None
    numeric = None
    for row, value in enumerate(column):
        if isinstance(value, date):
            return "dates", row, str(value)
        if isinstance(value, timedelta):
            return "time differences", row, str(value)
        if isinstance(value, str | bytes):
            what = _what_text_is(value.decode("latin-1") if isinstance(value, bytes) else value)
            if what != NUMERIC:
                return what, row, str(value)
            numeric = numeric or (what, row, str(value))
    return numeric


def _what_text_is(value: str) -> str:
    """Return "dates", "text" or "numbers as text"; eight digits that name a day are a date."""
    if DATE.match(value):
        return "dates"
    try:
        float(value)
    except ValueError:
        return "text"
    try:
        day = datetime.strptime(value.strip(), "%Y%m%d")  # of "202411" it makes a day too
    except ValueError:
        return NUMERIC
    return "dates" if len(value.strip()) == 8 and 1800 <= day.year < 2200 else NUMERIC


def warn_of_channels(shape: tuple[int, int, int]) -> None:
    """Warn of a 3-D array with more features than steps."""
    if shape[2] > shape[1]:
        warnings.warn(
            f"X of shape {shape} is read as (n_series, n_steps, n_features): {shape[1]} steps of "
            f"{shape[2]} features. If its order is (cases, channels, time), pass np.swapaxes(X, 1, "
            "2); if not, a list of the series, list(X), is read without this warning",
            UserWarning,
            stacklevel=2,
        )
