"""Settings may change after a fit; those that did are checked before the next prediction."""

from __future__ import annotations

from functools import cache
from operator import is_
from weakref import WeakKeyDictionary

from sklearn.base import BaseEstimator

_VALIDATED: WeakKeyDictionary[BaseEstimator, tuple[object, ...]] = WeakKeyDictionary()


@cache
def _names(kind: type[BaseEstimator]) -> tuple[str, ...]:
    return tuple(kind._get_param_names())


def check_settings(estimator: BaseEstimator) -> None:
    """Validate the settings, unless they are identical to those validated last.

    scikit-learn reads the signature of a class anew for each check: a fifth of a forecast of 500
    steps of 100 units.

    Parameters
    ----------
    estimator : BaseEstimator
        An estimator with scikit-learn's parameter constraints.

    Raises
    ------
    InvalidParameterError
        For a setting that is not allowed.
    """
    values = tuple([getattr(estimator, name) for name in _names(estimator.__class__)])
    validated = _VALIDATED.get(estimator)
    # identity, not equality: settings may be arrays
    if validated is None or not all(map(is_, values, validated)):
        estimator._validate_params()
        _VALIDATED[estimator] = values
