"""SequenceScaler: a standard scaler that keeps lists, 3-D arrays and DataFrames as they are."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from reservoirs.sequences import check_rows, flatten, restore
from reservoirs.version import Stamped


class SequenceScaler(Stamped, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Standardise every feature over all rows of all series.

    z = (x - mean) / scale

    Parameters
    ----------
    with_mean : subtract the mean
    with_std : divide by the standard deviation; constant features stay as they are

    Attributes
    ----------
    mean_ : (n_features,), zeros without `with_mean`
    scale_ : (n_features,), ones without `with_std` and for constant features
    n_features_in_ : number of features
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "with_mean": ["boolean"],
        "with_std": ["boolean"],
    }

    def __init__(self, *, with_mean: bool = True, with_std: bool = True) -> None:
        self.with_mean = with_mean
        self.with_std = with_std

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, *, series_id: Any = None) -> Self:
        """Measure mean and deviation of all rows.

        Parameters
        ----------
        X : any container of series
        y : ignored
        series_id : (n_rows,) ids of a 2-D X
        """
        rows, _ = check_rows(self, X, series_id=series_id, reset=True)
        self.mean_ = rows.mean(axis=0) if self.with_mean else np.zeros(rows.shape[1])
        deviation = rows.std(axis=0)
        constant = deviation <= 10 * np.finfo(np.float64).eps * np.abs(rows).max(axis=0)
        self.scale_ = np.where(constant | (not self.with_std), 1.0, deviation)
        return self

    def transform(self, X: Any, *, series_id: Any = None) -> Any:
        """Return standardised rows in the container of X.

        Parameters
        ----------
        X : any container of series
        series_id : (n_rows,) ids of a 2-D X
        """
        check_is_fitted(self, "scale_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=False)
        return restore((rows - self.mean_) / self.scale_, layout)

    def inverse_transform(self, X: Any) -> Any:
        """Return rows in the original units, in the container of X.

        Parameters
        ----------
        X : any container of standardised series; NaN stays NaN

        Raises
        ------
        ValueError
            For another number of columns than in `fit`.
        """
        check_is_fitted(self, "scale_")
        found, layout = flatten(X)
        rows = np.asarray(found, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X must have {self.n_features_in_} columns as in fit, got shape {rows.shape}"
            )
        return restore(rows * self.scale_ + self.mean_, layout)
