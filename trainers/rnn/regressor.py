"""RNNRegressor: a trained recurrent network for regression and forecasting. Wiring only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import ClassVar, Self

from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs.estimators import SERIES, Progress, inherit_parameters
from reservoirs.forecasting import (
    ALIGNMENTS,
    BOUND,
    DEFAULT_BOUND,
    INTERVAL_ORIGINS,
    ORIGINS,
    check_outputs,
    open_rows,
    scale_targets,
    skip_leading,
)
from reservoirs.sequences import Array, Layout, Seed, SeriesLike, check_rows
from reservoirs.targets import Targets, check_targets
from trainers.data.row_weights import moments, with_weights
from trainers.network.cells import GivenCell
from trainers.network.heads import QUANTILES, REGRESSION_LOSSES, Head, make_head
from trainers.network.initialization import ESNInit
from trainers.network.losses import LossFunction
from trainers.rnn.base import RecurrentNetwork
from trainers.rnn.drawing import Drawing
from trainers.rnn.looping import ForecastingNetwork
from trainers.rnn.readout import ALPHA, penalties, settled_rows
from trainers.rnn.settings import NOT_NEGATIVE, NetworkSettings
from trainers.rnn.several_steps import find_steps
from trainers.training.problem import Solver


@inherit_parameters(NetworkSettings)
class RNNRegressor(ForecastingNetwork):
    """Vanilla RNN, LSTM or GRU trained by back-propagation through time or Hessian-free.

    h[t] = f(W_x x[t] + W_h h[t-1] + b),  o[t] = V h[t] + c

    Targets are standardised inside `fit`, and so are inputs unless `standardize=False`.

    Parameters
    ----------
    loss : {"squared_error", "absolute", "huber", "quantile", "gaussian"} or callable, \
            default="squared_error"
        What is minimised, of standardised targets; "huber" is quadratic up to a fifth of a
        deviation of y, "quantile" learns the `quantiles` and predicts the middle one, "gaussian"
        learns a mean, which it predicts, and a deviation. A function takes two torch tensors,
        outputs and targets, (n_steps, batch, n_outputs), and returns the loss of every row,
        (n_steps, batch); torch differentiates it, and no file holds it.
    quantiles : sequence of float, default=(0.05, 0.5, 0.95)
        What loss="quantile" learns, an odd number of shares in (0, 1) in increasing order.
    readout : {"trained", "ridge"}, default="trained"
        Whether V and c are trained with the other weights, or solved by ridge regression on
        [h; x; 1]: after every epoch of a minibatch solver, and at every step inside "lbfgs",
        "hessian_free" and "levenberg_marquardt", which then minimise what the best readout leaves.
    alpha : float or array-like, default=1e-10
        Penalty of the solved readout, in all and not per row, for standardised targets; of a grid
        generalised cross-validation takes one, before training and after it.
    washout : int, default=0
        First rows of every series that are not scored: until the state has forgotten its start.
    teacher_forcing : float or list of float, default=1.0
        Share f of the data in what the network is fed of the columns that a forecast feeds back,
        f x[t] + (1 - f) times what it predicted for them; in training and along any rows. A small f
        averages noise over 1 / f rows. Of a list, such as [1, 0.5, 0.2], training goes through the
        shares, with as many epochs each. With `readout="ridge"` and f below 1 the solved readout is
        the start, and is trained with the rest.
    exog_align : {"observation", "target"}, default="observation"
        Whether a row of exog enters with its own observation or belongs to the value predicted, as
        `next_step(align=...)` built X; forecasts pick the rows of a DataFrame by it.
    bound : float or None, default=0.25
        What a forecast feeds back is held within the range of the training targets and of its
        context, widened by this share of it on both sides; None sets no limit.
    interval_origins : int or None, default=40
        Closed loops from training rows whose errors make the intervals of `forecast(level=)`, along
        rows that are held out of a single series, else along rows that were learned, and widened by
        a tenth for it; None keeps no rows for them.

    Attributes
    ----------
    weights_ : dict of arrays
        The weights by name, for standardised inputs and targets.
    alpha_ : float
        The penalty of the solved readout; only with `readout="ridge"`.
    n_iter_ : int
        Epochs done.
    loss_curve_ : list of float
        Half the mean squared error of the standardised targets, after every epoch.
    validation_curve_ : list of float
        The same of what is held out; empty where nothing is.
    history_ : list of dict
        One record per epoch: seconds, losses, gradient norm, and a solver's own figures.
    status_ : str
        Why training ended: "max_iter", "converged", "diverged", "stopped" by a callback, or
        "interrupted".
    solver_state_ : dict
        What `warm_start` and `partial_fit` go on from.
    input_mean_ : array of shape (n_features,)
        What is subtracted from the columns of X.
    input_scale_ : array of shape (n_features,)
        What they are divided by.
    target_kind_ : str
        "per_step" or "per_series".
    interval_rows_ : IntervalRows or None
        The last training rows, for intervals; None where a forecast cannot have them.
    n_ahead_ : int
        Steps that every target goes ahead, k where y[t] holds the next k observations.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    RNNClassifier : The same network for labels.
    reservoirs.ESNRegressor : A recurrent network of which only the readout is trained.
    gradient_flow : Shows whether gradients vanish or explode.

    References
    ----------
    Werbos (1990), Backpropagation through time: what it does and how to do it.
    Martens & Sutskever (2011), Learning recurrent neural networks with Hessian-free optimization.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import next_step
    >>> from trainers import RNNRegressor
    >>> X, y = next_step(np.sin(0.2 * np.arange(300)))
    >>> model = RNNRegressor(cell="gru", n_units=16, window=10, random_state=0).fit(X, y)
    >>> model.forecast(50).shape
    (50,)
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        **RecurrentNetwork._parameter_constraints,
        "loss": [StrOptions(set(REGRESSION_LOSSES)), callable],
        "quantiles": ["array-like"],
        "readout": [StrOptions({"trained", "ridge"})],
        "alpha": [NOT_NEGATIVE, "array-like"],
        "washout": [Interval(Integral, 0, None, closed="left")],
        "teacher_forcing": [Interval(Real, 0, 1, closed="right"), "array-like"],
        "exog_align": [StrOptions(set(ALIGNMENTS))],
        "bound": BOUND,
        "interval_origins": ORIGINS,
    }
    _settings_of_prediction = RecurrentNetwork._settings_of_prediction | {
        *("exog_align", "bound", "interval_origins"),
    }

    def __init__(
        self,
        *,
        cell: GivenCell = "rnn",
        n_units: int = 64,
        n_layers: int = 1,
        activation: str = "tanh",
        solver: str | Solver = "adam",
        init: str | ESNInit = "default",
        window: int | None = None,
        truncation: int = 100,
        max_iter: int = 100,
        batch_size: int = 32,
        learning_rate: float | None = None,
        clip_norm: float | None = None,
        vanishing_penalty: float = 0.0,
        weight_decay: float | None = None,
        input_noise: float = 0.0,
        dropout: float = 0.0,
        schedule: str = "constant",
        learn_initial_state: bool = False,
        hidden_bias: bool = True,
        n_scored: int | None = None,
        standardize: bool = True,
        validation_fraction: float | None = None,
        early_stopping: bool = False,
        tol: float | None = None,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        dtype: str = "auto",
        device: str = "cpu",
        verbose: int = 0,
        random_state: Seed = None,
        loss: str | LossFunction = "squared_error",
        quantiles: Sequence[float] = QUANTILES,
        readout: str = "trained",
        alpha: ArrayLike = ALPHA,
        washout: int = 0,
        teacher_forcing: ArrayLike = 1.0,
        exog_align: str = "observation",
        bound: float | None = DEFAULT_BOUND,
        interval_origins: int | None = INTERVAL_ORIGINS,
    ) -> None:
        super().__init__(
            cell=cell,
            n_units=n_units,
            n_layers=n_layers,
            activation=activation,
            solver=solver,
            init=init,
            window=window,
            truncation=truncation,
            max_iter=max_iter,
            batch_size=batch_size,
            learning_rate=learning_rate,
            clip_norm=clip_norm,
            vanishing_penalty=vanishing_penalty,
            weight_decay=weight_decay,
            input_noise=input_noise,
            dropout=dropout,
            schedule=schedule,
            learn_initial_state=learn_initial_state,
            hidden_bias=hidden_bias,
            n_scored=n_scored,
            standardize=standardize,
            validation_fraction=validation_fraction,
            early_stopping=early_stopping,
            tol=tol,
            n_iter_no_change=n_iter_no_change,
            warm_start=warm_start,
            dtype=dtype,
            device=device,
            verbose=verbose,
            random_state=random_state,
        )
        self.loss = loss
        self.quantiles = quantiles
        self.readout = readout
        self.alpha = alpha
        self.washout = washout
        self.teacher_forcing = teacher_forcing
        self.exog_align = exog_align
        self.bound = bound
        self.interval_origins = interval_origins

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(
        self,
        X: Drawing,
        y: SeriesLike = None,
        *,
        sample_weight: SeriesLike = None,
        series_id: SeriesLike = None,
    ) -> Self:
        """Train the network.

        Rows with NaN in y have no loss. NaN in the columns of X that a forecast feeds back are
        filled by the forecast of a first network, trained with the last values in their place; a
        warm start fills them with what it goes on from. A series that begins with NaN is learned
        from its first whole row on.

        Ctrl-C during training keeps the whole epochs so far, `status_` is then "interrupted", and
        raises KeyboardInterrupt. Any other exception leaves the estimator as it was.

        Parameters
        ----------
        X : array-like, list of arrays, DataFrame or callable
            Any container of series, or what draws them: a function (rng, n) or an object with such
            a method `draw`, which returns X and y of n new sequences. Every epoch learns
            `batch_size` of them, and y is None.
        y : array-like, list of arrays or DataFrame, default=None
            The targets of every row, in the container of X, or one target per series.
        sample_weight : array-like or list of arrays, default=None
            What the loss counts on every row, in the container of y, or on every series,
            (n_series,): numbers >= 0 of which only the ratios count. A row of weight
            0 has no loss, nor does it count in the scale of y, but enters the network as all
            others do.

        Returns
        -------
        RNNRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            For bad data, an unknown device, or a parameter that the solver does not use.
        """
        X, y, draw = self._sample_of(X, y, sample_weight=sample_weight, series_id=series_id)
        names = getattr(self, "feature_names_in_", None)
        rows, layout, gaps = open_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        resumed = self.warm_start and hasattr(self, "solver_state_")
        if resumed:
            self._check_columns(names)
        scaled = scale_targets(self, X, y, series_id, resumed=resumed)
        targets = check_targets(self, scaled, layout, allow_nan=True)
        targets = with_weights(self, targets, sample_weight, layout)
        whole = skip_leading(rows, layout, gaps, targets, find_steps(rows, targets, layout)[1])
        self._measure_targets(whole.targets, whole.layout, resumed=resumed)
        n_epochs = self.max_iter * (1 if whole.gaps is None or resumed else 2)
        progress = Progress(self, X, y, n_epochs, {"series_id": series_id})
        self._record_training_end(rows, targets, layout, X, y)
        for inputs, outputs in self._passes(whole, self.loop_, fitted=resumed):
            known = self._standardized(outputs)
            self._fit(inputs, whole.layout, known, progress, resumed=resumed, draw=draw)
            self._store_end_states(inputs, whole.layout, outputs)
            self.interval_rows_ = self._keep_rows(inputs, whole.layout, outputs)
            if self.status_ in ("interrupted", "stopped"):
                break
        if not self._told_rows(whole.targets, whole.layout):
            first = replace(whole, targets=self._first_step(whole.targets))
            self.training_end_ = self._complete(self.training_end_, first, changed=gaps is not None)
        return self._end(progress)

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def partial_fit(self, X: SeriesLike, y: SeriesLike, *, series_id: SeriesLike = None) -> Self:
        """Train for one epoch on a chunk of data, going on from the calls before.

        The first chunk sets the scale of the targets; nothing is held out. `forecast` goes on from
        the last series of the last chunk. A 2-D X is one series, from a zero or learned state.

        Returns
        -------
        RNNRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            For bad data or settings, as `fit`.
        """
        self._validate_params()  # scikit-learn checks the first call only
        resumed = hasattr(self, "solver_state_")
        self.interval_rows_ = None
        rows, layout = check_rows(self, X, series_id=series_id, reset=not resumed)
        scaled = scale_targets(self, X, y, series_id, resumed=resumed)
        targets = check_targets(self, scaled, layout)
        self._measure_targets(targets, layout, resumed=resumed)
        progress = Progress(self, X, y, 1, {"series_id": series_id})
        self._record_training_end(rows, targets, layout, X, y, last_only=True)
        encoded = self._standardized(targets)
        self._fit(rows, layout, encoded, progress, resumed=resumed, one_epoch=True)
        self._store_end_states(rows, layout, targets, last_only=True)
        return self._end(progress)

    def _encode_targets(self, y: SeriesLike, layout: Layout, *, resumed: bool) -> Targets:
        """Return standardised targets."""
        targets = check_targets(self, y, layout)
        self._measure_targets(targets, layout, resumed=resumed)
        return self._standardized(targets)

    def _measure_targets(self, targets: Targets, layout: Layout, *, resumed: bool) -> None:
        """Set the mean and the scale of every column of y; going on, check the columns."""
        if resumed:
            check_outputs(self._first_step(targets), self.training_end_)
            return
        scored = self._scored(targets, layout)
        self.target_mean_, self.target_scale_ = moments(scored.rows, scored.weights)

    def _penalties(self) -> Array | None:
        """Return the penalties of the readout, None where it is trained."""
        return penalties(self.readout, self.alpha)

    def _settled_rows(self, layout: Layout) -> Array | None:
        """Return which rows come after the washout of their series, None without one."""
        per_step = self.window is None and self.target_kind_ == "per_step"
        return settled_rows(self.washout, layout, per_step=per_step)

    def _standardized(self, targets: Targets) -> Targets:
        return replace(targets, rows=(targets.rows - self.target_mean_) / self.target_scale_)

    @property
    def _head(self) -> Head:
        return make_head(self.loss, self.quantiles)

    def _check_settings(self, solver: Solver, layout: Layout, targets: Targets) -> None:
        super()._check_settings(solver, layout, targets)
        if self.loss != "quantile" and tuple(self.quantiles) != QUANTILES:
            raise ValueError(
                f"quantiles={self.quantiles!r} are for loss='quantile', got loss={self.loss!r}; "
                f"leave them at {QUANTILES}"
            )

    def _output_bias(self, targets: Targets) -> Array:
        return self._head.start(super()._output_bias(targets))

    def _in_target_units(self, outputs: Array) -> Array:
        values: Array = self._head.point(outputs) * self.target_scale_ + self.target_mean_
        return values
