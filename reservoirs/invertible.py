"""Log and Difference: steps of a Pipeline whose forecasts come back in the units of the series."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.forecasting.levels import LevelTransformer
from reservoirs.sequences import Array, SeriesLike, flatten, restore

NEXT = """
Parameters
----------
y : array-like, list of arrays, DataFrame or None, default=None
    The next observation; anything else is ignored.
"""


class Difference(LevelTransformer):
    """Differences of a series, for forecasts that come back as levels.

    z[t] = s[t] - s[t - lag]

    First in a Pipeline, alone or after `Log` or another Difference, before scalers and a regressor
    of this library: fitted on `X, y = next_step(series, exog)`, the regressor learns the next
    difference, and forecasts and backtests add it to the levels known. Exogenous columns stay as
    they are. The first `lag` rows have no difference and are NaN; they are not learned from.

    Parameters
    ----------
    lag : int, default=1
        Steps between the rows that are subtracted: 1 takes a trend away, a season the season.

    Attributes
    ----------
    n_levels_ : int
        The first columns, those that are transformed: as many as y has, where y is the next
        observation; else all.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    Log : The logarithm, likewise.
    Forecaster : Chooses among differences and logarithms itself.

    References
    ----------
    Hyndman & Athanasopoulos (2021), Forecasting: principles and practice, section 9.1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from reservoirs import Difference, NVARRegressor, forecast, next_step
    >>> line = 5.0 + 2.0 * np.arange(40)
    >>> model = make_pipeline(Difference(), NVARRegressor(degree=1)).fit(*next_step(line))
    >>> forecast(model, 3).round(6)
    array([85., 87., 89.])
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "lag": [Interval(Integral, 1, None, closed="left")]
    }

    def __init__(self, *, lag: int = 1) -> None:
        self.lag = lag

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(NEXT, SERIES)
    def fit(self, X: SeriesLike, y: SeriesLike = None, *, series_id: SeriesLike = None) -> Self:
        """Count the columns that are transformed.

        Returns
        -------
        Difference
            The fitted transformer.

        Raises
        ------
        ValueError
            For bad data, or a series of no more than `lag` rows.
        """
        return self._fit_levels(X, y, series_id)

    @inherit_parameters(SERIES)
    def transform(self, X: SeriesLike, *, series_id: SeriesLike = None) -> SeriesLike:
        """Return differences, NaN in the first `lag` rows of each series.

        Returns
        -------
        array-like, list of arrays or DataFrame
            The rows, in the container of X.
        """
        return self._transform(X, series_id)

    @property
    def reach(self) -> int:
        """Earlier rows that a value depends on."""
        return self.lag

    def forward(self, levels: Array) -> Array:
        """Return differences.

        Parameters
        ----------
        levels : array of shape (n_rows, n_levels)
            Rows of one series.

        Returns
        -------
        array of shape (n_rows, n_levels)
            NaN in the first rows.
        """
        values = np.full(levels.shape, np.nan)
        values[self.lag :] = levels[self.lag :] - levels[: -self.lag]
        return values

    def back(self, values: Array, levels: Array) -> Array:
        """Return levels.

        Parameters
        ----------
        values : array of shape (n_rows, n_levels)
            Differences.
        levels : array of shape (n_rows, n_levels)
            The levels that they were taken from.

        Returns
        -------
        array of shape (n_rows, n_levels)
            Their sums.
        """
        return values + levels


class Log(LevelTransformer):
    """The logarithm of a positive series, for forecasts that come back as levels.

    z[t] = log(s[t] + shift)

    First in a Pipeline, as `Difference`, which may follow it.

    Parameters
    ----------
    shift : float, default=0.0
        Added before; for series that reach 0.

    Attributes
    ----------
    n_levels_ : int
        The first columns, those that are transformed: as many as y has, where y is the next
        observation; else all.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    Difference : Differences, likewise.
    Forecaster : Chooses among differences and logarithms itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from reservoirs import Difference, Log, NVARRegressor, forecast, next_step
    >>> doubling = 2.0 ** np.arange(20)
    >>> model = make_pipeline(Log(), Difference(), NVARRegressor(degree=1))
    >>> forecast(model.fit(*next_step(doubling)), 2).round(3)
    array([1048576., 2097152.])
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "shift": [Interval(Real, 0, None, closed="left")]
    }

    def __init__(self, *, shift: float = 0.0) -> None:
        self.shift = shift

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(NEXT, SERIES)
    def fit(self, X: SeriesLike, y: SeriesLike = None, *, series_id: SeriesLike = None) -> Self:
        """Count the columns that are transformed.

        Returns
        -------
        Log
            The fitted transformer.

        Raises
        ------
        ValueError
            For bad data, or values that have no logarithm.
        """
        self._fit_levels(X, y, series_id)
        self.forward(np.asarray(flatten(X)[0], dtype=np.float64)[:, : self.n_levels_])
        return self

    @inherit_parameters(SERIES)
    def transform(self, X: SeriesLike, *, series_id: SeriesLike = None) -> SeriesLike:
        """Return logarithms.

        Returns
        -------
        array-like, list of arrays or DataFrame
            The rows, in the container of X.
        """
        return self._transform(X, series_id)

    @inherit_parameters(SERIES)
    def inverse_transform(self, X: SeriesLike) -> SeriesLike:
        """Return levels from logarithms.

        Returns
        -------
        array-like, list of arrays or DataFrame
            The rows, in the container of X.
        """
        check_is_fitted(self, "n_levels_")
        raw, layout = flatten(X)
        values = np.array(raw, dtype=np.float64)
        values[:, : self.n_levels_] = self.back(values[:, : self.n_levels_], values)
        return restore(values, layout)

    @property
    def reach(self) -> int:
        """Earlier rows that a value depends on."""
        return 0

    def forward(self, levels: Array) -> Array:
        """Return logarithms.

        Parameters
        ----------
        levels : array of shape (n_rows, n_levels)
            Rows of one series.

        Returns
        -------
        array of shape (n_rows, n_levels)
            Their logarithms.

        Raises
        ------
        ValueError
            For a value that has none.
        """
        shifted = levels + self.shift
        if (shifted <= 0).any():
            row, column = map(int, np.argwhere(shifted <= 0)[0])
            negative = "Negative values in data passed to Log: it " if levels.min() < 0 else "Log "
            raise ValueError(
                f"{negative}needs values above -shift = {-self.shift:g}, got "
                f"{levels[row, column]:g} at row {row}, column {column}; raise shift, or leave out "
                "Log"
            )
        return np.log(shifted)

    def back(self, values: Array, levels: Array) -> Array:
        """Return levels.

        Parameters
        ----------
        values : array of shape (n_rows, n_levels)
            Logarithms.
        levels : array of shape (n_rows, n_levels)
            Not read.

        Returns
        -------
        array of shape (n_rows, n_levels)
            The levels.
        """
        with np.errstate(over="ignore"):  # a bound holds what is infinite
            return np.exp(values) - self.shift

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn has no stubs
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags
