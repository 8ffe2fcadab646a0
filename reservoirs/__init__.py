"""Reservoir computing behind the scikit-learn API: echo state networks and forecasting."""

from reservoirs import datasets, diagnostics, metrics, model_selection, topology
from reservoirs.esn import ESNClassifier, ESNRegressor
from reservoirs.forecasting import ForecastDivergedWarning, backtest, forecast, next_step
from reservoirs.nvar import NVAR, NVARRegressor
from reservoirs.reservoir import Reservoir
from reservoirs.scaling import SequenceScaler

__version__ = "0.1.0"

__all__ = [
    "NVAR",
    "ESNClassifier",
    "ESNRegressor",
    "ForecastDivergedWarning",
    "NVARRegressor",
    "Reservoir",
    "SequenceScaler",
    "backtest",
    "datasets",
    "diagnostics",
    "forecast",
    "metrics",
    "model_selection",
    "next_step",
    "topology",
]
