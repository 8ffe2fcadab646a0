"""Settings may change after a fit; those that did are checked before the next prediction."""

from __future__ import annotations

import copy
from functools import cache
from operator import is_
from typing import TypeGuard
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator

from reservoirs.sequences import Array, SeriesLike

FITTED = "_fitted_settings"  # of an estimator: what its settings were when it was fitted

# settings that were valid, what they were when it was fitted, whether one may change in place
_VALIDATED: WeakKeyDictionary[BaseEstimator, tuple[tuple[object, ...], object, bool]] = (
    WeakKeyDictionary()
)


@cache
def _names(kind: type[BaseEstimator]) -> tuple[str, ...]:
    return tuple(kind._get_param_names())


def check_settings(estimator: BaseEstimator) -> None:
    """Validate the settings, unless they are identical to those validated last.

    scikit-learn reads the signature of a class anew for each check: a fifth of a forecast of 500
    steps of 100 units.

    An InvalidParameterError is raised for a setting that is not allowed, a ValueError for one that
    decided the fitted weights and was changed since.
    """
    values = tuple([getattr(estimator, name) for name in _names(estimator.__class__)])
    fitted = estimator.__dict__.get(FITTED)
    validated, of_fit, nested = _VALIDATED.get(estimator, ((), None, True))
    # identity, not equality: settings may be arrays
    same = len(values) == len(validated) and all(map(is_, values, validated))
    if same and of_fit is fitted and not nested:
        return
    if not same:
        estimator._validate_params()
    check_unchanged(estimator, getattr(estimator, "_settings_of_prediction", frozenset()))
    _VALIDATED[estimator] = values, fitted, any(isinstance(v, BaseEstimator) for v in values)


def record_settings(estimator: BaseEstimator) -> None:
    """Keep what the settings are, at the end of a fit."""
    values = {name: getattr(estimator, name) for name in _names(estimator.__class__)}
    estimator.__dict__[FITTED] = {
        # nested settings are changed in place, by set_params(solver__damping=...)
        name: copy.deepcopy(value) if isinstance(value, BaseEstimator) else value
        for name, value in values.items()
    }


def check_unchanged(estimator: BaseEstimator, free: frozenset[str]) -> None:
    """Refuse settings that decided what was fitted, and are others now.

    Those in `free` may change.

    Raises
    ------
    ValueError
        For the first setting that was changed.
    """
    for name, value in estimator.__dict__.get(FITTED, {}).items():
        now = getattr(estimator, name)
        if name not in free and not _same(value, now):
            raise ValueError(
                f"{name} was changed after fit, from {value!r} to {now!r}, and what was fitted is "
                "still that of the old value: fit again, or set it back"
            )


def _same(old: object, new: object) -> bool:
    """Tell whether two values of a setting are the same."""
    if old is new:
        return True
    if isinstance(old, BaseEstimator) and isinstance(new, BaseEstimator):
        values = new.get_params(deep=False)
        return type(old) is type(new) and all(
            _same(value, values[name]) for name, value in old.get_params(deep=False).items()
        )
    if _holds_parts(old) and isinstance(new, list | tuple):  # the steps of a Pipeline
        return len(old) == len(new) and all(map(_same, old, new))
    if isinstance(old, np.random.RandomState):
        return isinstance(new, np.random.RandomState)  # a copy, of a pickle
    if any(isinstance(v, np.ndarray | list | tuple) or issparse(v) for v in (old, new)):
        return bool(np.array_equal(_dense(old), _dense(new)))
    return bool(isinstance(old, bool) == isinstance(new, bool) and old == new)


def _holds_parts(values: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    """Tell whether a setting is a list or tuple with estimators in it, or in its members."""
    return isinstance(values, list | tuple) and any(
        isinstance(value, BaseEstimator) or _holds_parts(value) for value in values
    )


def _dense(values: SeriesLike) -> Array:
    return np.asarray(values.toarray() if issparse(values) else values)
