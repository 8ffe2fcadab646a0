"""Forecasts of real series: echo state networks on transforms, combined by closed loops."""

from reservoirs.forecaster.estimator import Forecaster

__all__ = ["Forecaster"]
