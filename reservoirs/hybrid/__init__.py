"""Forecasts with a known, imperfect model of what made the series, and a reservoir beside it."""

from reservoirs.hybrid.estimator import HybridForecaster

__all__ = ["HybridForecaster"]
