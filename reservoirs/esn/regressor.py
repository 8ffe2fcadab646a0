"""ESNRegressor: echo state network for regression and forecasting. Wiring only."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import RegressorMixin, _fit_context

from reservoirs.esn.base import EchoStateNetwork
from reservoirs.esn.stream import Stream
from reservoirs.forecasting import (
    ForecastMixin,
    Loop,
    check_outputs,
    find_loop,
    record_training_end,
)
from reservoirs.readout import SOLVERS, check_alphas
from reservoirs.sequences import Array, Layout, check_rows
from reservoirs.targets import Targets, check_targets


class ESNRegressor(ForecastMixin, RegressorMixin, EchoStateNetwork):
    """Echo state network for regression and forecasting.

    x[t] = (1 - a) x[t-1] + a tanh(W x[t-1] + W_in u[t] + b),   y[t] = C [x[t]; u[t]] + c

    Only C and c are learned, by ridge regression; W, W_in and b are drawn. For forecasts fit on
    `X, y = next_step(series, exog)`: the columns of W_in for the observation are then the feedback
    weights, no second mechanism is needed.

    Parameters
    ----------
    n_units, spectral_radius, leak_rate, input_scaling, bias_scaling, degree, topology, activation
        the reservoir, see `Reservoir`
    noise : standard deviation of Gaussian noise added inside the activation while training
    alpha : ridge penalty on C, in units of the summed squares of the features; of a grid the best
        is taken, by generalised cross-validation or `alpha_cv`
    alpha_cv : choose from the grid by this many contiguous folds (in `fit`)
    solver : "auto" (Cholesky, and QR where alpha is too small for it), "cholesky" or "qr"
    washout : first rows of every series that are not regressed on
    pooling : "last", "mean" or "both": the states of a series read for one target per series
    bidirectional : for one target per series also read each series backwards
    initial_state : state before a new series in `predict` and `forecast`: "auto" (zero after
        training on several series without washout or with targets per series, else "mean"), "mean"
        (of the training states), "zero", "last" (of the one training series) or an array (n_units,)
    dtype : "float64" or "float32", of weights and states; the readout is always float64
    n_jobs : series whose states are computed at a time, in threads or on another joblib backend; a
        single series is run ahead of the sums in a second thread. The result is the same, bitwise
    random_state : seed of W, W_in, b and the noise, each from its own stream

    Attributes
    ----------
    reservoir_ : the drawn `Reservoir`
    coef_ : (n_outputs, n_units + n_features) C
    intercept_ : (n_outputs,) c
    readout_ : the solved readout: its method, alpha and condition estimate
    mean_state_, last_states_ : (n_units,) and (n_series, n_units), of training
    alpha_ : the penalty used
    n_features_in_ : number of features

    References
    ----------
    Jaeger (2001), The "echo state" approach to analysing and training RNNs, GMD report 148.
    Lukosevicius (2012), A practical guide to applying echo state networks.
    """

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, *, series_id: Any = None) -> Self:
        """Draw the reservoir and solve the readout.

        Parameters
        ----------
        X : any container of series, (n_steps, n_features) each
        y : targets per step in the container of X, or one target per series
        series_id : (n_rows,) ids of a 2-D X

        Raises
        ------
        ValueError
            For bad data, or a washout that leaves no row of a series.
        """
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        targets = check_targets(self, y, layout)
        self.__dict__.pop("stream_", None)
        progress = self._progress(X, y, layout, targets.kind, series_id)
        self._learn(rows, layout, targets, progress)
        loop = find_loop(rows, targets, layout)
        self.training_end_ = record_training_end(targets, layout, y, loop=loop)
        progress.end()
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, *, new_series: bool = False, series_id: Any = None
    ) -> Self:
        """Learn from one more chunk; any cut into chunks gives bitwise the same model.

        A 2-D chunk goes on with the open series; each element of a list or a 3-D array is a whole
        series. Washout counts once per series. With solver="auto" the sums are those of QR.

        Parameters
        ----------
        X : (n_rows, n_features), or many series
        y : targets per step in the container of X
        new_series : begin a new series with a 2-D chunk
        series_id : (n_rows,) ids of a 2-D X, each a whole series

        Raises
        ------
        ValueError
            For bad data, targets per series, or another number of outputs than before.

        Notes
        -----
        Rows are kept from the first; the model is fitted once two of them came after washout.
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
        alphas = check_alphas(self.alpha)
        if first:
            self._draw()
            sums = SOLVERS["qr" if self.solver == "auto" else self.solver]
            width = self.n_units + self.n_features_in_
            self.stream_ = Stream(
                self.reservoir_,
                sums(width, targets.rows.shape[1]),
                self.washout,
                self._noise_source(),
            )
        stream = self.stream_
        for span in layout.slices():
            if layout.many or new_series or not stream.n_series:
                stream.begin()
            stream.feed(rows[span], targets.rows[span])
        loop = stream.loop if stream.closes else None
        last = Layout("single", (span.stop - span.start,))
        self.training_end_ = record_training_end(_part(targets, span), last, y, loop=loop)
        self.target_kind_ = targets.kind
        if stream.n_rows < 2:
            return self
        self._keep(stream.solve(alphas))
        self.mean_state_ = self.readout_.feature_mean[: self.n_units]
        self.last_states_ = stream.state[None].copy()
        self._auto_zero = stream.n_series > 1 and not self.washout
        return self

    def _closed_loop(self, observation: Array, exog: Array, loop: Loop, state: Array) -> Array:
        from reservoirs.compiled import reservoir_loops

        readout = (self.coef_, self.intercept_)
        return reservoir_loops.run_closed_loop(
            observation, exog, state, self.reservoir_.pack(), loop, readout
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _part(targets: Targets, rows: slice) -> Targets:
    return Targets(targets.rows[rows], targets.kind, targets.flat)
