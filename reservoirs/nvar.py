"""Next-generation reservoir computing: polynomials of delayed inputs and a ridge readout."""

from __future__ import annotations

from itertools import combinations_with_replacement
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators import Progress
from reservoirs.forecasting import ForecastMixin, find_loop, record_training_end
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import BLOCK, QRSums, Readout, check_alphas, choose
from reservoirs.sequences import Array, Layout, check_rows, restore
from reservoirs.targets import Targets, check_targets
from reservoirs.version import Stamped

DELAYS: dict[str, list[Any]] = {
    "n_delays": [Interval(Integral, 1, None, closed="left")],
    "stride": [Interval(Integral, 1, None, closed="left")],
    "degree": [Interval(Integral, 1, None, closed="left"), tuple, list],
}


class NVAR(Stamped, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Map series to monomials of the present row and of delayed ones.

    v[t] = [u[t], u[t - s], ..., u[t - (k-1) s]],  z[t] = all monomials of v[t] of the given degrees

    Rows before the first one are taken to equal it. The constant is left to the readout.

    Parameters
    ----------
    n_delays : k, rows used
    stride : s, steps between them
    degree : d for all monomials of degree 1 to d, or the degrees themselves, as (1, 3)

    Attributes
    ----------
    exponents_ : list of index tuples into v, one per monomial
    n_features_in_ : number of features

    References
    ----------
    Gauthier, Bollt, Griffith & Barbosa (2021), Next generation reservoir computing, eqs. 5-7.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = DELAYS

    def __init__(self, *, n_delays: int = 2, stride: int = 1, degree: Any = 2) -> None:
        self.n_delays = n_delays
        self.stride = stride
        self.degree = degree

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, *, series_id: Any = None) -> Self:
        """List the monomials; of X only the number of features is read.

        Parameters
        ----------
        X : any container of series
        y : ignored
        series_id : (n_rows,) ids of a 2-D X
        """
        check_rows(self, X, series_id=series_id, reset=True)
        return self.list_monomials()

    def list_monomials(self) -> Self:
        """List the monomials for `n_features_in_` features.

        Raises
        ------
        ValueError
            If a degree is no positive integer.
        """
        whole = isinstance(self.degree, Integral)
        degrees = range(1, self.degree + 1) if whole else self.degree
        if not len(degrees) or any(not isinstance(d, Integral) or d < 1 for d in degrees):
            raise ValueError(f"degree must be an integer >= 1 or several, got {self.degree!r}")
        width = self.n_features_in_ * self.n_delays
        self.exponents_ = [
            index for d in degrees for index in combinations_with_replacement(range(width), d)
        ]
        return self

    def transform(self, X: Any, *, series_id: Any = None) -> Any:
        """Return the monomials of every row, (n_rows, n_monomials), in the container of X.

        Parameters
        ----------
        X : any container of series
        series_id : (n_rows,) ids of a 2-D X
        """
        check_is_fitted(self, "exponents_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=False)
        parts = [self.monomials(self.delayed(rows[span])) for span in layout.slices()]
        return restore(np.concatenate(parts), layout)

    def delayed(self, rows: Array, earlier: Array | None = None) -> Array:
        """Return v of every row, (n_rows, n_delays * n_features).

        Parameters
        ----------
        rows : (n_rows, n_features) of one series
        earlier : rows just before, at most `reach` of them
        """
        reach = self.reach
        known = rows if earlier is None else np.vstack([earlier, rows])
        missing = max(reach - (len(known) - len(rows)), 0)
        padded = np.vstack([np.repeat(known[:1], missing, axis=0), known])
        last = len(padded) - len(rows)
        parts = [padded[last - k * self.stride :][: len(rows)] for k in range(self.n_delays)]
        return np.hstack(parts)

    @property
    def reach(self) -> int:
        """Rows before the present one that its monomials use."""
        return (self.n_delays - 1) * self.stride

    def monomials(self, delayed: Array) -> Array:
        """Return z from v, (n_rows, n_monomials)."""
        columns = [np.prod(delayed[:, list(index)], axis=1) for index in self.exponents_]
        return np.column_stack(columns)

    def sensitivity(self, delayed: Array, variable: int) -> Array:
        """Return dz / dv_j, (n_rows, n_monomials).

        Parameters
        ----------
        delayed : v, (n_rows, n_delays * n_features)
        variable : j
        """
        out = np.zeros((len(delayed), len(self.exponents_)))
        for column, index in enumerate(self.exponents_):
            power = index.count(variable)
            if power:
                rest = list(index)
                rest.remove(variable)
                out[:, column] = power * np.prod(delayed[:, rest], axis=1)
        return out

    @property
    def _n_features_out(self) -> int:
        return len(self.exponents_)


class NVARRegressor(ForecastMixin, RegressorMixin, BaseEstimator):
    """Next-generation reservoir computing: ridge regression on `NVAR` features.

    y[t] = C z[t] / r + c, r the root mean square of each monomial, so that one penalty fits all

    Minimised is the squared error, plus alpha sum C^2, plus what input noise of relative size
    `noise` would add to first order: sum over rows and inputs of (C dz/dv_j noise std_j)^2. On
    noise-free data from an accurate integrator that term keeps forecasts stable; a plain penalty
    does not.

    Parameters
    ----------
    n_delays, stride, degree : of the features, see `NVAR`
    alpha : ridge penalty, in units of the summed squares of the scaled features, or a grid of which
        the best is taken by generalised cross-validation
    noise : size of the noise that the readout must tolerate, relative to the inputs' deviations

    Attributes
    ----------
    features_ : the `NVAR` transformer
    coef_ : (n_outputs, n_monomials), for unscaled monomials
    intercept_ : (n_outputs,)
    alpha_ : the penalty used
    n_features_in_ : number of features

    References
    ----------
    Gauthier, Bollt, Griffith & Barbosa (2021), Next generation reservoir computing.
    Bishop (1995), Training with noise is equivalent to Tikhonov regularization.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **DELAYS,
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "noise": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        n_delays: int = 2,
        stride: int = 1,
        degree: Any = 2,
        alpha: Any = 1e-8,
        noise: float = 0.0,
    ) -> None:
        self.n_delays = n_delays
        self.stride = stride
        self.degree = degree
        self.alpha = alpha
        self.noise = noise

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, *, series_id: Any = None) -> Self:
        """Solve the readout. Rows whose delays reach before their series are not regressed on.

        Parameters
        ----------
        X : any container of series, (n_steps, n_features) each
        y : targets per step in the container of X
        series_id : (n_rows,) ids of a 2-D X

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
        self.training_end_ = record_training_end(targets, layout, y, loop=loop)
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
        delayed = np.vstack([features.delayed(rows[span])[reach:] for span in layout.slices()])
        known = np.vstack([targets.rows[span][reach:] for span in layout.slices()])
        with np.errstate(over="ignore"):
            z = features.monomials(delayed)
            size = np.sqrt(np.mean(z**2, axis=0))
        if not np.isfinite(size).all():
            raise ValueError("monomials of X are too large for float64; standardise X first")
        size[size == 0] = 1.0
        sums = QRSums(z.shape[1], known.shape[1])
        with one_blas_thread():
            for first in range(0, len(z), BLOCK):
                sums.add(z[first : first + BLOCK] / size, known[first : first + BLOCK])
            if self.noise:
                for j, deviation in enumerate(delayed.std(axis=0)):
                    slope = features.sensitivity(delayed, j)
                    sums.penalise(self.noise * deviation * slope / size)
            readout: Readout = sums.solve(choose([sums], alphas))
        self.coef_, self.intercept_ = readout.coefficients / size, readout.intercept
        self.alpha_ = readout.alpha

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs after every row of one series, and the rows to go on from."""
        z = self.features_.monomials(self.features_.delayed(rows, state if len(state) else None))
        known, reach = np.vstack([state, rows]), self.features_.reach
        return z @ self.coef_.T + self.intercept_, known[len(known) - min(reach, len(known)) :]

    _read = _drive

    def _stack_states(self, states: list[Array]) -> Array:
        raise ValueError("return_state has no meaning here: pass earlier rows as context")

    def _start_states(self, initial_state: Any, n_series: int) -> Any:
        if initial_state is not None:
            raise ValueError("initial_state has no meaning here: pass earlier rows as context")
        return [np.empty((0, self.n_features_in_))] * n_series

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
