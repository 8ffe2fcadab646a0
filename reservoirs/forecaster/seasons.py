"""The seasons of series: as they are given, or found."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from numbers import Integral
from typing import TypeAlias

import numpy as np

from reservoirs.sequences import Array, Layout

Season: TypeAlias = int | str | None
Seasons: TypeAlias = Season | Sequence[Season] | Mapping[Hashable, Season]


def seasons_of(season: Seasons, layout: Layout) -> list[Season]:
    """Return what is said of the season of each series.

    Raises
    ------
    ValueError
        If there is not one for each, or it is no season.
    """
    n_series = layout.n_series
    if season is None or isinstance(season, int | Integral | str):
        return [season] * n_series
    if isinstance(season, Mapping):
        names = list(layout.outer) if layout.outer is not None else list(range(n_series))
        missing = [name for name in names if name not in season]
        if missing:
            raise ValueError(f"season must have every series, got none for {missing[0]!r}")
        seasons = [season[name] for name in names]
    else:
        seasons = list(season)
    if len(seasons) != n_series:
        raise ValueError(f"season must be one for each of {n_series} series, got {len(seasons)}")
    for one in seasons:
        number = isinstance(one, Integral) and not isinstance(one, bool) and one >= 1
        if not (one is None or one == "auto" or number):
            raise ValueError(f"season must be an integer >= 1, None or 'auto', got {one!r}")
    return seasons


def find_season(y: Array) -> int:
    """Return the season of a series by its autocorrelation, 1 where there is none.

    Of the peaks of the autocorrelation, of the series without its straight line, the first that is
    within a tenth of the highest; it must be above twice its standard error and above 0.3.
    """
    n = len(y)
    times = np.arange(n)
    total = np.zeros(max(n // 3, 0))
    for column in y.T:
        left = column - np.polyval(np.polyfit(times, column, 1), times)
        padded = np.fft.rfft(left, 2 * n)
        power = np.fft.irfft(padded * padded.conj())[: len(total)]
        if len(power) and power[0] > 0:
            total += power / power[0] / y.shape[1]
    middle = total[1:-1]
    peaks = 1 + np.flatnonzero((middle > total[:-2]) & (middle >= total[2:]))
    peaks = peaks[(peaks > 1) & (total[peaks] > max(0.3, 2 / np.sqrt(n)))]
    if not len(peaks):
        return 1
    return int(peaks[total[peaks] >= 0.9 * total[peaks].max()][0])
