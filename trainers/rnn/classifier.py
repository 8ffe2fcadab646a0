"""RNNClassifier: a trained recurrent network for labels per step or per series. Wiring only."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, _fit_context

from reservoirs.estimators import LabelMixin, Progress, check_labels
from reservoirs.sequences import Array, Layout, check_rows
from reservoirs.targets import Targets
from trainers.rnn.base import RecurrentNetwork


class RNNClassifier(LabelMixin, ClassifierMixin, RecurrentNetwork):
    """Vanilla RNN, LSTM or GRU trained to tell labels, per step or one per series.

    Cross-entropy of a softmax over the classes, or of a logistic output for two. A label per series
    is read after its last row.

    Parameters
    ----------
    cell, n_units, n_layers, activation, solver, init, window, truncation, max_iter, batch_size,
    learning_rate, clip_norm, vanishing_penalty, learn_initial_state, hidden_bias, n_scored,
    validation_fraction, early_stopping, tol, n_iter_no_change, warm_start, dtype, device, verbose,
    random_state
        as in `RNNRegressor`

    Attributes
    ----------
    classes_ : (n_classes,) sorted labels
    weights_, n_iter_, loss_curve_, validation_curve_, history_, status_, solver_state_
        as in `RNNRegressor`; losses are cross-entropies in nats
    target_kind_ : "per_step" or "per_series"
    n_features_in_ : number of features
    """

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, *, series_id: Any = None) -> Self:
        """Train the network. Ctrl-C ends training; what was learned so far is kept.

        Parameters
        ----------
        X : any container of series, (n_steps, n_features) each
        y : labels per step in the container of X, or one label per series, (n_series,)
        series_id : (n_rows,) ids of a 2-D X

        Raises
        ------
        ValueError
            For bad data, labels of one class only, labels that a warm start does not know, an
            unknown device, or stacked layers with the Hessian-free solver.
        """
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        resumed = self.warm_start and hasattr(self, "solver_state_")
        wanted = self._wanted(y, layout, resumed=resumed)
        progress = Progress(self, X, y, self.max_iter, {"series_id": series_id})
        self._fit(rows, layout, wanted, progress, resumed=resumed)
        progress.end()
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, *, classes: Any = None, series_id: Any = None) -> Self:
        """Train for one epoch on a chunk of data, going on from the calls before.

        Parameters
        ----------
        X : any container of series; a 2-D array is one series, from a zero or learned state
        y : labels as in `fit`
        classes : all labels that will come, in the first call; None takes those of the first chunk
        series_id : (n_rows,) ids of a 2-D X

        Raises
        ------
        ValueError
            For bad data or settings, as `fit`, or a label outside `classes`.
        """
        self._validate_params()  # scikit-learn checks the first call only
        resumed = hasattr(self, "solver_state_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=not resumed)
        if not resumed and classes is not None:
            self._columns(np.asarray(classes))
        wanted = self._wanted(y, layout, resumed=resumed or classes is not None)
        progress = Progress(self, X, y, 1, {"series_id": series_id})
        self._fit(rows, layout, wanted, progress, resumed=resumed, one_epoch=True)
        progress.end()
        return self

    def predict_proba(
        self, X: Any, *, context: Any = None, initial_state: Any = None, series_id: Any = None
    ) -> Any:
        """Return the probability of every class.

        Parameters
        ----------
        X : any container of series
        context : rows just before X, run first and not returned
        initial_state : the state before the first row
        series_id : (n_rows,) ids of a 2-D X

        Returns
        -------
        (n_rows, n_classes), per series one row per series. Per step in the container of X
        """
        values, layout, _ = self._outputs(X, context, initial_state, series_id)
        if len(self.classes_) == 2:
            second = expit(values)
            return self._restored(np.hstack([1.0 - second, second]), layout)
        return self._restored(softmax(values, axis=1), layout)

    def _wanted(self, y: Any, layout: Layout, *, resumed: bool) -> Targets:
        """Return a column per class, of known classes where training goes on."""
        labels, kind = check_labels(self, y, layout)
        columns = self._known(labels) if resumed else self._columns(labels)
        return Targets(columns, kind, flat=True)

    def _known(self, labels: Array) -> Array:
        """Return the columns of labels, all of which must be known."""
        strange = np.setdiff1d(labels, self.classes_)
        if len(strange):
            raise ValueError(
                f"y has labels {strange.tolist()} that are not in classes_="
                f"{self.classes_.tolist()}; pass all labels as classes= in the first partial_fit"
            )
        return self._indicators(labels)

    @property
    def _loss(self) -> str:  # type: ignore[override] # depends on the labels
        return "binary_cross_entropy" if len(self.classes_) == 2 else "cross_entropy"

    def _output_bias(self, wanted: Array) -> Array:
        """Return outputs whose probabilities are the shares of the classes."""
        share = (wanted.sum(axis=0) + 1.0) / (len(wanted) + 2.0)
        bias: Array = np.log(share)
        return bias - np.log(1.0 - share) if len(self.classes_) == 2 else bias
