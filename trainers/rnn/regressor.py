"""RNNRegressor: a trained recurrent network for regression and forecasting. Wiring only."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin, _fit_context

from reservoirs.estimators import Progress
from reservoirs.forecasting import ForecastMixin, check_outputs, find_loop, record_training_end
from reservoirs.sequences import Array, Layout, check_rows
from reservoirs.targets import Targets, check_targets
from trainers.rnn.base import RecurrentNetwork


class RNNRegressor(ForecastMixin, RegressorMixin, RecurrentNetwork):
    """Vanilla RNN, LSTM or GRU trained by back-propagation through time or Hessian-free.

    Targets are standardised inside `fit`; scale the inputs with a Pipeline.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    n_units : hidden units per layer
    n_layers : stacked layers
    activation : "tanh", "relu" or "identity", of the vanilla cell
    solver : "adam", "rmsprop", "sgd", "lbfgs", "momentum", "nesterov", "hessian_free", or settings
        from `trainers.solvers`
    init : "default", "orthogonal", "sparse", "esn", or an `ESNInit`
    window : None carries the state along the series; k predicts row t from rows t-k+1..t, from a
        zero state
    truncation : steps after which the gradient is cut while the state goes on, with window=None
        and a minibatch solver
    max_iter : epochs (steps of the full-batch solvers)
    batch_size : windows, or series, per update
    learning_rate : None is the solver's
    clip_norm : largest norm of a gradient; None for none
    vanishing_penalty : weight of the regulariser of Pascanu et al. (2013) against vanishing
        gradients, for the vanilla cell and minibatch solvers; 0 for none
    learn_initial_state : start series from learned weights instead of zero
    hidden_bias : whether hidden units have a bias; without, forget gates of an LSTM start at 1/2
    n_scored : how many last rows of every series have targets that count, the others being
        arbitrary numbers; None for all
    validation_fraction : share of the tail (of the last series, where there are many) held out and
        its loss recorded; None is 0.1 with early_stopping, else nothing
    early_stopping : stop when the validation loss no longer falls, and keep the best weights
    tol : smallest improvement that counts; None never stops on it unless early_stopping
    n_iter_no_change : epochs without improvement before stopping
    warm_start : go on from the last fit instead of starting afresh
    dtype : "auto" (float64 for "hessian_free" and "lbfgs", else float32), "float32" or "float64"
    device : "cpu", "cuda", ...
    verbose : log every so many epochs to the logger "trainers"
    random_state : seed of the weights and of the order of the batches

    Attributes
    ----------
    weights_ : dict of arrays, in the units of standardised targets
    n_iter_ : epochs done
    loss_curve_, validation_curve_ : half the mean squared error of the standardised targets
    history_ : one record per epoch: seconds, losses, gradient norm, and a solver's own figures
    status_ : "max_iter", "converged", "diverged", "stopped" by a callback, or "interrupted"
    solver_state_ : what `warm_start` and `partial_fit` go on from
    n_features_in_ : number of features
    """

    _loss: ClassVar[str] = "squared_error"

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, *, series_id: Any = None) -> Self:
        """Train the network. Ctrl-C ends training; what was learned so far is kept.

        Parameters
        ----------
        X : any container of series, (n_steps, n_features) each
        y : targets per step in the container of X, or one target per series
        series_id : (n_rows,) ids of a 2-D X

        Raises
        ------
        ValueError
            For bad data, an unknown device, or stacked layers with the Hessian-free solver.
        """
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        resumed = self.warm_start and hasattr(self, "solver_state_")
        wanted = self._wanted(y, layout, resumed=resumed)
        progress = Progress(self, X, y, self.max_iter, {"series_id": series_id})
        self._record_training_end(rows, layout, y)
        self._fit(rows, layout, wanted, progress, resumed=resumed)
        self._end_states(rows, layout)
        progress.end()
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, *, series_id: Any = None) -> Self:
        """Train for one epoch on a chunk of data, going on from the calls before.

        The first chunk sets the scale of the targets; nothing is held out. `forecast` goes on from
        the last series of the last chunk.

        Parameters
        ----------
        X : any container of series; a 2-D array is one series, from a zero or learned state
        y : targets as in `fit`
        series_id : (n_rows,) ids of a 2-D X

        Raises
        ------
        ValueError
            For bad data or settings, as `fit`.
        """
        self._validate_params()  # scikit-learn checks the first call only
        resumed = hasattr(self, "solver_state_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=not resumed)
        wanted = self._wanted(y, layout, resumed=resumed)
        progress = Progress(self, X, y, 1, {"series_id": series_id})
        self._record_training_end(rows, layout, y, last=True)
        self._fit(rows, layout, wanted, progress, resumed=resumed, one_epoch=True)
        self._end_states(rows, layout, last=True)
        progress.end()
        return self

    def _wanted(self, y: Any, layout: Layout, *, resumed: bool) -> Targets:
        """Return standardised targets."""
        targets = check_targets(self, y, layout)
        if resumed:
            check_outputs(targets, self.training_end_)
        else:
            counted = self._scored(targets.rows, layout)
            self.target_mean_ = counted.mean(axis=0)
            deviation = counted.std(axis=0)
            self.target_scale_ = np.where(deviation > 0, deviation, 1.0)
        standard = (targets.rows - self.target_mean_) / self.target_scale_
        return Targets(standard, targets.kind, targets.flat)

    def _in_units(self, outputs: Array) -> Array:
        values: Array = outputs * self.target_scale_ + self.target_mean_
        return values

    def _record_training_end(
        self, rows: Array, layout: Layout, y: Any, *, last: bool = False
    ) -> None:
        """Keep what a forecast without context goes on from: all series, or the last one."""
        targets = check_targets(self, y, layout)
        if targets.kind == "per_step" and last:
            span = list(layout.slices())[-1]
            rows, layout = rows[span], Layout("single", (span.stop - span.start,))
            targets = Targets(targets.rows[span], targets.kind, targets.flat)
        loop = find_loop(rows, targets, layout)
        self.training_end_ = record_training_end(targets, layout, y, loop=loop)

    def _end_states(self, rows: Array, layout: Layout, *, last: bool = False) -> None:
        """Keep the state at the end of the series that a forecast may go on from."""
        self.last_states_: list[Array] = []
        if self.target_kind_ == "per_series":
            return
        spans, start = list(layout.slices()), self._start_states(None, layout.n_series)
        for number in range(len(spans) - 1 if last else 0, len(spans)):
            self.last_states_.append(self._drive(rows[spans[number]], start[number])[1])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
