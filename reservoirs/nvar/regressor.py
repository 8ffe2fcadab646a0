"""NVARRegressor: next-generation reservoir computing, ridge regression on monomials."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs import compiled
from reservoirs.estimators import Progress, Runs, States
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.ranges import Number
from reservoirs.forecasting import (
    ALIGNMENTS,
    BOUND,
    CLOSED_LOOP,
    DEFAULT_BOUND,
    INTERVAL_ORIGINS,
    ORIGINS,
    Bounds,
    Choice,
    ForecastMixin,
    Loop,
    LoopOrigins,
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
from reservoirs.nvar.features import DELAYS, NVAR
from reservoirs.nvar.loops import loop_residuals, loop_runner, noise_penalty, scaled_monomials
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import QRSums, Readout, check_alphas, row_blocks, solve_best
from reservoirs.sequences import Array, InitialState, Layout, SeriesLike
from reservoirs.targets import Targets, check_targets


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
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like", StrOptions({CLOSED_LOOP})],
        "alpha_horizon": [Number(Integral, 1, None, closed="left"), None],
        "noise": [Interval(Real, 0, None, closed="left")],
        "exog_align": [StrOptions(set(ALIGNMENTS))],
        "bound": BOUND,
        "interval_origins": ORIGINS,
    }

    _settings_of_prediction = frozenset({"n_jobs", "exog_align", "bound", "interval_origins"})

    def __init__(
        self,
        *,
        n_delays: int = 2,
        stride: int = 1,
        degree: int | tuple[int, ...] | list[int] = 2,
        alpha: ArrayLike | str = 1e-8,
        noise: float = 0.0,
        exog_align: str = "observation",
        bound: float | None = DEFAULT_BOUND,
        alpha_horizon: int | None = None,
        interval_origins: int | None = INTERVAL_ORIGINS,
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
        self.features_ = NVAR(n_delays=self.n_delays, stride=self.stride, degree=self.degree)
        self.features_.n_features_in_ = self.n_features_in_
        self.features_.list_monomials()
        progress = Progress(self, X, y, 0, {"series_id": series_id})
        loop, reach = find_loop(rows, targets, layout), self.features_.reach
        whole = skip_leading(rows, layout, gaps, targets, loop)
        for inputs, outputs in self._passes(whole, loop):
            counted = self._solve(inputs, whole.layout, outputs)
        self.interval_rows_ = None
        if self.interval_origins is not None:
            pieces = kept_pieces(whole.layout, self.n_features_in_)
            self.interval_rows_ = keep_rows(
                inputs, whole.layout, outputs, loop, counted=counted, pieces=pieces, reach=reach
            )
        ends = [whole.rows[span] for span in whole.layout.slices()]
        self.last_states_ = [end[-reach:] if reach else end[:0] for end in ends]
        end = record_training_end(rows, targets, layout, X, y, loop=loop)
        self.training_end_ = self._complete(end, whole, changed=gaps is not None)
        self.target_kind_ = targets.kind
        progress.end()
        return self

    def _solve(self, rows: Array, layout: Layout, targets: Targets) -> Array:
        """Solve the readout; return which rows, (n_rows,) of bool, it was regressed on."""
        reach, features = self.features_.reach, self.features_
        shortest = min(layout.lengths)
        if shortest <= reach:
            raise ValueError(
                f"every series needs more than (n_delays - 1) * stride = {reach} rows, got one of "
                f"{shortest}; lower n_delays or stride, or drop that series"
            )
        whole = np.arange(len(rows)) >= np.repeat(layout.starts() + reach, layout.lengths)
        if targets.missing is not None:
            whole &= ~targets.missing.any(axis=1)
            if not whole.any():
                raise ValueError(
                    f"no row of y after the first (n_delays - 1) * stride = {reach} is without "
                    "NaN: nothing is left to learn from; lower n_delays or stride"
                )
        delayed, outputs = features.delayed_by_series(rows, layout)[whole], targets.rows[whole]
        z, size = scaled_monomials(features, delayed)
        penalise = noise_penalty(features, delayed, size, self.noise)

        for name in ("alpha_scores_", "n_diverged_loops_"):
            self.__dict__.pop(name, None)
        blocks = [(z[block], outputs[block]) for block in row_blocks(len(z))]
        if isinstance(self.alpha, str):
            choice = self._choose(rows, layout, targets, whole, blocks, size, penalise)
            self.alpha_scores_, self.n_diverged_loops_ = choice.scores, choice.n_diverged
            readout = choice.readout
        else:
            readout = _solve(blocks, penalise, check_alphas(self.alpha))
        self.coef_, self.intercept_ = readout.coefficients / size, readout.intercept
        self.alpha_ = readout.alpha
        return whole

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

    def _loop_residuals(self, origins: LoopOrigins) -> Array:
        return loop_residuals(
            origins, self.features_, (self.coef_, self.intercept_), self.alpha_, self.noise
        )

    def _closed_loop(
        self,
        observation: Array,
        exog: Array,
        loop: Loop,
        state: Array,
        bounds: Bounds | None = None,
    ) -> Array:
        # rows before the first one are taken to equal it
        entering = np.concatenate([observation * loop[0] + loop[1], exog[0]])
        known = np.vstack([state, entering])
        missing = self.features_.reach - len(state)
        history = np.vstack([np.repeat(known[:1], max(missing, 0), axis=0), state])
        infinite = np.full(len(observation), np.inf)
        return compiled.monomial_loops.run_monomial_loops(
            observation[None],
            exog[None],
            history[None],
            self.features_.factors(),
            loop,
            (self.coef_[None], self.intercept_[None]),
            (-infinite, infinite) if bounds is None else bounds,
        )[0]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs after every row of one series, and the rows to go on from."""
        z, last = self.features_._drive(rows, state)
        return z @ self.coef_.T + self.intercept_, last

    _read = _drive

    def _read_all(self, rows: Array, layout: Layout, states: States) -> Runs:
        """Return the outputs and last rows of all series; without earlier rows all at once."""
        if any(map(len, states)):
            return super()._read_all(rows, layout, states)
        features, spans = self.features_, list(layout.slices())
        z = features.monomials(features.delayed_by_series(rows, layout))
        # one product a series: those of all together round otherwise than those of each
        outputs = [z[span] @ self.coef_.T + self.intercept_ for span in spans]
        return outputs, [features.latest(rows[span]) for span in spans]

    def _stack_states(self, states: list[Array]) -> Array:
        raise ValueError("return_state has no meaning here: pass earlier rows as context")

    def _start_states(self, initial_state: InitialState, n_series: int) -> list[Array]:
        if initial_state is not None:
            raise ValueError("initial_state has no meaning here: pass earlier rows as context")
        return self.features_._start_states(None, n_series)


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
