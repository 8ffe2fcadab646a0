"""NVAR: monomials of present and delayed inputs, a transformer."""

from __future__ import annotations

from itertools import combinations_with_replacement
from numbers import Integral
from typing import ClassVar, Self
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.base import ClassNamePrefixFeaturesOutMixin as NamesByPrefix
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.settings import record_settings
from reservoirs.forecasting.recording import RecordingTransformer
from reservoirs.nvar.products import Products, as_products, largest_monomials
from reservoirs.sequences import Array, InitialState, Layout, SeriesLike, check_rows, restore

DELAYS: dict[str, list[object]] = {
    "n_delays": [Interval(Integral, 1, None, closed="left")],
    "stride": [Interval(Integral, 1, None, closed="left")],
    "degree": [Interval(Integral, 1, None, closed="left"), tuple, list],
}

# how the monomials of a transformer are computed, with the list that this was made of
_PRODUCTS: WeakKeyDictionary[NVAR, tuple[list[tuple[int, ...]], Products]] = WeakKeyDictionary()


class NVAR(NamesByPrefix, RecordingTransformer, BaseEstimator):
    """Map series to monomials of the present row and of delayed ones.

    v[t] = [u[t], u[t - s], ..., u[t - (k-1) s]],  z[t] = all monomials of v[t] of the given degrees

    Rows before the first one are taken to equal it. The constant is left to the readout.

    Parameters
    ----------
    n_delays : int, default=2
        Rows used, k: the present one and k - 1 earlier ones.
    stride : int, default=1
        Steps between them, s.
    degree : int or sequence of int, default=2
        All monomials of degree 1 to d, or the degrees themselves, as (1, 3).

    Attributes
    ----------
    exponents_ : list of tuple of int
        For each monomial the indices into v of its factors.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    NVARRegressor : Ridge regression on these features, with forecasts.
    Reservoir : States of a random network instead of monomials.

    References
    ----------
    Gauthier, Bollt, Griffith & Barbosa (2021), Next generation reservoir computing, eqs. 5-7.

    Examples
    --------
    >>> from reservoirs import NVAR
    >>> NVAR(n_delays=2, degree=2).fit_transform([[1.0], [2.0], [3.0]])
    array([[1., 1., 1., 1., 1.],
           [2., 1., 4., 2., 1.],
           [3., 2., 9., 6., 4.]])
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = DELAYS
    _settings_of_prediction = frozenset({"stride"})

    def __init__(
        self, *, n_delays: int = 2, stride: int = 1, degree: int | tuple[int, ...] | list[int] = 2
    ) -> None:
        self.n_delays = n_delays
        self.stride = stride
        self.degree = degree

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(self, X: SeriesLike, y: object = None, *, series_id: SeriesLike = None) -> Self:
        """List the monomials; of X only the number of features is read.

        Parameters
        ----------
        y : None, default=None
            Ignored.

        Returns
        -------
        NVAR
            The fitted transformer.
        """
        check_rows(self, X, series_id=series_id, reset=True)
        return self.list_monomials()

    def list_monomials(self) -> Self:
        """List the monomials for `n_features_in_` features.

        Returns
        -------
        NVAR
            The transformer, fitted.

        Raises
        ------
        ValueError
            If a degree is not a positive integer.
        """
        degree = self.degree
        degrees = degree if isinstance(degree, tuple | list) else range(1, degree + 1)
        if not len(degrees) or any(not isinstance(d, Integral) or d < 1 for d in degrees):
            raise ValueError(f"degree must be an integer >= 1 or several, got {self.degree!r}")
        n_variables = self.n_features_in_ * self.n_delays
        self.exponents_ = [
            index for d in degrees for index in combinations_with_replacement(range(n_variables), d)
        ]
        record_settings(self)
        return self

    def take_largest(self, rows: Array, n_terms: int) -> None:
        """List the monomials of largest expected size instead, `degree` the highest.

        Parameters
        ----------
        rows : array of shape (n_rows, n_features)
            Rows that tell the sizes of the features; delayed ones are of the same.
        n_terms : int
            Monomials wanted.
        """
        sizes = np.tile(np.sqrt(np.mean(rows**2, axis=0)), self.n_delays)
        assert not isinstance(self.degree, tuple | list)  # `NVARRegressor` refused it
        self.exponents_ = largest_monomials(sizes, n_terms, self.degree)

    @inherit_parameters(SERIES)
    def transform(self, X: SeriesLike, *, series_id: SeriesLike = None) -> SeriesLike:
        """Return the monomials of every row.

        Returns
        -------
        array of shape (n_rows, n_monomials), or list of such
            The monomials, in the container of X.
        """
        check_is_fitted(self, "exponents_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=False)
        return restore(self.monomials(self.delayed_by_series(rows, layout)), layout)

    def delayed(self, rows: Array, earlier: Array | None = None) -> Array:
        """Return v of every row.

        Parameters
        ----------
        rows : array of shape (n_rows, n_features)
            Rows of one series.
        earlier : array of shape (n_earlier, n_features), default=None
            Rows just before, at most `reach` of them.

        Returns
        -------
        array of shape (n_rows, n_delays * n_features)
            The row and its delayed ones, side by side.
        """
        history = rows if earlier is None else np.vstack([earlier, rows])
        missing = max(self.reach - (len(history) - len(rows)), 0)
        padded = np.vstack([np.repeat(history[:1], missing, axis=0), history])
        present = len(padded) - len(rows)
        return np.hstack(
            [padded[present - k * self.stride :][: len(rows)] for k in range(self.n_delays)]
        )

    def _start_states(self, initial_state: InitialState, n_series: int) -> list[Array]:
        return [np.empty((0, self.n_features_in_))] * n_series

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        rows = np.asarray(rows, dtype=np.float64)
        features = self.monomials(self.delayed(rows, state if len(state) else None))
        return features, self.latest(np.vstack([state, rows]))

    def _end_states(self, rows: Array, layout: Layout, features: SeriesLike) -> list[Array]:
        return [self.latest(rows[span]).copy() for span in layout.slices()]

    def latest(self, rows: Array) -> Array:
        """Return the last rows of a series, those that later monomials use.

        Parameters
        ----------
        rows : array of shape (n_rows, n_features)
            Rows of one series.

        Returns
        -------
        array of shape (n_rows, n_features)
            At most `reach` of them.
        """
        return rows[len(rows) - min(self.reach, len(rows)) :]

    def delayed_by_series(self, rows: Array, layout: Layout) -> Array:
        """Return v of every row of all series at once.

        Parameters
        ----------
        rows : array of shape (n_rows, n_features)
            Rows of all series.
        layout : Layout
            How they divide into series.

        Returns
        -------
        array of shape (n_rows, n_delays * n_features)
            The row and its delayed ones, side by side.
        """
        first, number = np.repeat(layout.starts(), layout.lengths), np.arange(len(rows))
        earlier = [number - k * self.stride for k in range(self.n_delays)]
        return np.hstack([rows[np.maximum(numbers, first)] for numbers in earlier])

    @property
    def reach(self) -> int:
        """Rows before the present one that its monomials use."""
        return (self.n_delays - 1) * self.stride

    def monomials(self, delayed: Array) -> Array:
        """Return z from v.

        Parameters
        ----------
        delayed : array of shape (n_rows, n_delays * n_features)
            Rows beside their delayed ones, v.

        Returns
        -------
        array of shape (n_rows, n_monomials)
            Monomials, z.
        """
        return self.products().monomials(delayed)

    def products(self) -> Products:
        """Return how the monomials are computed.

        Returns
        -------
        Products
            One product each, and those of shorter ones that they are multiples of.
        """
        listed, products = _PRODUCTS.get(self, (None, None))
        if listed is not self.exponents_ or products is None:
            products = as_products(self.exponents_)
            _PRODUCTS[self] = self.exponents_, products
        return products

    def factors(self) -> tuple[Array, int]:
        """Return the factors of every monomial as the compiled loop reads them, and the stride.

        Returns
        -------
        factors : array of shape (n_monomials, degree) of int
            Columns of v, -1 where a monomial has fewer.
        stride : int
            Rows between two delays.
        """
        degree = max(map(len, self.exponents_))
        padded = [(*index, *[-1] * (degree - len(index))) for index in self.exponents_]
        return np.array(padded, dtype=np.intp), self.stride

    def sensitivity(self, delayed: Array, variable: int) -> Array:
        """Return the derivative of every monomial by one variable, dz / dv_j.

        Parameters
        ----------
        delayed : array of shape (n_rows, n_delays * n_features)
            Rows beside their delayed ones, v.
        variable : int
            Column of v, j.

        Returns
        -------
        array of shape (n_rows, n_monomials)
            The derivatives.
        """
        slopes = np.zeros((len(delayed), len(self.exponents_)))
        for column, index in enumerate(self.exponents_):
            power = index.count(variable)
            if power:
                # d(v_j^p w) / dv_j = p v_j^(p-1) w: one factor v_j less.
                factors = list(index)
                factors.remove(variable)
                slopes[:, column] = power * np.prod(delayed[:, factors], axis=1)
        return slopes

    @property
    def _n_features_out(self) -> int:
        return len(self.exponents_)
