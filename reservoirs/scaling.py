"""SequenceScaler: a standard scaler that keeps lists, 3-D arrays and DataFrames as they are."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.series import match_numbers
from reservoirs.estimators.settings import check_settings
from reservoirs.estimators.transformers import SeriesTransformer
from reservoirs.estimators.units import Units, attach, measure, measure_each
from reservoirs.labels import load_pandas
from reservoirs.sequences import Array, Layout, SeriesLike, check_rows, flatten, restore

if TYPE_CHECKING:
    import pandas as pd

UNLIKE = 20.0  # deviations of a remembered series: further out it is likely to be another


class SequenceScaler(OneToOneFeatureMixin, SeriesTransformer, BaseEstimator):
    """Standardise every feature over all rows of all series.

    z = (x - mean) / scale

    Parameters
    ----------
    with_mean : bool, default=True
        Whether to subtract the mean.
    with_std : bool, default=True
        Whether to divide by the standard deviation; constant features stay as they are.
    per_series : bool, default=False
        Whether each series has a mean and a deviation of its own. Those of `fit` are remembered,
        by name in DataFrames with a MultiIndex, else by place where there are as many series, with
        a warning if one is unlike that of `fit`; any other series is scaled by its own rows. Before
        a regressor of this library, first in a Pipeline and with y the next observation, the
        regressor learns the scaled observation, and predictions and forecasts are in the units of
        each series.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,) or, with `per_series`, (n_series, n_features)
        The mean of each feature; zeros without `with_mean`.
    scale_ : ndarray of shape (n_features,) or, with `per_series`, (n_series, n_features)
        The standard deviation of each feature; ones without `with_std` and for constant features.
    series_names_ : list or None
        What a DataFrame with a MultiIndex calls its series, with `per_series`.
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
        "per_series": ["boolean"],
    }

    def __init__(
        self, *, with_mean: bool = True, with_std: bool = True, per_series: bool = False
    ) -> None:
        self.with_mean = with_mean
        self.with_std = with_std
        self.per_series = per_series

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
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, allow_nan=True)
        halves = {"with_mean": self.with_mean, "with_std": self.with_std}
        self.series_names_: list[Hashable] | None = None
        if self.per_series:
            units = measure_each(rows, layout, **halves)
            self.mean_, self.scale_ = units.mean, units.scale
            self.series_names_ = None if layout.outer is None else list(layout.outer)
        else:
            self.mean_, self.scale_ = measure(rows, **halves)
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
        if not self.per_series:
            return restore((rows - self.mean_) / self.scale_, layout)
        units = self._units(layout, rows)
        mean, scale = units.by_row()
        values = (rows - mean) / scale
        by_name = layout.outer is not None and self.series_names_ is not None
        if layout.n_series == len(self.mean_) and not by_name:
            self._warn_unlike(values, layout)
        if layout.kind == "frame":  # with its labels, by which the next step knows the series
            frame = load_pandas().DataFrame(values, layout.index, self.get_feature_names_out())
            return attach(frame, units, values)
        return attach(restore(values, layout), units, values)

    def _units(self, layout: Layout, rows: Array | None = None) -> Units:
        """Return the units of series: remembered ones by name or place, else those of its rows."""
        numbers = self.numbers_of(layout.outer, layout.n_series)
        if None not in numbers:
            known = np.array(numbers, dtype=int)
            return Units(self.mean_[known], self.scale_[known], layout.lengths)
        if rows is None:
            raise ValueError(
                f"X holds series other than the {len(self.mean_)} of fit, whose means and scales "
                "are not known: pass as many, in their order, or a DataFrame with their names"
            )
        new = measure_each(rows, layout, with_mean=self.with_mean, with_std=self.with_std)
        for place, number in enumerate(numbers):
            if number is not None:
                new.mean[place], new.scale[place] = self.mean_[number], self.scale_[number]
        return new

    def _warn_unlike(self, values: Array, layout: Layout) -> None:
        """Warn of series without names that have little in common with those of fit."""
        away = np.abs(values)
        unlike = (away > UNLIKE).any(axis=1)  # NaN is not
        if unlike.any():
            number = int(np.searchsorted(layout.starts(), np.argmax(unlike), side="right")) - 1
            of_series = away[np.repeat(np.arange(layout.n_series), layout.lengths) == number]
            warnings.warn(
                f"series {number} is taken for series {number} of fit, since it has no name, "
                f"and lies up to {np.nanmax(of_series):.3g} of its deviations from its mean; give "
                "the series names, in a DataFrame with a MultiIndex, to tell new ones from old",
                UserWarning,
                stacklevel=3,
            )

    def numbers_of(self, names: pd.Index | None, n_series: int) -> list[int | None]:
        """Return which series of `fit` each of some series is, with `per_series`.

        Parameters
        ----------
        names : pandas.Index or None
            What they are called.
        n_series : int
            How many there are.

        Returns
        -------
        list of int or None
            By name where both have names, else by place where there are as many as in `fit`; None
            for a series that is none of them.
        """
        return match_numbers(self.series_names_, len(self.mean_), names, n_series)

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
            If X has another number of columns than in `fit`, or with `per_series` other series.
        """
        check_is_fitted(self, "scale_")
        check_settings(self)
        flat, layout = flatten(X)
        rows = np.asarray(flat, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X must have {self.n_features_in_} columns as in fit, got shape {rows.shape}"
            )
        mean, scale = self.mean_, self.scale_
        if self.per_series:
            mean, scale = self._units(layout).by_row()
        values = rows * scale + mean
        if self.per_series and layout.kind == "frame":
            return load_pandas().DataFrame(values, layout.index, self.get_feature_names_out())
        return restore(values, layout)

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn has no stubs
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
