"""ESNClassifier: echo state network for labels per step or per series. Wiring only."""

from __future__ import annotations

from typing import Self

from sklearn.base import ClassifierMixin, _fit_context

from reservoirs.esn.base import EchoStateNetwork
from reservoirs.estimators import LabelMixin, check_labels
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.sequences import SeriesLike, check_rows
from reservoirs.targets import Targets


@inherit_parameters(EchoStateNetwork)
class ESNClassifier(LabelMixin, ClassifierMixin, EchoStateNetwork):
    """Echo state network for classification: ridge regression on one column per class.

    y_k = C_k z + c_k, 1 for the class k and -1 for the others; the largest wins

    Labels per step are read from every state, z = [x[t]; u[t]], labels per series from pooled
    states.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Sorted labels.
    reservoir_ : Reservoir
        The drawn reservoir.
    coef_ : array of shape (n_classes, n_readout_features)
        Coefficients C, with one row for two classes.
    intercept_ : array of shape (n_classes,)
        Intercept, c.
    readout_ : Readout
        The solved readout: its method, alpha and condition estimate.
    alpha_ : float
        The penalty used.
    activity_ : TrainingActivity
        How the units moved along the training series, for `diagnostics.reservoir_report`.
    target_kind_ : {"per_step", "per_series"}
        Whether there was a label for each row or for each series.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    ESNRegressor : The same for numbers, with forecasts.
    Reservoir : The states alone, for any classifier.

    References
    ----------
    Lukosevicius (2012), A practical guide to applying echo state networks, section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import ESNClassifier
    >>> series = [np.sin(w * np.arange(60))[:, None] for w in np.linspace(0.1, 0.9, 20)]
    >>> labels = ["slow"] * 10 + ["fast"] * 10
    >>> model = ESNClassifier(n_units=50, pooling="mean", random_state=0).fit(series, labels)
    >>> str(model.predict([np.sin(0.2 * np.arange(60))[:, None]])[0])
    'slow'
    """

    @_fit_context(prefer_skip_nested_validation=True)
    @inherit_parameters(SERIES)
    def fit(self, X: SeriesLike, y: SeriesLike, *, series_id: SeriesLike = None) -> Self:
        """Draw the reservoir and solve the readout.

        Parameters
        ----------
        y : array-like, list of arrays
            Labels per step in the container of X, or one label per series, (n_series,).

        Returns
        -------
        ESNClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            For bad data, labels of one class only, or a washout that leaves no row of a series.
        """
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        labels, kind = check_labels(self, y, layout)
        columns = self._columns(labels)
        progress = self._progress(X, y, layout, kind, series_id)
        self._draw()
        coded = Targets(2.0 * columns - 1.0, kind, flat=True)
        self._warn_of_scale(self._learn(rows, layout, coded, progress))
        progress.end()
        return self
