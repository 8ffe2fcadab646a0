"""Ranges that arguments of functions must be in, checked as scikit-learn checks its own."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import TypeVar

from sklearn.utils._param_validation import Interval, validate_params

COUNT = Interval(Integral, 1, None, closed="left")
COUNT_OR_ZERO = Interval(Integral, 0, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")

Function = TypeVar("Function", bound=Callable[..., object])


def checked(**ranges: object) -> Callable[[Function], Function]:
    """Return a decorator that refuses arguments out of range before anything is computed.

    Parameters
    ----------
    **ranges : Interval, StrOptions, type, or list of them
        The range of each argument by its name, or several of which one must hold.

    Returns
    -------
    callable
        A decorator for a function.
    """
    constraints = {
        name: allowed if isinstance(allowed, list) else [allowed]
        for name, allowed in ranges.items()
    }
    decorator: Callable[[Function], Function] = validate_params(
        constraints, prefer_skip_nested_validation=True
    )
    return decorator
