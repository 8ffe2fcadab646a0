"""What makes an estimator of one output per class a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from reservoirs.estimators.series import SeriesMixin
from reservoirs.sequences import Array, Layout, flatten
from reservoirs.targets import check_targets


class LabelMixin(SeriesMixin):
    """`decision_function`, `predict` and `score` from outputs: a column per class, one for two."""

    classes_: Array

    def _columns(self, labels: Array) -> Array:
        """Note the classes; return (n, n_classes) of 0 and 1, or (n, 1) for two classes."""
        classes: Array = np.unique(labels)
        if len(classes) < 2:
            raise ValueError(
                f"{type(self).__name__} needs labels of at least 2 classes, got one class: "
                f"{classes.tolist()}; pass series of another class too"
            )
        self.classes_ = classes
        return self._coded(labels)

    def _coded(self, labels: Array) -> Array:
        """Return the columns of labels whose classes are known."""
        columns: Array = (labels[:, None] == self.classes_).astype(np.float64)
        return columns[:, 1:] if len(self.classes_) == 2 else columns

    def decision_function(
        self, X: Any, *, context: Any = None, initial_state: Any = None, series_id: Any = None
    ) -> Any:
        """Return the output of every class, larger for the more likely one.

        Parameters
        ----------
        X : any container of series
        context : rows just before X, run first and not returned
        initial_state : the state before, as the regressor's `predict` takes it
        series_id : (n_rows,) ids of a 2-D X

        Returns
        -------
        (n_rows, n_classes), or (n_rows,) for two classes, positive for the second; per series one
        row per series. Per step in the container of X
        """
        values, layout, _ = self._outputs(X, context, initial_state, series_id)
        values = values[:, 0] if len(self.classes_) == 2 else values
        return self._restored(values, layout)

    def predict(
        self, X: Any, *, context: Any = None, initial_state: Any = None, series_id: Any = None
    ) -> Any:
        """Return the most likely label of every row, or of every series.

        Parameters
        ----------
        X : any container of series
        context : rows just before X, run first and not returned
        initial_state : the state before, as the regressor's `predict` takes it
        series_id : (n_rows,) ids of a 2-D X
        """
        values, layout, _ = self._outputs(X, context, initial_state, series_id)
        two = len(self.classes_) == 2
        numbers = (values[:, 0] > 0).astype(int) if two else values.argmax(axis=1)
        return self._restored(self.classes_[numbers], layout)

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, series_id: Any = None) -> float:
        """Return the share of right labels, over all rows of all series or over the series.

        Parameters
        ----------
        X : any container of series
        y : labels, as in `fit`
        sample_weight : weights of rows or series, or None
        series_id : (n_rows,) ids of a 2-D X
        """
        from sklearn.metrics import accuracy_score  # heavy, see `ForecastMixin.score`

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
