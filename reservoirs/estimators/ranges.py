"""Ranges that arguments of functions must be in, checked as scikit-learn checks its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import TypeVar

from sklearn.utils._param_validation import Interval, StrOptions, validate_params

COUNT = Interval(Integral, 1, None, closed="left")
COUNT_OR_ZERO = Interval(Integral, 0, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")

Function = TypeVar("Function", bound=Callable[..., object])


class Number(Interval):
    """An interval of numbers, without True and False: bound=False would mean a bound of 0."""

    def is_satisfied_by(self, val: object) -> bool:
        """Tell whether a value is a number in it."""
        return not isinstance(val, bool) and bool(super().is_satisfied_by(val))


class KeysOf(StrOptions):
    """The keys of a dict, those that are added later included.

    `others` are words that are allowed besides.
    """

    def __init__(self, registry: Mapping[str, object], *others: str) -> None:
        super().__init__({*others, *registry})
        self.registry, self.others = registry, others

    def is_satisfied_by(self, val: object) -> bool:
        """Tell whether a value is one of them."""
        self.options = {*self.others, *self.registry}
        return bool(super().is_satisfied_by(val))


def checked(**ranges: object) -> Callable[[Function], Function]:
    """Return a decorator that refuses arguments out of range before anything is computed.

    `ranges` holds by name an Interval, StrOptions or type, or a list of which one must hold.
    """
    constraints = {
        name: allowed if isinstance(allowed, list) else [allowed]
        for name, allowed in ranges.items()
    }
    decorator: Callable[[Function], Function] = validate_params(
        constraints, prefer_skip_nested_validation=True
    )
    return decorator
