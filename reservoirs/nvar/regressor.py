"""NVARRegressor: next-generation reservoir computing, ridge regression on monomials."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs.estimators import Progress
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.ranges import Number
from reservoirs.forecasting import (
    ALIGNMENTS,
    BOUND,
    CLOSED_LOOP,
    DEFAULT_BOUND,
    INTERVAL_ORIGINS,
    ORIGINS,
    Choice,
    choose_by_loops,
    find_loop,
    keep_rows,
    kept_pieces,
    open_rows,
    plan_loops,
    record_training_end,
    scale_targets,
    skip_leading,
)
from reservoirs.nvar.checks import (
    LONG,
    MAP,
    RATE,
    check_equal_steps,
    check_exog_align,
    check_longdouble_settings,
    check_rate_data,
    check_rate_settings,
)
from reservoirs.nvar.examples import map_rows, rate_rows
from reservoirs.nvar.extended import check_longdouble, solve_longdouble, split_digits
from reservoirs.nvar.features import DELAYS, NVAR
from reservoirs.nvar.loops import loop_runner, noise_penalty
from reservoirs.nvar.running import MonomialRuns
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import QRSums, Readout, check_alphas, solve_best
from reservoirs.sequences import Array, Layout, SeriesLike
from reservoirs.targets import Targets, check_targets

DEFAULT_DELAYS = 2  # of a map
MOST_ROWS, MOST_SUBSTEPS = 100, 16  # beyond, rounding is larger than what is left to gain


@inherit_parameters(NVAR)
class NVARRegressor(MonomialRuns, RegressorMixin, BaseEstimator):
    """Next-generation reservoir computing: ridge regression on `NVAR` features.

    y[t] = C z[t] / r + c, r the root mean square of each monomial, so that one penalty fits all

    With `form="rate"` the law of the velocity is learned in place of the map to the next row, and
    integrated: y' = C z + c, F in z beside y where X has known inputs. What is regressed are
    differences over steps on means of z, by weights that integrate the polynomial through `order`
    rows exactly: y[t] - y[t-1] = dt sum_j b_j (C z[t-p+j] + c), order = 2p + 2. Rows must be `dt`
    apart and enough for a polynomial to follow; stiff systems need the map.

    Minimised is the squared error, plus alpha sum C^2, plus what input noise of relative size
    `noise` would add to first order: sum over rows and inputs of (C dz/dv_j noise std_j)^2. On
    noise-free data from an accurate integrator that term keeps forecasts stable; a plain penalty
    does not.

    Parameters
    ----------
    n_delays : int, default=None
        Rows used, k: the present one and k - 1 earlier ones. None: 2, and with form="rate" 1, which
        takes no other.
    degree : int or sequence of int, default=2
        All monomials of degree 1 to d, or the degrees themselves, as (1, 3); with `n_terms` a
        number, and the most that a monomial may have.
    alpha : float, array-like of shape (n_alphas,) or "closed_loop", default=1e-8
        Ridge penalty, in units of the summed squares of the scaled features, or a grid of which
        the best is taken by generalised cross-validation, which judges one step. "closed_loop"
        takes the penalty whose forecasts are best, on blocks of the series left out one by one.
    noise : float, default=0.0
        Size of the noise that the readout must tolerate, relative to the inputs' deviations.
    exog_align : {"observation", "target"}, default="observation"
        Whether a row of exog enters with its own observation or belongs to the value predicted, as
        `next_step(align=...)` built X; forecasts pick the rows of a DataFrame by it.
    alpha_horizon : int, default=None
        Steps of the forecasts that "closed_loop" compares; None: a twentieth of the rows, 8 to 100,
        and fewer where no series is long enough.
    bound : float or None, default=0.25
        What a forecast feeds back is held within the range of the training targets and of its
        context, widened by this share of it on both sides; None sets no limit.
    interval_origins : int or None, default=40
        Closed loops from training rows whose errors make the intervals of `forecast(level=)`, each
        of a readout that has not seen its rows; None keeps no rows for them.
    form : {"map", "rate"}, default="map"
        Whether y is the next row itself, or what the law y' = C z + c leads to. A rate needs
        targets that are the next observations, equal steps without gaps, a number or a grid as
        alpha (0 where data have no noise), and noise=0. A known input F enters with its own row,
        and is, up to the next, the polynomial through the last order / 2 rows, four at most.
    dt : float, default=1.0
        With form="rate" the time from a row to the next: coefficients are per unit of it.
    order : int, default=8
        With form="rate" the rows of the polynomial of a step, 2p + 2: the first p and the last
        p + 1 rows of a series give no target. 2 is the trapezoidal rule; data without noise take
        20 to 50.
    substeps : int, default=4
        With form="rate" half the order of the integration, from 1 to 16: the midpoint rule in 2, 4,
        ..., 2 substeps parts of a step, extrapolated.
    n_terms : int, default=None
        Monomials, those of largest expected size: of each the product of the root mean squares of
        its variables, the largest of these set to 0.5. None takes all of the degrees.
    dtype : {"float64", "longdouble"}, default="float64"
        Arithmetic of the fit and of closed loops. "longdouble" has 64 bits of mantissa on most
        machines and is refused on others; it is not compiled, and takes one number as alpha.

    Attributes
    ----------
    features_ : NVAR
        The transformer.
    coef_ : array of shape (n_outputs, n_monomials)
        Coefficients C / r, for unscaled monomials; of a rate per unit of time.
    intercept_ : array of shape (n_outputs,)
        Intercept, c.
    coef_low_ : array of shape (n_outputs, n_monomials)
        With dtype="longdouble" what `coef_` lacks to the coefficients in long double.
    intercept_low_ : array of shape (n_outputs,)
        Likewise of `intercept_`.
    alpha_ : float
        The penalty used.
    alpha_scores_ : array of shape (n_alphas, 2)
        With alpha="closed_loop" the penalties and the geometric mean of the errors of their
        forecasts, in deviations of the targets; infinite where one was refused.
    n_diverged_loops_ : int
        With alpha="closed_loop" the forecasts of the chosen penalty that met their bound.
    last_states_ : list of arrays of shape (n_rows, n_features)
        The rows at the end of each training series that the next monomials use.
    interval_rows_ : IntervalRows or None
        The last training rows, for intervals; None where a forecast cannot have them.
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
    Gragg (1965), On extrapolation algorithms for ordinary initial value problems.
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

    The law x' = v, v' = -x of a turning point:

    >>> t = 0.1 * np.arange(100)
    >>> X, y = next_step(np.column_stack([np.sin(t), np.cos(t)]))
    >>> law = NVARRegressor(form="rate", dt=0.1, degree=1, alpha=0).fit(X, y)
    >>> bool(abs(law.coef_ - [[0, 1], [-1, 0]]).max() < 1e-6)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        **DELAYS,
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like", StrOptions({CLOSED_LOOP})],
        "alpha_horizon": [Number(Integral, 1, None, closed="left"), None],
        "noise": [Interval(Real, 0, None, closed="left")],
        "exog_align": [StrOptions(set(ALIGNMENTS))],
        "bound": BOUND,
        "interval_origins": ORIGINS,
        "n_delays": [*DELAYS["n_delays"], None],
        "form": [StrOptions({MAP, RATE})],
        "dt": [Number(Real, 0, None, closed="neither")],
        "order": [Number(Integral, 2, MOST_ROWS, closed="both")],
        "substeps": [Number(Integral, 1, MOST_SUBSTEPS, closed="both")],
        "n_terms": [Number(Integral, 1, None, closed="left"), None],
        "dtype": [StrOptions({"float64", LONG})],
    }

    _settings_of_prediction = frozenset(
        {"n_jobs", "exog_align", "bound", "interval_origins", "substeps"}
    )

    def __init__(
        self,
        *,
        n_delays: int | None = None,
        stride: int = 1,
        degree: int | tuple[int, ...] | list[int] = 2,
        alpha: ArrayLike | str = 1e-8,
        noise: float = 0.0,
        exog_align: str = "observation",
        bound: float | None = DEFAULT_BOUND,
        alpha_horizon: int | None = None,
        interval_origins: int | None = INTERVAL_ORIGINS,
        form: str = MAP,
        dt: float = 1.0,
        order: int = 8,
        substeps: int = 4,
        n_terms: int | None = None,
        dtype: str = "float64",
    ) -> None:
        self.n_delays = n_delays
        self.stride = stride
        self.degree = degree
        self.alpha = alpha
        self.noise = noise
        self.exog_align = exog_align
        self.bound = bound
        self.alpha_horizon = alpha_horizon
        self.interval_origins = interval_origins
        self.form = form
        self.dt = dt
        self.order = order
        self.substeps = substeps
        self.n_terms = n_terms
        self.dtype = dtype

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(self, X: SeriesLike, y: SeriesLike, *, series_id: SeriesLike = None) -> Self:
        """Solve the readout. Rows whose delays reach before their series are not regressed on.

        Neither are rows with NaN in y. NaN in the columns of X that a forecast feeds back are
        filled by the forecast of a first model, fitted with the last values in their place; a
        series that begins with them is learned from its first whole row on.

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
        rows, layout, gaps = open_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        scaled = scale_targets(self, X, y, series_id)
        targets = check_targets(self, scaled, layout, allow_nan=True)
        if targets.kind == "per_series":
            raise ValueError("NVARRegressor takes targets per step, got one target per series")
        n_delays = self._check_form()
        self.features_ = NVAR(n_delays=n_delays, stride=self.stride, degree=self.degree)
        self.features_.n_features_in_ = self.n_features_in_
        self.features_.list_monomials()
        progress = Progress(self, X, y, 0, {"series_id": series_id})
        loop = find_loop(rows, targets, layout)
        whole = skip_leading(rows, layout, gaps, targets, loop)
        if self.form == RATE:
            check_rate_data(whole, loop)
            check_equal_steps(X, y, layout)
        for inputs, outputs in self._passes(whole, loop):
            counted = self._solve(inputs, whole.layout, outputs)
        self.interval_rows_ = None
        if self.interval_origins is not None:
            pieces = kept_pieces(whole.layout, self.n_features_in_)
            before = self.order - 1 if self.form == RATE else self.features_.reach
            self.interval_rows_ = keep_rows(
                inputs, whole.layout, outputs, loop, counted=counted, pieces=pieces, reach=before
            )
        end = record_training_end(rows, targets, layout, X, y, loop=loop)
        if self.form == RATE:
            check_exog_align(self.exog_align, end, self.n_features_in_)
        reach = self._count_earlier(end.n_outputs)
        ends = [whole.rows[span] for span in whole.layout.slices()]
        self.last_states_ = [last[-reach:] if reach else last[:0] for last in ends]
        self.training_end_ = self._complete(end, whole, changed=gaps is not None)
        self.target_kind_ = targets.kind
        progress.end()
        return self

    def _check_form(self) -> int:
        """Check that the settings go together; return the number of rows used."""
        if self.dtype == LONG:
            check_longdouble()
            check_longdouble_settings(self.alpha, self.noise)
        if self.n_terms is not None and not isinstance(self.degree, Integral):
            raise ValueError(
                "n_terms takes the largest monomials up to a degree, and degree is "
                f"{self.degree!r}; pass the highest as a number"
            )
        if self.form == RATE:
            check_rate_settings(self.n_delays, self.alpha, self.noise, self.order)
            return 1
        return DEFAULT_DELAYS if self.n_delays is None else self.n_delays

    def _solve(self, rows: Array, layout: Layout, targets: Targets) -> Array:
        """Solve the readout; return which rows, (n_rows,) of bool, it was regressed on."""
        features = self.features_
        if self.n_terms is not None:
            features.take_largest(rows, self.n_terms)
        values = rows.astype(self.dtype)
        if self.form == RATE:
            data = rate_rows(
                features.products(), values, layout, targets.rows, order=self.order, dt=self.dt
            )
        else:
            data = map_rows(features, values, layout, targets)
        for name in ("alpha_scores_", "n_diverged_loops_", "coef_low_", "intercept_low_"):
            self.__dict__.pop(name, None)
        size = data.sizes
        if self.dtype == LONG:
            (self.alpha_,) = check_alphas(self.alpha).tolist()
            C, c = solve_longdouble(data.features, data.targets, self.alpha_)
            self.coef_, self.coef_low_ = split_digits(C / size)
            self.intercept_, self.intercept_low_ = split_digits(c)
            return data.counted
        noisy = features.delayed_by_series(rows, layout)[data.counted] if self.noise else rows
        penalise, blocks = noise_penalty(features, noisy, size, self.noise), data.blocks()
        if isinstance(self.alpha, str):
            choice = self._choose(rows, layout, targets, data.counted, blocks, size, penalise)
            self.alpha_scores_, self.n_diverged_loops_ = choice.scores, choice.n_diverged
            readout = choice.readout
        else:
            readout = _solve(blocks, penalise, check_alphas(self.alpha))
        self.coef_, self.intercept_ = readout.coefficients / size, readout.intercept
        self.alpha_ = readout.alpha
        return data.counted

    def _choose(
        self,
        rows: Array,
        layout: Layout,
        targets: Targets,
        counted: Array,
        blocks: list[tuple[Array, Array]],
        size: Array,
        penalise: Callable[[QRSums], None],
    ) -> Choice:
        """Choose the penalty by closed loops."""
        loop = find_loop(rows, targets, layout)
        task = plan_loops(
            rows,
            targets,
            layout,
            counted=counted,
            settled=np.ones(len(rows), dtype=bool),
            loop=loop,
            bound=DEFAULT_BOUND if self.bound is None else self.bound,
            horizon=self.alpha_horizon,
        )

        run = loop_runner(self.features_, rows, size, task.loop)
        shape = len(size), targets.rows.shape[1]
        return choose_by_loops(task, blocks, np.flatnonzero(counted), shape, run, penalise)


def _solve(
    blocks: list[tuple[Array, Array]], penalise: Callable[[QRSums], None], alphas: Array
) -> Readout:
    """Return the readout of scaled monomials with the best penalty of a grid."""
    sums = QRSums(blocks[0][0].shape[1], blocks[0][1].shape[1])
    with one_blas_thread():
        for z, outputs in blocks:
            sums.add(z, outputs)
        penalise(sums)
        return solve_best(sums, alphas)
