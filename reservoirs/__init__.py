"""Reservoir computing behind the scikit-learn API: echo state networks and forecasting."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from reservoirs import persistence, topology
from reservoirs.esn import ESNClassifier, ESNRegressor
from reservoirs.forecaster import Forecaster
from reservoirs.forecasting import ForecastDivergedWarning, backtest, forecast, next_step
from reservoirs.hybrid import HybridForecaster
from reservoirs.invertible import Difference, Log
from reservoirs.local import LocalForecaster
from reservoirs.nvar import NVAR, NVARRegressor
from reservoirs.persistence import load, save
from reservoirs.plasticity import IntrinsicPlasticity
from reservoirs.reservoir import Reservoir
from reservoirs.scaling import SequenceScaler
from reservoirs.version import VERSION as __version__

if TYPE_CHECKING:
    from reservoirs import datasets, diagnostics, display, metrics, model_selection

__all__ = [
    "NVAR",
    "Difference",
    "ESNClassifier",
    "ESNRegressor",
    "ForecastDivergedWarning",
    "Forecaster",
    "HybridForecaster",
    "IntrinsicPlasticity",
    "LocalForecaster",
    "Log",
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

_PARTS = ("datasets", "diagnostics", "display", "metrics", "model_selection")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module or a name of one
    """Import a part when it is first asked for: they were a quarter of what we add."""
    if name in _PARTS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PARTS})
