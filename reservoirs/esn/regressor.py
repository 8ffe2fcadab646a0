"""ESNRegressor: echo state network for regression and forecasting. Wiring only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from numbers import Integral, Real
from typing import ClassVar, Self

from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs.activations import Function
from reservoirs.esn.base import EchoStateNetwork
from reservoirs.esn.choice import choose_alpha
from reservoirs.esn.chunks import ChunkedSums
from reservoirs.esn.intervals import HeldOutMixin
from reservoirs.esn.looping import LoopingMixin
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.ranges import Number
from reservoirs.forecasting import (
    ALIGNMENTS,
    BOUND,
    CLOSED_LOOP,
    DEFAULT_BOUND,
    INTERVAL_ORIGINS,
    ORIGINS,
    check_outputs,
    find_loop,
    open_rows,
    record_training_end,
    scale_targets,
    skip_leading,
)
from reservoirs.plasticity import IntrinsicPlasticity
from reservoirs.readout import SOLVERS, Readout, check_alphas, check_fading, refuse_choice
from reservoirs.sequences import Array, Layout, Seed, SeriesLike, check_rows
from reservoirs.targets import Targets, check_targets
from reservoirs.topology import Sparse, Topology

CHOSEN = ("alpha_scores_", "n_diverged_loops_")  # by alpha="closed_loop"
# what a fit before belongs to, until two rows of a new stream have come
READOUT = (
    *("coef_", "intercept_", "readout_", "alpha_", "mean_state_", "last_states_", "activity_"),
    *("own_units_", "interval_rows_", "start_states_", *CHOSEN),
)


@inherit_parameters(EchoStateNetwork)
class ESNRegressor(HeldOutMixin, LoopingMixin, RegressorMixin, EchoStateNetwork):
    """Echo state network for regression and forecasting.

    x[t] = (1 - a) x[t-1] + a tanh(W x[t-1] + W_in u[t] + b),   y[t] = C z[t] + c,  z = [x; u]

    Only C and c are learned, by ridge regression; W, W_in and b are drawn. For forecasts fit on
    `X, y = next_step(series, exog)`: the columns of W_in for the observation are then the feedback
    weights, no second mechanism is needed.

    Parameters
    ----------
    alpha : float, array-like of shape (n_alphas,) or "closed_loop", default=1e-6
        Ridge penalty on C, in units of the summed squares of the features; of a grid the best is
        taken, by generalised cross-validation or `alpha_cv`, which judge one step. "closed_loop"
        takes the penalty whose forecasts are best, on blocks of the series left out one by one:
        for a model that is to forecast, and where the data are noisy or short.
    alpha_horizon : int, default=None
        Steps of the forecasts that "closed_loop" compares; None: a twentieth of the rows, 8 to 100,
        and fewer where no series is long enough.
    exog_align : {"observation", "target"}, default="observation"
        Whether a row of exog enters with its own observation or belongs to the value predicted, as
        `next_step(align=...)` built X; forecasts pick the rows of a DataFrame by it.
    bound : float or None, default=0.25
        What a forecast feeds back is held within the range of the training targets and of its
        context, widened by this share of it on both sides; None sets no limit.
    forgetting : float, default=1.0
        Weight of the squared error of a row relative to that of the next row, in (0, 1], through
        all series in their order; below 1 the last 1 / (1 - forgetting) rows or so decide.
    interval_origins : int or None, default=40
        Closed loops from training rows whose errors make the intervals of `forecast(level=)`, each
        of a readout that has not seen its rows; None keeps no rows for them.

    Attributes
    ----------
    reservoir_ : Reservoir
        The drawn reservoir.
    coef_ : array of shape (n_outputs, n_readout_features)
        Coefficients, C.
    intercept_ : array of shape (n_outputs,)
        Intercept, c.
    readout_ : Readout
        The solved readout: its method, alpha and condition estimate.
    alpha_ : float
        The penalty used.
    alpha_scores_ : array of shape (n_alphas, 2)
        With alpha="closed_loop" the penalties and the geometric mean of the errors of their
        forecasts, in deviations of the targets; infinite where one was refused, for single
        forecasts that went wrong or for forecasts that died to a constant.
    n_diverged_loops_ : int
        With alpha="closed_loop" the forecasts of the chosen penalty that met their bound.
    mean_state_ : array of shape (n_units,)
        Mean of the training states.
    last_states_ : array of shape (n_series, n_units)
        The last state of every training series.
    auto_initial_state_ : {"nearest", "mean", "zero"}
        What `initial_state="auto"` means after this training.
    medians_ : array of shape (n_readout_columns,)
        With the pooling "share_above_median" the medians of the training rows.
    start_states_ : StartStates
        States that "nearest" chooses from, a thousand at most; for targets per step.
    activity_ : TrainingActivity
        How the units moved along the training series, for `diagnostics.reservoir_report`.
    seed_ : int
        The seed that was drawn from `random_state`.
    training_end_ : TrainingEnd
        Where the training series ended, from which forecasts go on.
    interval_rows_ : IntervalRows or None
        The last training rows, for intervals; None where a forecast cannot have them.
    target_kind_ : {"per_step", "per_series"}
        Whether there was a target for each row or for each series.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    ESNClassifier : The same for labels.
    NVARRegressor : Ridge regression on polynomials of delayed inputs.
    Reservoir : The states alone, for any readout.
    next_step : Build X and y of a forecast.

    References
    ----------
    Jaeger (2001), The "echo state" approach to analysing and training RNNs, GMD report 148.
    Lukosevicius (2012), A practical guide to applying echo state networks.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import ESNRegressor, next_step
    >>> X, y = next_step(np.sin(0.2 * np.arange(500)))
    >>> model = ESNRegressor(n_units=50, random_state=0).fit(X, y)
    >>> error = model.forecast(20) - np.sin(0.2 * np.arange(500, 520))
    >>> bool(abs(error).max() < 0.01)
    True
    """

    stream_: ChunkedSums

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        **EchoStateNetwork._parameter_constraints,
        "exog_align": [StrOptions(set(ALIGNMENTS))],
        "bound": BOUND,
        "alpha": [*EchoStateNetwork._parameter_constraints["alpha"], StrOptions({CLOSED_LOOP})],
        "alpha_horizon": [Number(Integral, 1, None, closed="left"), None],
        "forgetting": [Interval(Real, 0, 1, closed="right")],
        "interval_origins": ORIGINS,
    }
    _settings_of_prediction = EchoStateNetwork._settings_of_prediction | {
        *("exog_align", "bound", "interval_origins"),
    }

    def __init__(
        self,
        *,
        n_units: int = 500,
        spectral_radius: float = 1.0,
        leak_rate: ArrayLike = 0.7,
        input_scaling: ArrayLike | Sparse = 0.2,
        bias_scaling: ArrayLike = 1.5,
        degree: int = 10,
        topology: str | Topology | Sparse | Array = "random",
        activation: str | Function = "tanh",
        noise: float = 0.0,
        alpha: ArrayLike | str = 1e-6,
        alpha_cv: int | None = None,
        solver: str = "auto",
        washout: int = 0,
        pooling: str | Sequence[str] = "last",
        bidirectional: bool = False,
        initial_state: ArrayLike = "auto",
        dtype: str = "float64",
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: Seed = None,
        readout_features: str = "state+input",
        exog_align: str = "observation",
        bound: float | None = DEFAULT_BOUND,
        alpha_horizon: int | None = None,
        forgetting: float = 1.0,
        interval_origins: int | None = INTERVAL_ORIGINS,
        mixing: float | None = None,
        intrinsic_plasticity: IntrinsicPlasticity | None = None,
    ) -> None:
        super().__init__(
            n_units=n_units,
            spectral_radius=spectral_radius,
            leak_rate=leak_rate,
            input_scaling=input_scaling,
            bias_scaling=bias_scaling,
            degree=degree,
            topology=topology,
            activation=activation,
            noise=noise,
            alpha=alpha,
            alpha_cv=alpha_cv,
            solver=solver,
            washout=washout,
            pooling=pooling,
            bidirectional=bidirectional,
            initial_state=initial_state,
            dtype=dtype,
            n_jobs=n_jobs,
            verbose=verbose,
            random_state=random_state,
            readout_features=readout_features,
            mixing=mixing,
            intrinsic_plasticity=intrinsic_plasticity,
        )
        self.exog_align = exog_align
        self.bound = bound
        self.alpha_horizon = alpha_horizon
        self.forgetting = forgetting
        self.interval_origins = interval_origins

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(self, X: SeriesLike, y: SeriesLike, *, series_id: SeriesLike = None) -> Self:
        """Draw the reservoir and solve the readout.

        Rows with NaN in y are not regressed on. NaN in the columns of X that a forecast feeds back
        are filled by the forecast of a first model, fitted with the last values in their place; a
        series that begins with them is learned from its first whole row on.

        Returns
        -------
        ESNRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            For bad data, or a washout that leaves no row of a series.
        """
        rows, layout, gaps = open_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        scaled = scale_targets(self, X, y, series_id)
        targets = check_targets(self, scaled, layout, allow_nan=True)
        loop = find_loop(rows, targets, layout)
        self.__dict__.pop("stream_", None)
        progress = self._progress(X, y, layout, targets.kind, series_id)
        self._draw()
        whole = skip_leading(rows, layout, gaps, targets, loop)
        for inputs, outputs in self._passes(whole, loop):
            states = self._learn(inputs, whole.layout, outputs, progress)
        self._warn_of_scale(states.activity)
        self.interval_rows_ = self._keep_rows(inputs, whole.layout, outputs, loop, states)
        end = record_training_end(rows, targets, layout, X, y, loop=loop)
        self.training_end_ = self._complete(end, whole, changed=gaps is not None)
        progress.end()
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def partial_fit(
        self,
        X: SeriesLike,
        y: SeriesLike,
        *,
        new_series: bool = False,
        series_id: SeriesLike = None,
    ) -> Self:
        """Learn from one more chunk; any cut into chunks gives bitwise the same model.

        A 2-D chunk goes on with the open series; each element of a list or a 3-D array is a whole
        series. Washout counts once per series. With solver="auto" the sums are those of QR.

        Parameters
        ----------
        y : array-like or list of arrays
            Targets per step in the container of X.
        new_series : bool, default=False
            Begin a new series with a 2-D chunk.

        Returns
        -------
        ESNRegressor
            The estimator, fitted once two rows came after washout.

        Raises
        ------
        ValueError
            For bad data, targets per series, or another number of outputs than before.

        Notes
        -----
        Rows are kept from the first; the model is fitted once two of them came after washout. With
        `forgetting` f below 1 it is recursive least squares: the squared errors of the rows
        t = 1..T after washout, weighted by f^(T - t), and alpha times the squared weights of the
        readout are minimised together. The penalty is added when the sums are solved, so that it
        is not forgotten with the rows.
        """
        self._validate_params()  # scikit-learn checks the first call only
        first = not hasattr(self, "stream_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=first)
        targets = check_targets(self, y, layout)
        if targets.kind == "per_series":
            raise ValueError(
                "partial_fit takes targets per step, got one target per series; use fit"
            )
        if not first:
            check_outputs(targets, self.training_end_)
        if isinstance(self.alpha, str):
            raise ValueError(
                f"partial_fit cannot choose alpha={self.alpha!r}, which needs all rows: fit once, "
                "on the rows there are, and go on with the number in alpha_"
            )
        refuse_choice(self.alpha, self.forgetting)
        alphas = check_alphas(self.alpha)
        before = self._new_stream(targets.rows.shape[1]) if first else self.stream_
        stream = before.extended(
            rows,
            targets.rows,
            layout,
            new_series=layout.many or new_series or not before.n_series,
        )
        self.stream_ = stream
        loop = stream.loop if stream.closes else None
        earlier = None if first else self.training_end_.target_range
        self.training_end_ = record_training_end(
            rows, targets, layout, X, y, loop=loop, last_only=True, earlier=earlier
        )
        self.target_kind_ = targets.kind
        if stream.n_rows < 2:
            return self
        self._store_readout(stream.solve(alphas))
        activity = stream.whole_activity()
        stream.warned = stream.warned or self._warn_of_scale(activity)
        self.activity_ = activity.summary(self.n_units, stream.tail)
        self.mean_state_ = self.readout_.feature_mean[: self.n_units]
        self.last_states_ = stream.state[None].copy()
        self._store_starts(stream.starts)
        several = stream.n_series > 1 and not self.washout
        self.auto_initial_state_ = "zero" if several else self._start_of_pieces
        return self

    def _new_stream(self, n_outputs: int) -> ChunkedSums:
        """Draw a reservoir and return empty sums of its states; a readout of another one goes."""
        if self.intrinsic_plasticity is not None:
            raise ValueError(
                "partial_fit cannot adapt the units, intrinsic_plasticity needs all rows: use fit, "
                "or leave it at None"
            )
        for name in READOUT:
            self.__dict__.pop(name, None)
        self._draw()
        sums = SOLVERS["qr" if self.solver == "auto" else self.solver]
        width = self._reading.width(self.n_units, self.n_features_in_)
        if self.forgetting < 1:
            check_fading(sums)
        empty = sums(width, n_outputs)
        return ChunkedSums(
            self.reservoir_,
            empty,
            self.washout,
            self._noise(),
            self.forgetting,
            self.readout_features,
        )

    def _fit_readout(
        self,
        blocks: Callable[[], Iterator[tuple[Array, Array]]],
        size: tuple[int, int],
        rows: Array,
        layout: Layout,
        targets: Targets,
    ) -> Readout:
        """Return the readout; with alpha="closed_loop" also store what chose its penalty."""
        for name in CHOSEN:
            self.__dict__.pop(name, None)
        refuse_choice(self.alpha, self.forgetting)
        if not isinstance(self.alpha, str):
            return super()._fit_readout(blocks, size, rows, layout, targets)
        choice = choose_alpha(
            self.reservoir_,
            blocks,
            size[0],
            (rows, layout, targets),
            washout=self.washout,
            bound=DEFAULT_BOUND if self.bound is None else self.bound,
            horizon=self.alpha_horizon,
        )
        self.alpha_scores_, self.n_diverged_loops_ = choice.scores, choice.n_diverged
        return choice.readout
