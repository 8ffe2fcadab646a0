"""Baselines that learn from the training rows, as every method does: persistence, mean, linear."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.linear_model import RidgeCV

from benchmarks.methods.base import Method
from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Attractor, Filter, Reconstruction
from benchmarks.tasks.split import Simulation, Split

LAGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 50, 100, 200, 300)
WIDEST = 1000  # columns of the regression
RIDGE_LAGS = 50


class Persistence:
    """The last value stays."""

    n_weights = 0

    def fit(self, X: Array, y: Array) -> Self:
        """Learn nothing."""
        self.n_outputs = y.shape[1]
        return self

    def predict(self, X: Array, *, context: Array) -> Array:
        """Return the observation of every row."""
        return X[:, : self.n_outputs]

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Repeat the last observation."""
        return np.repeat(context[-1:], n_steps, axis=0)


class Mean:
    """The mean of the training targets."""

    n_weights = 1

    def fit(self, X: Array, y: Array) -> Self:
        """Store the mean."""
        self.mean = y.mean(axis=0, keepdims=True)
        return self

    def predict(self, X: Array, *, context: Array) -> Array:
        """Return the mean for every row."""
        return np.repeat(self.mean, len(X), axis=0)

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Return the mean for every step."""
        return np.repeat(self.mean, n_steps, axis=0)


class Linear:
    """Least squares on the last p rows, p by the Bayesian information criterion.

    AR of a series, ARX with known inputs, FIR where the rows are inputs only.
    """

    def fit(self, X: Array, y: Array) -> Self:
        """Try every number of lags on the same rows and keep the best."""
        # no more columns than a third of the rows
        most = min(len(X) // 3, WIDEST) // X.shape[1]
        longest = max(p for p in LAGS if p < most or p == 1)
        best = np.inf
        for p in (p for p in LAGS if p <= longest):
            features = self._lagged(X, p)[longest - 1 :]
            targets = y[longest - 1 :]
            weights, *_ = np.linalg.lstsq(features, targets, rcond=1e-15)
            residual = np.mean((targets - features @ weights) ** 2)
            # BIC: n log(mean square) + k log(n); an exact fit is told apart by its rounding alone
            misfit = targets.size * np.log(residual + 1e-28)
            criterion = misfit + weights.size * np.log(len(targets))
            if criterion < best:
                best, self.n_lags, self.weights = criterion, p, weights
        self.n_weights = self.weights.size
        return self

    @staticmethod
    def _lagged(X: Array, p: int) -> Array:
        """Put the rows t, t-1, ... t-p+1 side by side, zeros before the first, and a one."""
        padded = np.vstack([np.zeros((p - 1, X.shape[1])), X])
        lags = [padded[p - 1 - k : len(padded) - k] for k in range(p)]
        return np.hstack([*lags, np.ones((len(X), 1))])

    def predict(self, X: Array, *, context: Array) -> Array:
        """Return the output for every row, after the context."""
        rows = np.vstack([context, X])
        return (self._lagged(rows, self.n_lags) @ self.weights)[len(context) :]

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Feed every prediction back."""
        inputs = np.empty((len(context) + n_steps - 1, 0)) if exog is None else exog
        n_context, n_outputs = context.shape
        rows = np.zeros((n_context + n_steps, n_outputs + inputs.shape[1]))
        rows[:n_context, :n_outputs] = context
        rows[: len(inputs), n_outputs:] = inputs
        p = self.n_lags
        by_lag = self.weights[:-1].reshape(p, -1, n_outputs)
        for t in range(n_context - 1, n_context + n_steps - 1):
            window = rows[max(t - p + 1, 0) : t + 1][::-1]
            # y[t+1] = sum_k W_k [y[t-k]; u[t-k]] + b; rows before the context count as zeros
            value = np.einsum("lf,lfo->o", window, by_lag[: len(window)]) + self.weights[-1]
            # an unstable model grows without bound: it must stay a number
            rows[t + 1, :n_outputs] = np.clip(value, -1e12, 1e12)
        return rows[n_context:, :n_outputs]


class RidgeLinear(Linear):
    """Ridge regression on the last fifty rows, its penalty by generalised cross-validation.

    Where the inputs are few tones least squares has no say in what else they would do.
    """

    def fit(self, X: Array, y: Array) -> Self:
        """Fit with as many lags as a third of the rows allow."""
        self.n_lags = max(min(RIDGE_LAGS, len(X) // 3 // X.shape[1]), 1)
        features = self._lagged(X, self.n_lags)[self.n_lags - 1 :, :-1]
        ridge = RidgeCV(np.logspace(-6, 4, 21)).fit(features, y[self.n_lags - 1 :])
        self.weights = np.vstack([ridge.coef_.reshape(y.shape[1], -1).T, ridge.intercept_])
        self.n_weights = self.weights.size
        return self


def _observes(task: Task) -> str:
    simulation = issubclass(task.kind, Simulation)
    return "a simulation observes no value to hold on to" if simulation else ""


METHODS = [
    Method(
        "persistence",
        "Persistence",
        lambda settings, task, data, seed: Persistence(),
        kind="baseline",
        colour="#BBBBBB",
        line=":",
        marker="<",
        kinds=(Split, Attractor, Reconstruction),
        supports=_observes,
    ),
    Method(
        "mean",
        "Mean",
        lambda settings, task, data, seed: Mean(),
        kind="baseline",
        colour="#BBBBBB",
        line=(0, (1, 4)),
        marker=">",
        kinds=(Split,),
    ),
    Method(
        "linear",
        "Linear AR/ARX, BIC",
        lambda settings, task, data, seed: Linear(),
        kind="baseline",
        colour="#555555",
        line="--",
        marker="s",
        kinds=(Split, Filter, Attractor),
    ),
    Method(
        "ridge_arx",
        "Ridge AR/ARX, 50 lags",
        lambda settings, task, data, seed: RidgeLinear(),
        kind="baseline",
        colour="#8C6D31",
        line="--",
        marker="d",
        by_invitation=True,
        kinds=(Split,),
    ),
]
