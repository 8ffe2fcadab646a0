"""What makes an estimator of one output per class a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator
from sklearn.utils import assert_all_finite
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.series import SeriesMixin
from reservoirs.missing import MissingValuesError, describe_missing
from reservoirs.sequences import (
    Array,
    InitialState,
    Layout,
    SeriesLike,
    flatten,
    is_missing,
    masked_as_none,
)
from reservoirs.targets import TargetKind, check_label_order, check_targets


class LabelMixin(SeriesMixin):
    """Labels and their probabilities from one output per class, or one for two classes.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        The sorted labels.
    """

    classes_: Array
    _log_odds: ClassVar[float] = 1.0  # of the second of two classes, per unit of the output

    def _columns(self, labels: Array) -> Array:
        """Store the classes; return (n, n_classes) of 0 and 1, or (n, 1) for two classes."""
        classes: Array = np.unique(labels)
        if len(classes) < 2:
            raise ValueError(
                f"{type(self).__name__} needs labels of at least 2 classes, got one class: "
                f"{classes.tolist()}; pass series of another class too"
            )
        self.classes_ = classes
        return self._indicators(labels)

    def _indicators(self, labels: Array) -> Array:
        """Return the columns of labels, all of which are in `classes_`."""
        # of two classes one column tells both
        columns: Array = (labels[:, None] == self.classes_).astype(np.float64)
        return columns[:, 1:] if len(self.classes_) == 2 else columns

    def _numbers(self, values: Array) -> Array:
        """Return the number of the class of the largest output of every row."""
        if len(self.classes_) == 2:
            return (values[:, 0] > 0).astype(int)
        numbers: Array = values.argmax(axis=1)
        return numbers

    def _class_weights(
        self, class_weight: Mapping[object, float] | str | None, numbers: Array
    ) -> Array | None:
        """Return the weight of every class, 1 on the mean over labels given by their numbers."""
        if class_weight is None:
            return None
        weights: Array = compute_class_weight(
            class_weight, classes=self.classes_, y=self.classes_[numbers]
        )
        if not (np.isfinite(weights) & (weights >= 0)).all() or not weights[numbers].any():
            raise ValueError(
                f"class_weight must hold numbers >= 0, not all 0, got {class_weight!r}; to leave a "
                "class out drop its rows"
            )
        return weights / weights[numbers].mean()

    @inherit_parameters(SERIES)
    def decision_function(
        self,
        X: SeriesLike,
        *,
        context: SeriesLike = None,
        initial_state: InitialState = None,
        series_id: SeriesLike = None,
    ) -> SeriesLike:
        """Return the output of every class, larger for the more likely one.

        Returns
        -------
        array of shape (n_rows, n_classes) or (n_rows,), or list of arrays
            One column per class, or for two classes one number that is positive for the second.
            Per step in the container of X, per series one row per series.
        """
        values, layout, _ = self._outputs(X, context, initial_state, series_id)
        values = values[:, 0] if len(self.classes_) == 2 else values
        return self._restored(values, layout)

    @inherit_parameters(SERIES)
    def predict(
        self,
        X: SeriesLike,
        *,
        context: SeriesLike = None,
        initial_state: InitialState = None,
        series_id: SeriesLike = None,
    ) -> SeriesLike:
        """Return the most likely label of every row, or of every series.

        Returns
        -------
        array of shape (n_rows,) or (n_series,), or list of arrays
            Labels, per step in the container of X.
        """
        values, layout, _ = self._outputs(X, context, initial_state, series_id)
        return self._restored(self.classes_[self._numbers(values)], layout)

    @inherit_parameters(SERIES)
    def predict_proba(
        self,
        X: SeriesLike,
        *,
        context: SeriesLike = None,
        initial_state: InitialState = None,
        series_id: SeriesLike = None,
    ) -> SeriesLike:
        """Return the probability of every class, as the docstring of the class gives it.

        Returns
        -------
        array of shape (n_rows, n_classes) or (n_series, n_classes), or list of arrays
            A column per class, in the order of `classes_`; per step in the container of X. Rows sum
            to 1, and the largest is the class that `predict` returns.
        """
        values, layout, _ = self._outputs(X, context, initial_state, series_id)
        if len(self.classes_) == 2:
            second = expit(self._log_odds * values)
            return self._restored(np.hstack([1.0 - second, second]), layout)
        return self._restored(softmax(values, axis=1), layout)

    @inherit_parameters(SERIES)
    def score(
        self,
        X: SeriesLike,
        y: SeriesLike,
        sample_weight: SeriesLike = None,
        *,
        series_id: SeriesLike = None,
    ) -> float:
        """Return the accuracy over all rows of all series, or over the series.

        Parameters
        ----------
        y : array-like or list of arrays
            Labels as in `fit`.

        Returns
        -------
        float
            The share of correct labels.
        """
        from sklearn.metrics import accuracy_score  # not for `import reservoirs`

        labels, _ = check_labels(self, y, flatten(X, series_id)[1])
        predicted = self.predict(X, series_id=series_id)
        if isinstance(predicted, list):
            predicted = np.concatenate(predicted)
        return float(accuracy_score(labels, np.ravel(predicted), sample_weight=sample_weight))


def check_labels(
    estimator: BaseEstimator, y: SeriesLike, layout: Layout
) -> tuple[Array, TargetKind]:
    """Return the labels of all series in one array, and whether they are per step or per series.

    Labels are per step in the container of X, or one per series: (n_rows,) or (n_series,).

    Raises
    ------
    ValueError
        If y is missing, is not made of labels, or does not match X.
    MissingValuesError
        If a label is missing: the state needs every row, and a row without a label has no class.
    """
    if y is None:
        check_targets(estimator, None, layout)
    check_label_order(y, layout)
    is_list = isinstance(y, list | tuple) and bool(y) and all(np.ndim(series) for series in y)
    # labels may be text: zeros in their place go through the check of numeric targets
    if is_list and layout.kind == "list":
        labels = np.concatenate([column_or_1d(masked_as_none(series)) for series in y])
        stand_ins: SeriesLike = [np.zeros(len(series)) for series in y]
    elif layout.kind == "stack" and np.ndim(y) == 2:
        labels, stand_ins = np.ravel(masked_as_none(y)), np.zeros(np.shape(y))
    else:
        labels = column_or_1d(masked_as_none(y), warn=True)
        stand_ins = np.zeros(len(labels))
    missing = is_missing(labels)
    if missing.any():
        lengths = layout.lengths if len(labels) == sum(layout.lengths) else ()
        raise MissingValuesError(describe_missing(missing[:, None], "y", y, lengths))
    assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    return labels, check_targets(estimator, stand_ins, layout).kind
