"""sktime's forecaster and classifier made of this library's: the thinnest adapters there can be."""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sktime.classification.base import BaseClassifier
from sktime.forecasting.base import BaseForecaster

from reservoirs import ESNClassifier, ESNRegressor, SequenceScaler, forecast, next_step


def renamed(X):
    """Return inputs under names of their own: sktime's tests call all first columns 0."""
    return None if X is None else X.add_prefix("exog ")


class SktimeForecaster(BaseForecaster):
    """An ESN behind a scaler; X are inputs known ahead, in the rows of the values predicted.

    Examples
    --------
    >>> from sktime.datasets import load_airline
    >>> from sktime_adapters import SktimeForecaster
    >>> len(SktimeForecaster().fit(load_airline()).predict(fh=[1, 2, 12]))
    3
    """

    _tags = {
        "y_inner_mtype": "pd.DataFrame",
        "X_inner_mtype": "pd.DataFrame",
        "capability:multivariate": True,
        "capability:random_state": True,
        "capability:exogenous": True,
        "capability:insample": False,
        "capability:non_contiguous_X": False,
        "capability:categorical_in_X": False,
        "requires-fh-in-fit": False,
    }

    def __init__(self, n_units=30, random_state=0):
        self.n_units = n_units
        self.random_state = random_state
        super().__init__()

    def _fit(self, y, X, fh):
        esn = ESNRegressor(
            n_units=self.n_units, random_state=self.random_state, exog_align="target"
        )
        model = make_pipeline(StandardScaler(), esn).set_output(transform="pandas")
        self.model_ = model.fit(*next_step(y, renamed(X), align="target"))
        return self

    def _predict(self, fh, X):
        steps = np.asarray(fh.to_relative(self.cutoff).to_pandas())
        ahead = forecast(self.model_, int(steps.max()), exog=renamed(X))
        return ahead.iloc[steps - 1].set_axis(fh.to_absolute_index(self.cutoff))

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        return [{"n_units": 10}, {"n_units": 20, "random_state": 1}]


class SktimeClassifier(BaseClassifier):
    """An ESN of one label per series, behind a scaler.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from sktime_adapters import SktimeClassifier
    >>> X, y = load_unit_test(split="train")
    >>> SktimeClassifier().fit(X, y).predict(X[:2]).shape
    (2,)
    """

    _tags = {
        "X_inner_mtype": "numpy3D",
        "capability:multivariate": True,
        "capability:random_state": True,
        "capability:predict_proba": False,
    }

    def __init__(self, n_units=30, random_state=0):
        self.n_units = n_units
        self.random_state = random_state
        super().__init__()

    def _fit(self, X, y):
        esn = ESNClassifier(n_units=self.n_units, random_state=self.random_state)
        self.model_ = make_pipeline(SequenceScaler(), esn).fit(X.transpose(0, 2, 1), y)
        return self

    def _predict(self, X):
        return self.model_.predict(X.transpose(0, 2, 1))

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        return [{"n_units": 10}, {"n_units": 20, "random_state": 1}]
