"""Whether a model keeps the attractor, long after its forecast has lost its way."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.methods.base import Forecaster
from benchmarks.protocols.divergence import watch_bounds
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks.data import Array
from reservoirs.metrics import attractor_divergence, correlation_dimension, spectrum_distance

TRANSIENT = 0.25  # of the rows that are compared, left out before them
N_EXCLUDED = 100  # rows: pairs that near in time do not count for the dimension
DRAWN = np.s_[:4000, :3]  # rows and variables that pictures are drawn of


def measure_long_run(model: Forecaster, context: Array, truth: Array, outcome: Outcome) -> None:
    """Run free for 1.25 times the rows of the truth, and compare all but the first fifth with it.

    The metrics are attractor_divergence (D_stsp), spectrum_distance (D_H), correlation_dimension
    with true_dimension, where there is more than one variable, and long_run_lost, 1 where the run
    met its bound or diverged.

    References
    ----------
    Hess, Monfared, Brenner & Durstewitz (2023), Generalized teacher forcing for learning chaotic
    dynamics, for the measures and their settings.
    """
    n_rows = len(truth)
    n_dropped = int(TRANSIENT * n_rows)
    began = time.perf_counter()
    with watch_bounds() as steps:
        ahead = model.forecast(n_rows + n_dropped, context=context, exog=None)
    outcome.costs["t_long_run"] = time.perf_counter() - began
    run = np.asarray(ahead).reshape(n_rows + n_dropped, -1)[n_dropped:]
    finite = bool(np.isfinite(run).all())
    outcome.metrics["long_run_lost"] = float(bool(steps) or not finite)
    measure_attractor(truth, run, outcome)


def measure_attractor(truth: Array, run: Array, outcome: Outcome) -> None:
    """Compare two runs of the same length, the model's second."""
    metrics = outcome.metrics
    metrics["attractor_divergence"] = attractor_divergence(truth, run)
    metrics["spectrum_distance"] = spectrum_distance(truth, run)
    if truth.shape[1] > 1:
        metrics["true_dimension"] = correlation_dimension(truth, n_excluded=N_EXCLUDED)
        finite = np.isfinite(run).all() and np.abs(run).max() < 1e100  # whose squares are numbers
        metrics["correlation_dimension"] = (
            correlation_dimension(run, n_excluded=N_EXCLUDED) if finite else np.inf
        )
    outcome.arrays.update(long_truth=truth[DRAWN], long_run=run[DRAWN])
