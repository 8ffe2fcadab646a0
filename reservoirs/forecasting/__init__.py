"""Forecasting in a closed loop: one implementation for every regressor of the library.

    X[t] = [s[t], F[t]],  y[t] = s[t+1]

The first n_outputs columns of X are the observation, the rest exogenous inputs. In a forecast the
prediction becomes the next observation.
"""

from reservoirs.forecasting.closed_loop import ForecastDivergedWarning, backtest, forecast
from reservoirs.forecasting.frames import next_step, shaped_prediction
from reservoirs.forecasting.loop import Loop, check_outputs, find_loop, remember
from reservoirs.forecasting.mixin import ForecastMixin

__all__ = [
    "ForecastDivergedWarning",
    "ForecastMixin",
    "Loop",
    "backtest",
    "check_outputs",
    "find_loop",
    "forecast",
    "next_step",
    "remember",
    "shaped_prediction",
]
