"""Colours and lines of the methods, and what every picture is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogFormatter

from benchmarks.methods.base import Line
from benchmarks.methods.registry import METHODS
from benchmarks.results.records import Record
from benchmarks.results.tables import Row

# Of methods that choose none: Okabe & Ito's palette, safe for colour-blind readers
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
GREY = "#777777"
RAISED = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)


def colour(name: str) -> str:
    """Return the colour of a method: its own, else grey for a baseline, else one by its name.

    As "#rrggbb".
    """
    method = METHODS[name]
    # By the name and not by its place in a list: a method has the same colour on every page.
    chosen = GREY if method.kind == "baseline" else COLOURS[crc32(name.encode()) % len(COLOURS)]
    return method.colour or chosen


def line(name: str) -> Line:
    """Return the line style of a method: its own, else dashed for a baseline, else solid.

    As matplotlib takes it.
    """
    method = METHODS[name]
    return method.line or ("--" if method.kind == "baseline" else "-")


def sparse(*axes: Axis) -> None:
    """Keep the labels of logarithmic axes from overlapping."""
    for axis in axes:
        axis.set_minor_formatter(FuncFormatter(partial(_between, axis)))


def _between(axis: Axis, value: float, _: object) -> str:
    """Label 2 and 5 between powers of ten where there are few of those, all within half of one."""
    low, high = axis.get_view_interval()
    leading = round(value / 10.0 ** np.floor(np.log10(value)))
    decades = np.log10(high / low)
    return f"{value:g}" if decades < 0.5 or (decades < 2.0 and leading in (2, 5)) else ""


def plain_labels(figure: Figure) -> None:
    """Label logarithmic axes without formulas, which a page does not read: titles hold dollars."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(axis.get_major_formatter(), LogFormatter):
            axis.set_major_formatter(FuncFormatter(_power))
        if isinstance(axis.get_minor_formatter(), LogFormatter):
            sparse(axis)


def _power(value: float, _: object) -> str:
    """Return a power of ten as a number, or with a raised exponent where it has many digits."""
    exponent = round(np.log10(value))
    return f"{value:g}" if abs(exponent) <= 3 else "10" + str(exponent).translate(RAISED)


@dataclass(frozen=True)
class Result:
    """Everything one method left on one task.

    There is a record per seed, and arrays by name for each seed that left some.
    """

    row: Row
    records: list[Record]
    arrays: list[dict[str, Any]]

    @property
    def learner(self) -> bool:
        """Whether it is a learner, not a baseline."""
        return METHODS[self.row.method].kind == "learner"

    @property
    def label(self) -> str:
        """Its name, how many seeds and how many failures."""
        return f"{self.row.title}, n={self.row.n_seeds}, {self.row.n_failed} failed"

    @property
    def colour(self) -> str:
        """Its colour in every picture."""
        return colour(self.row.method)

    @property
    def line(self) -> Line:
        """Its line style in every picture."""
        return line(self.row.method)

    def typical(self) -> dict[str, Any]:
        """Return the arrays of the seed with the median final error."""
        with_error = [a for a in self.arrays if "error" in a]
        if not with_error:
            return {}
        # Capped, as the square of a diverged run's error may overflow.
        level = [np.sqrt(np.nanmean(np.minimum(a["error"], 1e6) ** 2)) for a in with_error]
        return with_error[int(np.argsort(level)[len(level) // 2])]
