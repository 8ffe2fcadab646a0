"""Next-generation reservoir computing: polynomials of delayed inputs and a ridge readout."""

from __future__ import annotations

from itertools import combinations_with_replacement
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.base import ClassNamePrefixFeaturesOutMixin as NamesByPrefix
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators import Progress
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.settings import record_settings
from reservoirs.forecasting import ForecastMixin, find_loop, record_training_end
from reservoirs.forecasting.recording import RecordingTransformer
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import QRSums, check_alphas, row_blocks, solve_best
from reservoirs.sequences import Array, InitialState, Layout, SeriesLike, check_rows, restore
from reservoirs.targets import Targets, check_targets

DELAYS: dict[str, list[object]] = {
    "n_delays": [Interval(Integral, 1, None, closed="left")],
    "stride": [Interval(Integral, 1, None, closed="left")],
    "degree": [Interval(Integral, 1, None, closed="left"), tuple, list],
}


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
        return restore(self.monomials(self._delayed_by_series(rows, layout)), layout)

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
        return features, self._latest(np.vstack([state, rows]))

    def _end_states(self, rows: Array, layout: Layout, features: SeriesLike) -> list[Array]:
        return [self._latest(rows[span]).copy() for span in layout.slices()]

    def _latest(self, rows: Array) -> Array:
        """Return the last rows of a series, those that later monomials use."""
        return rows[len(rows) - min(self.reach, len(rows)) :]

    def _delayed_by_series(self, rows: Array, layout: Layout) -> Array:
        """Return v of every row, (n_rows, n_delays * n_features), of all series at once."""
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
        columns = [np.prod(delayed[:, list(index)], axis=1) for index in self.exponents_]
        return np.column_stack(columns)

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


@inherit_parameters(NVAR)
class NVARRegressor(ForecastMixin, RegressorMixin, BaseEstimator):
    """Next-generation reservoir computing: ridge regression on `NVAR` features.

    y[t] = C z[t] / r + c, r the root mean square of each monomial, so that one penalty fits all

    Minimised is the squared error, plus alpha sum C^2, plus what input noise of relative size
    `noise` would add to first order: sum over rows and inputs of (C dz/dv_j noise std_j)^2. On
    noise-free data from an accurate integrator that term keeps forecasts stable; a plain penalty
    does not.

    Parameters
    ----------
    alpha : float or array-like of shape (n_alphas,), default=1e-8
        Ridge penalty, in units of the summed squares of the scaled features, or a grid of which
        the best is taken by generalised cross-validation.
    noise : float, default=0.0
        Size of the noise that the readout must tolerate, relative to the inputs' deviations.

    Attributes
    ----------
    features_ : NVAR
        The transformer.
    coef_ : array of shape (n_outputs, n_monomials)
        Coefficients C / r, for unscaled monomials.
    intercept_ : array of shape (n_outputs,)
        Intercept, c.
    alpha_ : float
        The penalty used.
    last_states_ : list of arrays of shape (n_rows, n_features)
        The rows at the end of each training series that the next monomials use.
    training_end_ : TrainingEnd
        Where the training series ended, from which forecasts go on.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    NVAR : The features alone.
    ESNRegressor : Ridge regression on the states of a random network.

    References
    ----------
    Gauthier, Bollt, Griffith & Barbosa (2021), Next generation reservoir computing.
    Bishop (1995), Training with noise is equivalent to Tikhonov regularization.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import NVARRegressor, next_step
    >>> X, y = next_step(np.sin(0.2 * np.arange(200)))
    >>> model = NVARRegressor(n_delays=2, degree=1).fit(X, y)
    >>> error = model.forecast(10) - np.sin(0.2 * np.arange(200, 210))
    >>> bool(abs(error).max() < 1e-3)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        **DELAYS,
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "noise": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        n_delays: int = 2,
        stride: int = 1,
        degree: int | tuple[int, ...] | list[int] = 2,
        alpha: ArrayLike = 1e-8,
        noise: float = 0.0,
    ) -> None:
        self.n_delays = n_delays
        self.stride = stride
        self.degree = degree
        self.alpha = alpha
        self.noise = noise

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(self, X: SeriesLike, y: SeriesLike, *, series_id: SeriesLike = None) -> Self:
        """Solve the readout. Rows whose delays reach before their series are not regressed on.

        Parameters
        ----------
        y : array-like or list of arrays
            Targets per step in the container of X.

        Returns
        -------
        NVARRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            For bad data or penalties, targets per series, or series shorter than the delays.
        """
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        targets = check_targets(self, y, layout)
        if targets.kind == "per_series":
            raise ValueError("NVARRegressor takes targets per step, got one target per series")
        self.features_ = NVAR(n_delays=self.n_delays, stride=self.stride, degree=self.degree)
        self.features_.n_features_in_ = self.n_features_in_
        self.features_.list_monomials()
        progress = Progress(self, X, y, 0, {"series_id": series_id})
        self._solve(rows, layout, targets)
        reach = self.features_.reach
        self.last_states_ = [rows[span][-reach:] if reach else rows[:0] for span in layout.slices()]
        loop = find_loop(rows, targets, layout)
        self.training_end_ = record_training_end(rows, targets, layout, X, y, loop=loop)
        self.target_kind_ = targets.kind
        progress.end()
        return self

    def _solve(self, rows: Array, layout: Layout, targets: Targets) -> None:
        reach, features, alphas = self.features_.reach, self.features_, check_alphas(self.alpha)
        shortest = min(layout.lengths)
        if shortest <= reach:
            raise ValueError(
                f"every series needs more than (n_delays - 1) * stride = {reach} rows, got one of "
                f"{shortest}; lower n_delays or stride, or drop that series"
            )
        whole = np.arange(len(rows)) >= np.repeat(layout.starts() + reach, layout.lengths)
        delayed, outputs = features._delayed_by_series(rows, layout)[whole], targets.rows[whole]
        # Monomials differ by orders of magnitude: each is divided by its root mean square.
        with np.errstate(over="ignore"):
            z = features.monomials(delayed)
            size = np.sqrt(np.mean(z**2, axis=0))
        if not np.isfinite(size).all():
            raise ValueError("monomials of X are too large for float64; standardise X first")
        size[size == 0] = 1.0
        sums = QRSums(z.shape[1], outputs.shape[1])
        with one_blas_thread():
            for block in row_blocks(len(z)):
                sums.add(z[block] / size, outputs[block])
            if self.noise:
                # Noise e_j in v_j adds C dz/dv_j e_j to an output: |C dz/dv_j std(e_j)|^2 a row.
                for j, deviation in enumerate(delayed.std(axis=0)):
                    slopes = features.sensitivity(delayed, j)
                    sums.penalise(self.noise * deviation * slopes / size)
            readout = solve_best([sums], alphas)
        self.coef_, self.intercept_ = readout.coefficients / size, readout.intercept
        self.alpha_ = readout.alpha

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs after every row of one series, and the rows to go on from."""
        z, last = self.features_._drive(rows, state)
        return z @ self.coef_.T + self.intercept_, last

    _read = _drive

    def _stack_states(self, states: list[Array]) -> Array:
        raise ValueError("return_state has no meaning here: pass earlier rows as context")

    def _start_states(self, initial_state: InitialState, n_series: int) -> list[Array]:
        if initial_state is not None:
            raise ValueError("initial_state has no meaning here: pass earlier rows as context")
        return self.features_._start_states(None, n_series)

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn has no stubs
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
