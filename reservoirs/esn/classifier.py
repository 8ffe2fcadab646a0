"""ESNClassifier: echo state network for labels per step or per series. Wiring only."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import ClassifierMixin, _fit_context

from reservoirs.esn.base import EchoStateNetwork
from reservoirs.estimators import LabelMixin, check_labels
from reservoirs.sequences import check_rows
from reservoirs.targets import Targets


class ESNClassifier(LabelMixin, ClassifierMixin, EchoStateNetwork):
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
        columns = self._columns(labels)
        progress = self._progress(X, y, layout, kind, series_id)
        self._learn(rows, layout, Targets(2.0 * columns - 1.0, kind, flat=True), progress)
        progress.end()
        return self
