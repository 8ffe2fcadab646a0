"""Forecasting in a closed loop: one implementation for every regressor of the library.

    X[t] = [s[t], F[t]],  y[t] = s[t+1]

The first n_outputs columns of X are the observation, the rest exogenous inputs. In a forecast the
prediction becomes the next observation.
"""

from reservoirs.forecasting.closed_loop import ForecastDivergedWarning, backtest, forecast
from reservoirs.forecasting.labels import LabelMixin, check_labels
from reservoirs.forecasting.loop import Loop, check_outputs, find_loop, remember
from reservoirs.forecasting.mixin import ForecastMixin, SeriesMixin, Step
from reservoirs.forecasting.progress import CallbackSupportMixin, Progress
from reservoirs.forecasting.shaping import next_step, shaped_prediction

__all__ = [
    "CallbackSupportMixin",
    "ForecastDivergedWarning",
    "ForecastMixin",
    "LabelMixin",
    "Loop",
    "Progress",
    "SeriesMixin",
    "Step",
    "backtest",
    "check_labels",
    "check_outputs",
    "find_loop",
    "forecast",
    "next_step",
    "remember",
    "shaped_prediction",
]
