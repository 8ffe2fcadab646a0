"""Errors of forecasts and of attractors, defined once and named in every result."""

from reservoirs.metrics.attractors import (
    attractor_divergence,
    correlation_dimension,
    spectrum_distance,
)
from reservoirs.metrics.error_rates import count_errors, sequence_error_rate, symbol_error_rate
from reservoirs.metrics.forecasts import (
    amplitude_ratio,
    error_growth,
    nmse,
    nrmse,
    nrmse_scorer,
    smape,
    valid_prediction_time,
)
from reservoirs.metrics.relative import mase, skill

__all__ = [
    "amplitude_ratio",
    "attractor_divergence",
    "correlation_dimension",
    "count_errors",
    "error_growth",
    "mase",
    "nmse",
    "nrmse",
    "nrmse_scorer",
    "sequence_error_rate",
    "skill",
    "smape",
    "spectrum_distance",
    "symbol_error_rate",
    "valid_prediction_time",
    "wrong_sequences",
    "wrong_steps",
]

# The names of 0.1.0
wrong_steps = count_errors
wrong_sequences = sequence_error_rate
