"""Settings may change after a fit; those that did are checked before the next prediction."""

from __future__ import annotations

from functools import cache
from operator import is_
from typing import Any
from weakref import WeakKeyDictionary

_CHECKED: WeakKeyDictionary[Any, tuple[Any, ...]] = WeakKeyDictionary()


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(kind._get_param_names())


def check_settings(estimator: Any) -> None:
    """Validate the settings, unless they are the very objects that were validated last.

    scikit-learn reads the signature of a class anew for each check: a fifth of a forecast of 500
    steps of 100 units.

    Parameters
    ----------
    estimator : with scikit-learn's parameter constraints

    Raises
    ------
    InvalidParameterError
        For a setting that is not allowed.
    """
    values = tuple([getattr(estimator, name) for name in _names(estimator.__class__)])
    kept = _CHECKED.get(estimator)
    if kept is None or not all(map(is_, values, kept)):
        estimator._validate_params()
        _CHECKED[estimator] = values
