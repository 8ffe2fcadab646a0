"""SequenceScaler: a standard scaler that keeps lists, 3-D arrays and DataFrames as they are."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.settings import check_settings
from reservoirs.estimators.transformers import SeriesTransformer
from reservoirs.sequences import SeriesLike, check_rows, flatten, restore


class SequenceScaler(OneToOneFeatureMixin, SeriesTransformer, BaseEstimator):
    """Standardise every feature over all rows of all series.

    z = (x - mean) / scale

    Parameters
    ----------
    with_mean : bool, default=True
        Whether to subtract the mean.
    with_std : bool, default=True
        Whether to divide by the standard deviation; constant features stay as they are.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        The mean of each feature; zeros without `with_mean`.
    scale_ : ndarray of shape (n_features,)
        The standard deviation of each feature; ones without `with_std` and for constant features.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    sklearn.preprocessing.StandardScaler : The same for one 2-D array.
    Reservoir : A transformer that takes the same containers.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import SequenceScaler
    >>> scaled = SequenceScaler().fit_transform([np.array([[1.0], [2.0]]), np.array([[3.0]])])
    >>> [series.round(4).tolist() for series in scaled]
    [[[-1.2247], [0.0]], [[1.2247]]]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "with_mean": ["boolean"],
        "with_std": ["boolean"],
    }

    def __init__(self, *, with_mean: bool = True, with_std: bool = True) -> None:
        self.with_mean = with_mean
        self.with_std = with_std

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(self, X: SeriesLike, y: object = None, *, series_id: SeriesLike = None) -> Self:
        """Measure mean and deviation of all rows; NaN does not count.

        Parameters
        ----------
        y : None, default=None
            Ignored.

        Returns
        -------
        SequenceScaler
            The fitted scaler.

        Raises
        ------
        ValueError
            For bad data, or a column without a value.
        """
        rows, _ = check_rows(self, X, series_id=series_id, reset=True, allow_nan=True)
        mean, deviation, largest = rows.mean(axis=0), rows.std(axis=0), np.abs(rows).max(axis=0)
        for column in np.flatnonzero(np.isnan(mean)):  # measured without what is missing
            known = rows[~np.isnan(rows[:, column]), column]
            if not len(known):
                raise ValueError(f"column {column} of X has no value but NaN; leave it out")
            mean[column], deviation[column] = known.mean(), known.std()
            largest[column] = np.abs(known).max()
        self.mean_ = mean if self.with_mean else np.zeros(rows.shape[1])
        # below the rounding of the values themselves nothing varies
        constant = deviation <= 10 * np.finfo(np.float64).eps * largest
        self.scale_ = np.where(constant | (not self.with_std), 1.0, deviation)
        return self

    @inherit_parameters(SERIES)
    def transform(self, X: SeriesLike, *, series_id: SeriesLike = None) -> SeriesLike:
        """Return standardised rows; NaN stays NaN.

        Returns
        -------
        array-like, list of arrays or DataFrame
            The rows, in the container of X.
        """
        check_is_fitted(self, "scale_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=False, allow_nan=True)
        return restore((rows - self.mean_) / self.scale_, layout)

    def inverse_transform(self, X: SeriesLike) -> SeriesLike:
        """Return rows in the original units.

        Parameters
        ----------
        X : array-like, list of arrays or DataFrame
            Any container of standardised series; NaN stays NaN.

        Returns
        -------
        array-like, list of arrays or DataFrame
            The rows, in the container of X.

        Raises
        ------
        ValueError
            If X has another number of columns than in `fit`.
        """
        check_is_fitted(self, "scale_")
        check_settings(self)
        flat, layout = flatten(X)
        rows = np.asarray(flat, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X must have {self.n_features_in_} columns as in fit, got shape {rows.shape}"
            )
        return restore(rows * self.scale_ + self.mean_, layout)

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn has no stubs
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
