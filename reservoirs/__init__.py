"""Reservoir computing behind the scikit-learn API: echo state networks and forecasting."""

from reservoirs import (
    datasets,
    diagnostics,
    display,
    metrics,
    model_selection,
    persistence,
    topology,
)
from reservoirs.esn import ESNClassifier, ESNRegressor
from reservoirs.forecasting import ForecastDivergedWarning, backtest, forecast, next_step
from reservoirs.nvar import NVAR, NVARRegressor
from reservoirs.persistence import load, save
from reservoirs.persistence.stamp import VERSION as __version__
from reservoirs.reservoir import Reservoir
from reservoirs.scaling import SequenceScaler

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
    "display",
    "forecast",
    "load",
    "metrics",
    "model_selection",
    "next_step",
    "persistence",
    "save",
    "topology",
    "__version__",
]
