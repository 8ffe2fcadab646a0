"""Where the marks of an axis stand, and what is written there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
# What a mark stands for, the coarsest first: a key that changes there, and how it is written
CALENDAR: tuple[tuple[Callable[[Any], Any], str], ...] = (
    (lambda times: times.year, "%Y"),
    (lambda times: 4 * times.year + times.quarter, "%b %Y"),
    (lambda times: 12 * times.year + times.month, "%b %Y"),
    (lambda times: (times.normalize() - _weekdays(times)).asi8, "%-d %b"),
    (lambda times: times.normalize().asi8, "%-d %b"),
    (lambda times: times.floor("6h").asi8, "%-d %b %H:%M"),
    (lambda times: times.floor("h").asi8, "%H:%M"),
    (lambda times: times.floor("10min").asi8, "%H:%M"),
)


def _weekdays(times: pd.DatetimeIndex) -> Any:  # noqa: ANN401 # a TimedeltaIndex
    import pandas as pd

    return pd.to_timedelta(times.dayofweek, unit="D")


def number_ticks(low: float, high: float, n: int) -> list[float]:
    """Return about n round numbers from low to high, two at least."""
    span = high - low
    if not span > 0:
        return [low]
    rough = span / max(n, 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(nice * power for nice in NICE if nice * power >= rough * 0.999)
    first = np.ceil(low / step - 1e-9)
    marks = [float(k * step) for k in np.arange(first, np.floor(high / step + 1e-9) + 1)]
    return marks if len(marks) > 1 else number_ticks(low, high, 2 * max(n, 1))


def power_ticks(low: float, high: float, n: int) -> list[float]:
    """Return powers of ten from low to high, n at most; 2 and 5 between where there are few."""
    first, last = int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9))
    powers = list(range(first, last + 1))
    if len(powers) >= 3:
        return [10.0**p for p in powers[:: -(-len(powers) // n)]]
    fine = [m * 10.0**p for p in range(first - 1, last + 1) for m in (1, 2, 5)]
    return [value for value in fine if low * 0.999 <= value <= high * 1.001]


def write_number(value: float, step: float | None = None) -> str:
    """Return a number as an axis has it: as many decimals as the step between marks needs."""
    if value and not 1e-4 <= abs(value) < 1e7:
        return (
            f"{value:.3g}".replace("-", "\u2212").replace("e+0", "e").replace("e\u22120", "e\u2212")
        )
    if step:
        decimals = 0
        while decimals < 6 and abs(round(step, decimals) - step) > 1e-9 * step:
            decimals += 1
        text = f"{value:,.{decimals}f}"
    else:
        text = f"{value:g}"
    return ("0" if not value else text).replace("-", "\u2212")


def time_ticks(labels: pd.Index, n: int) -> list[tuple[int, str]]:
    """Return about n places of an index where a mark stands, with its text.

    Dates get marks where a year, a month, a day or an hour begins; numbers evenly.
    """
    if not hasattr(labels, "year"):
        step = max(len(labels) // n, 1)
        return [(i, write_number(float(labels[i]))) for i in range(0, len(labels), step)]
    best: list[tuple[int, str]] = []
    for key, form in CALENDAR:
        keys = np.asarray(key(labels))
        places = (1 + np.flatnonzero(keys[1:] != keys[:-1])).tolist()
        kept = _thinned(places, n)
        if len(kept) > len(best):
            best = [(i, labels[i].strftime(form.replace("%-d", str(labels[i].day)))) for i in kept]
        if len(places) > n:
            break
    if len(best) >= 2:
        return best
    step = max(len(labels) // n, 1)
    return [(i, str(labels[i])[:10]) for i in range(0, len(labels), step)]


def _thinned(places: Sequence[int], n: int) -> list[int]:
    return list(places[:: -(-len(places) // n)]) if places else []
