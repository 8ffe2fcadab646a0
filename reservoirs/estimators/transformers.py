"""What every transformer of series shares: one step for fit and transform, containers kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from sklearn.base import TransformerMixin

from reservoirs.estimators.commit import CommittingMixin
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.settings import FITTED, check_settings
from reservoirs.sequences import SeriesLike, holds_many_series
from reservoirs.suggestions import SuggestingMixin
from reservoirs.version import Stamped


# scikit-learn wraps the `transform` of each subclass, which `fit_transform` calls
class SeriesTransformer(
    Stamped, SuggestingMixin, CommittingMixin, TransformerMixin, auto_wrap_output_keys=None
):
    """A transformer of series, in any container.

    `set_output` and `set_config(transform_output=...)` set the container of one 2-D result; lists
    and 3-D arrays come back as they are.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init_subclass__(**kwargs)
        if "transform" in cls.__dict__:
            cls.transform = _keep_many_series(cls.__dict__["transform"])

    @inherit_parameters(SERIES)
    def fit_transform(
        self, X: SeriesLike, y: object = None, *, series_id: SeriesLike = None
    ) -> SeriesLike:
        """Fit, then transform the same series.

        Parameters
        ----------
        y : None, default=None
            Ignored.

        Returns
        -------
        array-like, list of arrays or DataFrame
            What `transform` returns.
        """
        return self.fit(X, y, series_id=series_id).transform(X, series_id=series_id)


def _keep_many_series(wrapped: Callable[..., SeriesLike]) -> Callable[..., SeriesLike]:
    """Return a `transform` that a container set by `set_output` leaves alone for many series."""
    plain: Callable[..., SeriesLike] = wrapped.__wrapped__  # type: ignore[attr-defined]

    @wraps(wrapped)
    def transform(
        self: SeriesTransformer, X: SeriesLike, *args: object, **kwargs: object
    ) -> SeriesLike:
        if FITTED in self.__dict__:
            check_settings(self)  # set_params may have come after fit
        return (plain if holds_many_series(X) else wrapped)(self, X, *args, **kwargs)

    return transform
