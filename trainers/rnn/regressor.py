"""RNNRegressor: a trained recurrent network for regression and forecasting. Wiring only."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils._param_validation import StrOptions

from reservoirs.estimators import SERIES, Progress, inherit_parameters
from reservoirs.forecasting import (
    ALIGNMENTS,
    BOUND,
    DEFAULT_BOUND,
    INTERVAL_ORIGINS,
    ORIGINS,
    ForecastMixin,
    IntervalRows,
    check_outputs,
    find_loop,
    keep_rows,
    kept_pieces,
    open_rows,
    record_training_end,
    scale_targets,
    skip_leading,
)
from reservoirs.sequences import Array, Layout, Seed, SeriesLike, check_rows
from reservoirs.targets import Targets, check_targets
from trainers.data.row_weights import moments, with_weights
from trainers.network.initialization import ESNInit
from trainers.rnn.base import RecurrentNetwork
from trainers.rnn.settings import NetworkSettings
from trainers.training.problem import Solver


@inherit_parameters(NetworkSettings)
class RNNRegressor(ForecastMixin, RegressorMixin, RecurrentNetwork):
    """Vanilla RNN, LSTM or GRU trained by back-propagation through time or Hessian-free.

    h[t] = f(W_x x[t] + W_h h[t-1] + b),  o[t] = V h[t] + c

    Targets are standardised inside `fit`, and so are inputs unless `standardize=False`.

    Parameters
    ----------
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
        cell: str = "rnn",
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
        self.exog_align = exog_align
        self.bound = bound
        self.interval_origins = interval_origins

    _loss = "squared_error"
    _widened = 1.1  # of intervals: the loops run along rows that were learned, or that chose

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(
        self,
        X: SeriesLike,
        y: SeriesLike,
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
            For bad data, an unknown device, or stacked layers with the Hessian-free solver.
        """
        names = getattr(self, "feature_names_in_", None)
        rows, layout, gaps = open_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        resumed = self.warm_start and hasattr(self, "solver_state_")
        if resumed:
            self._check_columns(names)
        scaled = scale_targets(self, X, y, series_id, resumed=resumed)
        targets = check_targets(self, scaled, layout, allow_nan=True)
        targets = with_weights(self, targets, sample_weight, layout)
        whole = skip_leading(rows, layout, gaps, targets, find_loop(rows, targets, layout))
        self._measure_targets(whole.targets, whole.layout, resumed=resumed)
        n_epochs = self.max_iter * (1 if whole.gaps is None or resumed else 2)
        progress = Progress(self, X, y, n_epochs, {"series_id": series_id})
        self._record_training_end(rows, targets, layout, X, y)
        for inputs, outputs in self._passes(whole, self.loop_, fitted=resumed):
            known = self._standardized(outputs)
            self._fit(inputs, whole.layout, known, progress, resumed=resumed)
            self._store_end_states(inputs, whole.layout)
            self.interval_rows_ = self._keep_rows(inputs, whole.layout, outputs)
            if self.status_ in ("interrupted", "stopped"):
                break
        self.training_end_ = self._complete(self.training_end_, whole, changed=gaps is not None)
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
        self._store_end_states(rows, layout, last_only=True)
        return self._end(progress)

    def _encode_targets(self, y: SeriesLike, layout: Layout, *, resumed: bool) -> Targets:
        """Return standardised targets."""
        targets = check_targets(self, y, layout)
        self._measure_targets(targets, layout, resumed=resumed)
        return self._standardized(targets)

    def _measure_targets(self, targets: Targets, layout: Layout, *, resumed: bool) -> None:
        """Set the mean and the scale of every column of y; going on, check the columns."""
        if resumed:
            check_outputs(targets, self.training_end_)
            return
        scored = self._scored(targets, layout)
        self.target_mean_, self.target_scale_ = moments(scored.rows, scored.weights)

    def _standardized(self, targets: Targets) -> Targets:
        return replace(targets, rows=(targets.rows - self.target_mean_) / self.target_scale_)

    def _in_target_units(self, outputs: Array) -> Array:
        values: Array = outputs * self.target_scale_ + self.target_mean_
        return values

    def _record_training_end(
        self,
        rows: Array,
        targets: Targets,
        layout: Layout,
        X: SeriesLike,
        y: SeriesLike,
        *,
        last_only: bool = False,
    ) -> None:
        """Record what a forecast without context goes on from: all series, or the last one."""
        seen, in_series, of_pairs = rows, layout, targets
        if targets.kind == "per_step" and last_only:
            span = list(layout.slices())[-1]
            seen, in_series = rows[span], Layout("single", (span.stop - span.start,))
            of_pairs = Targets(targets.rows[span], targets.kind, targets.flat)
        loop = find_loop(seen, of_pairs, in_series)
        self.training_end_ = record_training_end(
            rows, targets, layout, X, y, loop=loop, last_only=last_only
        )

    def _store_end_states(self, rows: Array, layout: Layout, *, last_only: bool = False) -> None:
        """Store the state at the end of the series that a forecast may go on from."""
        last_states: list[Array] = []
        if self.target_kind_ == "per_step":
            spans, starts = list(layout.slices()), self._start_states(None, layout.n_series)
            for number in range(len(spans) - 1 if last_only else 0, len(spans)):
                last_states.append(self._drive(rows[spans[number]], starts[number])[1])
        self.last_states_ = last_states

    def _keep_rows(self, rows: Array, layout: Layout, targets: Targets) -> IntervalRows | None:
        """Keep what intervals need of the training rows, unless none are wanted."""
        if self.interval_origins is None or targets.kind == "per_series":
            return None
        pieces, starts = kept_pieces(layout, rows.shape[1]), self._start_states(None, 1)
        spans, before = list(layout.slices()), dict[int, Array]()
        for number, first in pieces.items():
            if first:
                begin = spans[number].start
                before[number] = self._drive(rows[begin : begin + first], starts[0])[1]
        counted = np.zeros(len(rows), dtype=bool)
        counted[targets.known] = True
        if targets.weights is not None:
            counted &= targets.weights > 0
        return keep_rows(
            rows, layout, targets, self.loop_, counted=counted, pieces=pieces, starts=before
        )

    def _settled(self, kept: IntervalRows) -> Array:
        """Return which kept rows were held out; all where none of a single series were."""
        allowed, fraction = np.ones(len(kept.rows), dtype=bool), self._held_out_fraction()
        if fraction is not None and kept.layout.n_series == 1:
            n_rows = len(kept.rows) + kept.firsts[0]
            # the row before the first that is held out enters the first loop
            allowed[: n_rows - ceil(fraction * n_rows) - 1 - kept.firsts[0]] = False
        return allowed
