"""aeon's classifier, regressor and forecaster made of this library's, as thin as can be."""

import numpy as np
from aeon.classification import BaseClassifier
from aeon.forecasting.base import BaseForecaster, IterativeForecastingMixin
from aeon.regression import BaseRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNClassifier, ESNRegressor, SequenceScaler, forecast, next_step

MANY = {
    "capability:multivariate": True,
    "capability:unequal_length": True,
    "X_inner_type": ["np-list", "numpy3D"],
}


def time_last_to_middle(X):
    """Return series of (channels, steps) as those of (steps, channels)."""
    return [np.ascontiguousarray(series.T) for series in X]


class AeonClassifier(BaseClassifier):
    """An ESN of one label per series, behind a scaler."""

    _tags = MANY

    def __init__(self, n_units=30, random_state=0):
        self.n_units = n_units
        self.random_state = random_state
        super().__init__()

    def _fit(self, X, y):
        esn = ESNClassifier(n_units=self.n_units, random_state=self.random_state)
        self.model_ = make_pipeline(SequenceScaler(), esn).fit(time_last_to_middle(X), y)
        return self

    def _predict(self, X):
        return self.model_.predict(time_last_to_middle(X))

    @classmethod
    def _get_test_params(cls, parameter_set="default"):
        return {"n_units": 10}


class AeonRegressor(BaseRegressor):
    """An ESN of one target per series, behind a scaler."""

    _tags = MANY

    def __init__(self, n_units=30, random_state=0):
        self.n_units = n_units
        self.random_state = random_state
        super().__init__()

    def _fit(self, X, y):
        esn = ESNRegressor(n_units=self.n_units, random_state=self.random_state)
        self.model_ = make_pipeline(SequenceScaler(), esn).fit(time_last_to_middle(X), y)
        return self

    def _predict(self, X):
        return self.model_.predict(time_last_to_middle(X))

    @classmethod
    def _get_test_params(cls, parameter_set="default"):
        return {"n_units": 10}


class AeonForecaster(BaseForecaster, IterativeForecastingMixin):
    """An ESN behind a scaler, closing its loop to the horizon."""

    _tags = {"y_inner_type": "np.ndarray"}

    def __init__(self, n_units=30, random_state=0, horizon=1):
        self.n_units = n_units
        self.random_state = random_state
        super().__init__(horizon, axis=1)

    def _fit(self, y, exog):
        esn = ESNRegressor(n_units=self.n_units, random_state=self.random_state)
        self.model_ = make_pipeline(StandardScaler(), esn).fit(*next_step(y[0]))
        return self

    def _predict(self, y, exog):
        return float(forecast(self.model_, self.horizon, context=y[0])[-1])

    @classmethod
    def _get_test_params(cls, parameter_set="default"):
        return {"n_units": 10}
