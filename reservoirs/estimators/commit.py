"""A fit commits at its end: until then the estimator stays as it was, whatever is raised."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from reservoirs.estimators.settings import check_unchanged, record_settings
from reservoirs.mistakes import STAR, Y_MISSING

FITS = ("fit", "partial_fit", "fit_transform")


class FitInterrupted(KeyboardInterrupt):
    """Raised by a fit that was interrupted and is to keep what it has so far.

    The estimator takes over its attributes, then `KeyboardInterrupt` goes on to the caller.
    """


class CommittingMixin:
    """Every `fit`, `partial_fit` and `fit_transform` takes effect as a whole, or not at all.

    They run on a working copy whose attributes the estimator takes over in one step at the end, so
    that an exception, or Ctrl-C, leaves it as it was; another thread may predict meanwhile. The
    copy shares its values with the estimator: a fit replaces them and must not change them in
    place. Methods that a subclass defines are included.

    Settings that decide what is fitted, all but those named below, must be the same when it is
    used, or trained further.
    """

    _settings_of_prediction: ClassVar[frozenset[str]] = frozenset({"n_jobs"})
    _settings_of_chunks: ClassVar[frozenset[str]] = frozenset()

    def _goes_on(self, method: str) -> bool:
        """Tell whether a fit would go on from the one before."""
        return False

    def _lacks_y(self, X: object) -> bool:
        """Tell whether X alone is too little where a fit could do without y; here never."""
        del X
        return False

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init_subclass__(**kwargs)
        for name in FITS:
            if name in cls.__dict__:
                setattr(cls, name, _committing(cls.__dict__[name]))


def _committing(method: Callable[..., object]) -> Callable[..., object]:
    y = inspect.signature(method).parameters.get("y")
    needs_y = y is not None and y.default is y.empty

    @wraps(method)
    def fit(self: CommittingMixin, *args: object, **kwargs: object) -> object:
        given = args or (kwargs.get("X"),)
        if len(args) < 2 and "y" not in kwargs and (needs_y or self._lacks_y(given[0])):
            raise TypeError(_without_y(f"{type(self).__name__}.{method.__name__}", given))
        working = object.__new__(type(self))
        working.__dict__.update(self.__dict__)
        if working._goes_on(method.__name__):
            free = working._settings_of_prediction | working._settings_of_chunks
            check_unchanged(working, free)
        try:
            result = method(working, *args, **kwargs)
            record_settings(working)
        except FitInterrupted as interrupt:
            record_settings(working)
            self.__dict__ = dict(working.__dict__)
            # of this very type, so that Python ends as it does after Ctrl-C
            raise KeyboardInterrupt(*interrupt.args) from None
        self.__dict__ = dict(working.__dict__)
        return self if result is working else result

    return fit


def _without_y(call: str, args: tuple[object, ...]) -> str:
    """Return what is wrong with a fit that got no y."""
    if args and isinstance(args[0], tuple) and len(args[0]) == 2:
        return f"{call}() {STAR}"
    return f"{call}() needs X and y. {Y_MISSING}"
