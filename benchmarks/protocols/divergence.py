"""Forecasts that met their bound: counted as having left the range, whatever they look like."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from reservoirs import ForecastDivergedWarning


@contextmanager
def watch_bounds() -> Iterator[list[int]]:
    """Collect, in place of warnings, the step at which each forecast met its bound or diverged.

    The list, a step per such forecast in their order, is filled when the block ends.
    """
    steps: list[int] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ForecastDivergedWarning)
        yield steps
    for warning in caught:
        message = warning.message
        if isinstance(message, ForecastDivergedWarning):
            steps.append(message.step or 0)
        else:
            warnings.warn_explicit(message, warning.category, warning.filename, warning.lineno)
