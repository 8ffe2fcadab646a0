"""A model whose settings are chosen inside a short context, by the attractor of its free run."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Self

import numpy as np

from benchmarks.methods.base import Forecaster, Method
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Reconstruction
from reservoirs import ESNRegressor, ForecastDivergedWarning, NVARRegressor
from reservoirs.metrics import attractor_divergence, nrmse, spectrum_distance

N_BINS = 8  # a dimension: a context has few rows
LONGEST_RUN = 5000  # steps of the free run that a model is chosen by
POLYNOMIALS = [
    *((1, degree, alpha) for degree in (2, 3, 4, 5) for alpha in (1e-10, 1e-6)),
    *((2, degree, alpha) for degree in (2, 3) for alpha in (1e-8, 1e-5)),
]  # delays, degree and penalty
MOST_MONOMIALS = 500
N_NETWORKS = 16


class ContextSearch:
    """The polynomial map or echo state network whose free run is most like its context.

    Twelve polynomials and sixteen networks with random settings are fitted to the context, and run
    free from its end. The score is the product of the divergence of the free run's occupation of
    state space from that of the context, of the distance of their spectra, and of the root of the
    error of a forecast of the last fourth by a model of the rows before.

    Parameters
    ----------
    seed : int
        Of the networks and of their settings.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, X: Array, y: Array) -> Self:
        """Fit every candidate, and keep the best."""
        context = np.vstack([X[:1], y])
        best = np.inf
        with warnings.catch_warnings():
            # a model that met its bound has a bad score, or is good all the same
            warnings.simplefilter("ignore", ForecastDivergedWarning)
            for model in self._candidates(*context.shape):
                score = self._score(model, context)
                if score < best:
                    best, self.model = score, model
        self.n_weights = self.model.coef_.size + self.model.intercept_.size
        return self

    def _candidates(self, n_rows: int, n_outputs: int) -> Iterator[NVARRegressor | ESNRegressor]:
        """Yield models that are not fitted yet."""
        for n_delays, degree, alpha in POLYNOMIALS:
            size = 1.0
            for k in range(1, degree + 1):
                size *= (n_delays * n_outputs + k) / k
            if size < min(n_rows / 3, MOST_MONOMIALS):
                yield NVARRegressor(
                    n_delays=n_delays, degree=degree, alpha=alpha, interval_origins=None
                )
        rng = np.random.default_rng(self.seed)
        for number in range(N_NETWORKS):
            yield ESNRegressor(
                n_units=300,
                input_scaling=10.0 ** rng.uniform(-1.3, 0.0),
                spectral_radius=rng.uniform(0.1, 1.0),
                leak_rate=rng.uniform(0.5, 1.0),
                bias_scaling=rng.uniform(0.3, 1.5),
                alpha=10.0 ** rng.uniform(-10.0, -5.0),
                washout=n_rows // 10,
                interval_origins=None,
                random_state=self.seed + number,
            )

    @staticmethod
    def _score(model: Forecaster, context: Array) -> float:
        """Return how unlike the context a model's free run is, and fit the model to it."""
        stop = 3 * len(context) // 4
        model.fit(context[: stop - 1], context[1:stop])
        ahead = model.forecast(len(context) - stop, context=context[:stop], exog=None)
        error = nrmse(context[stop:], ahead, scale=context.std(axis=0))
        model.fit(context[:-1], context[1:])
        n_steps = max(2 * len(context), min(5 * len(context), LONGEST_RUN))
        run = model.forecast(n_steps, context=context, exog=None)
        places = attractor_divergence(context, run[len(context) // 4 :], n_bins=N_BINS)
        motion = spectrum_distance(context, run[-len(context) :])
        return float(places * motion * np.sqrt(error))

    def predict(self, X: Array, *, context: Array) -> Array:
        """Return the outputs for rows, after the rows before them."""
        return np.asarray(self.model.predict(X, context=context))

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Run free from the end of a context."""
        return np.asarray(self.model.forecast(n_steps, context=context))


METHODS = [
    Method(
        "context_search",
        "Polynomial or network, chosen inside the context",
        lambda settings, task, data, seed: ContextSearch(seed % 2**31),
        colour="#D55E00",
        marker="D",
        by_invitation=True,
        kinds=(Reconstruction,),
    )
]
