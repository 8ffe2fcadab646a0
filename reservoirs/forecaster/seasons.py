"""The season of a series, where nobody says it."""

from __future__ import annotations

import numpy as np

from reservoirs.sequences import Array


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
