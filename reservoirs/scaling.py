"""SequenceScaler: a standard scaler that keeps lists, 3-D arrays and DataFrames as they are."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from reservoirs.persistence.stamp import Stamped
from reservoirs.sequences import check_rows, flatten, restore


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

    def __init__(self, *, with_mean: bool = True, with_std: bool = True) -> None:
        self.with_mean = with_mean
        self.with_std = with_std

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
        X : any container of standardised series
        """
        check_is_fitted(self, "scale_")
        rows, layout = flatten(X)
        return restore(np.asarray(rows, dtype=np.float64) * self.scale_ + self.mean_, layout)
