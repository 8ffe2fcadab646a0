"""One small model for all places of a field: forecasts in space and time."""

from reservoirs.local.estimator import LocalForecaster

__all__ = ["LocalForecaster"]
