"""Reservoir computing behind the scikit-learn API: echo state networks and forecasting."""

from reservoirs import datasets, metrics, topology
from reservoirs.esn import ESNRegressor
from reservoirs.forecasting import ForecastDivergedWarning, backtest, forecast, next_step
from reservoirs.reservoir import Reservoir

__version__ = "0.1.0"

__all__ = [
    "ESNRegressor",
    "ForecastDivergedWarning",
    "Reservoir",
    "backtest",
    "datasets",
    "forecast",
    "metrics",
    "next_step",
    "topology",
]
