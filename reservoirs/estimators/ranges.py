"""Ranges that arguments of functions must be in, checked as scikit-learn checks its own."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, TypeVar

from sklearn.utils._param_validation import Interval, validate_params

COUNT = Interval(Integral, 1, None, closed="left")
COUNT_OR_ZERO = Interval(Integral, 0, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")

Function = TypeVar("Function", bound=Callable[..., Any])


def checked(**ranges: Any) -> Callable[[Function], Function]:
    """Return a decorator that refuses arguments out of range before anything is computed.

    Parameters
    ----------
    ranges : parameter -> its range, or several of which one must hold
    """
    several = {name: one if isinstance(one, list) else [one] for name, one in ranges.items()}
    decorator: Callable[[Function], Function] = validate_params(
        several, prefer_skip_nested_validation=True
    )
    return decorator
