"""The forecast as a CSV file, written as the file that was read."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.csv_forecast.learning import Answer
from benchmarks.csv_forecast.question import Material
from benchmarks.tasks.data import Array

if TYPE_CHECKING:
    import pandas as pd


def ahead_of(material: Material) -> pd.Index:
    """Return the times of the forecast."""
    labels, origin = material.clock.labels, material.origin
    h = material.question.horizon
    known = labels[origin : origin + h]
    missing = h - len(known)
    return known.append(material.clock.after(missing)) if missing else known


def decimals(values: Array) -> int:
    """Return the decimals that a forecast of a series is worth: four digits of its deviation."""
    spread = float(np.nanstd(values))
    return int(np.clip(3 - np.floor(np.log10(spread)), 0, 12)) if spread > 0 else 3


def write_times(index: pd.Index) -> list[str]:
    """Return times as text: dates alone where all are midnight, ISO 8601 otherwise."""
    if not hasattr(index, "year"):
        return [f"{value:g}" if isinstance(value, float) else str(value) for value in index]
    if (index == index.normalize()).all():
        return [str(time.date()) for time in index]
    return [str(time) for time in index]


def write_table(material: Material, answers: list[Answer], ahead: pd.Index) -> str:
    """Return the forecasts as CSV, with the separator and decimal mark of the file that was read.

    Columns are the time, and for each target its forecast and the ends of its intervals,
    `load, load_lo80, load_hi80`.
    """
    header, columns = [material.question.time or "step"], [write_times(ahead)]
    for answer in answers:
        digits, name = decimals(answer.series.values), answer.series.name
        found = [(name, answer.mean)]
        for i, level in enumerate(answer.levels):
            found += [
                (f"{name}_lo{level:g}", answer.low[:, i]),
                (f"{name}_hi{level:g}", answer.high[:, i]),
            ]
        header += [title for title, _ in found]
        columns += [
            [f"{value:.{digits}f}".replace(".", material.decimal) for value in values]
            for _, values in found
        ]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=material.sheet.separator, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()
