"""ESNClassifier: echo state network for labels per step or per series. Wiring only."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.metrics import accuracy_score
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from reservoirs.esn.base import EchoStateNetwork
from reservoirs.sequences import Array, Layout, Targets, check_rows, check_targets, flatten, restore


class ESNClassifier(ClassifierMixin, EchoStateNetwork):
    """Echo state network for classification: ridge regression on one column per class.

    Labels per step are read from every state, labels per series from pooled states.

    Parameters
    ----------
    n_units, spectral_radius, leak_rate, input_scaling, bias_scaling, degree, topology, activation
        the reservoir, see `Reservoir`
    noise, alpha, alpha_cv, solver, washout, initial_state, dtype, n_jobs, random_state
        as in `ESNRegressor`
    pooling : "last", "mean" or "both": the states of a series read for one label per series
    bidirectional : for one label per series also read each series backwards

    Attributes
    ----------
    classes_ : (n_classes,) sorted labels
    coef_, intercept_, readout_, reservoir_ : as in `ESNRegressor`
    target_kind_ : "per_step" or "per_series"
    n_features_in_ : number of features

    References
    ----------
    Lukosevicius (2012), A practical guide to applying echo state networks, section 4.2.
    """

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, *, series_id: Any = None) -> Self:
        """Draw the reservoir and solve the readout.

        Parameters
        ----------
        X : any container of series, (n_steps, n_features) each
        y : labels per step in the container of X, or one label per series, (n_series,)
        series_id : (n_rows,) ids of a 2-D X

        Raises
        ------
        ValueError
            For bad data, labels of one class only, or a washout that leaves no row of a series.
        """
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        labels, kind = check_labels(self, y, layout)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs labels of at least 2 classes, got one class: "
                f"{self.classes_.tolist()}; pass series of another class too"
            )
        columns = np.eye(len(self.classes_))[codes]
        if len(self.classes_) == 2:
            columns = columns[:, 1:]
        progress = self._progress(X, y, layout, kind, series_id)
        self._learn(rows, layout, Targets(2.0 * columns - 1.0, kind, flat=True), progress)
        progress.end()
        return self

    def decision_function(
        self, X: Any, *, context: Any = None, initial_state: Any = None, series_id: Any = None
    ) -> Any:
        """Return the output of every class, larger for the more likely one.

        Parameters
        ----------
        X : any container of series
        context : rows just before X, run first and not returned
        initial_state : as in `ESNRegressor.predict`
        series_id : (n_rows,) ids of a 2-D X

        Returns
        -------
        (n_rows, n_classes), or (n_rows,) for two classes, positive for the second; per series one
        row per series. Per step in the container of X
        """
        values, layout, _ = self._outputs(X, context, initial_state, series_id)
        values = values[:, 0] if len(self.classes_) == 2 else values
        return restore(values, layout) if self.target_kind_ == "per_step" else values

    def predict(
        self, X: Any, *, context: Any = None, initial_state: Any = None, series_id: Any = None
    ) -> Any:
        """Return the most likely label of every row, or of every series.

        Parameters
        ----------
        X : any container of series
        context : rows just before X, run first and not returned
        initial_state : as in `ESNRegressor.predict`
        series_id : (n_rows,) ids of a 2-D X
        """
        values, layout, _ = self._outputs(X, context, initial_state, series_id)
        two = len(self.classes_) == 2
        labels = self.classes_[(values[:, 0] > 0).astype(int) if two else values.argmax(axis=1)]
        return restore(labels, layout) if self.target_kind_ == "per_step" else labels

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, series_id: Any = None) -> float:
        """Return the share of right labels, over all rows of all series or over the series.

        Parameters
        ----------
        X : any container of series
        y : labels, as in `fit`
        sample_weight : weights of rows or series, or None
        series_id : (n_rows,) ids of a 2-D X
        """
        labels, _ = check_labels(self, y, flatten(X, series_id)[1])
        found = self.predict(X, series_id=series_id)
        flat = np.concatenate(found) if isinstance(found, list) else np.ravel(found)
        return float(accuracy_score(labels, flat, sample_weight=sample_weight))


def check_labels(estimator: Any, y: Any, layout: Layout) -> tuple[Array, Any]:
    """Return all labels, flat, and whether they are per step or per series.

    Parameters
    ----------
    estimator : named in the errors
    y : labels per step in the container of X, or one per series
    layout : of X

    Raises
    ------
    ValueError
        If y is missing, no labels, or does not match X.
    """
    if y is None:
        check_targets(estimator, None, layout)
    listed = isinstance(y, list | tuple) and bool(y) and all(np.ndim(part) for part in y)
    if listed and layout.kind == "list":
        labels = np.concatenate([column_or_1d(part) for part in y])
        codes: Any = [np.zeros(len(part)) for part in y]
    elif layout.kind == "stack" and np.ndim(y) == 2:
        labels, codes = np.ravel(y), np.zeros(np.shape(y))
    else:
        labels = column_or_1d(y, warn=True)
        codes = np.zeros(len(labels))
    assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    return labels, check_targets(estimator, codes, layout).kind
