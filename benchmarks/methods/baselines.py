"""Honest controls: persistence, mean, linear autoregression, a fitted sinusoid, the exact map."""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

from benchmarks.tasks.base import Array, Split
from reservoirs.datasets import oscillator_matrices

LAGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 50, 100, 200, 300)
WIDEST = 1000  # columns of the regression


class Persistence:
    """The last value stays."""

    n_weights = 0

    def fit(self, X: Array, y: Array) -> Persistence:
        """Learn nothing."""
        self.n_outputs = y.shape[1]
        return self

    def predict(self, X: Array, context: Array) -> Array:
        """Return the observation of every row."""
        return X[:, : self.n_outputs]

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Repeat the last observation."""
        return np.repeat(context[-1:], n_steps, axis=0)


class Mean:
    """The mean of the training targets."""

    n_weights = 1

    def fit(self, X: Array, y: Array) -> Mean:
        """Store the mean."""
        self.mean = y.mean(axis=0, keepdims=True)
        return self

    def predict(self, X: Array, context: Array) -> Array:
        """Return the mean for every row."""
        return np.repeat(self.mean, len(X), axis=0)

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Return the mean for every step."""
        return np.repeat(self.mean, n_steps, axis=0)


class Linear:
    """Least squares on the last p rows, p by the Bayesian information criterion.

    AR of a series, ARX with known inputs, FIR where the rows are inputs only.
    """

    def fit(self, X: Array, y: Array) -> Linear:
        """Try every number of lags on the same rows and keep the best."""
        most = min(len(X) // 3, WIDEST) // X.shape[1]
        longest = max(p for p in LAGS if p < most or p == 1)
        best = np.inf
        for p in (p for p in LAGS if p <= longest):
            features = self._lagged(X, p)[longest - 1 :]
            targets = y[longest - 1 :]
            weights, *_ = np.linalg.lstsq(features, targets, rcond=1e-15)
            residual = np.mean((targets - features @ weights) ** 2)
            size = len(targets)
            likelihood = targets.size * np.log(residual + 1e-28)  # of all outputs
            criterion = likelihood + weights.size * np.log(size)
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

    def predict(self, X: Array, context: Array) -> Array:
        """Predict every row, the context before it."""
        rows = np.vstack([context, X])
        return (self._lagged(rows, self.n_lags) @ self.weights)[len(context) :]

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Feed every prediction back."""
        width = 0 if exog is None else exog.shape[1]
        known = np.empty((len(context) + n_steps - 1, 0)) if exog is None else exog
        n_before, n_outputs = len(context), context.shape[1]
        rows = np.zeros((n_before + n_steps, n_outputs + width))
        rows[:n_before, :n_outputs] = context
        rows[: len(known), n_outputs:] = known
        p = self.n_lags
        by_lag = self.weights[:-1].reshape(p, -1, n_outputs)
        for t in range(n_before - 1, n_before + n_steps - 1):
            window = rows[max(t - p + 1, 0) : t + 1][::-1]
            value = np.einsum("lf,lfo->o", window, by_lag[: len(window)]) + self.weights[-1]
            rows[t + 1, :n_outputs] = np.clip(value, -1e12, 1e12)
        return rows[n_before:, :n_outputs]


def sinusoid(split: Split) -> Array:
    """Fit a sin(w n + p) + c to the rows known before the forecast; return it for all rows.

    Parameters
    ----------
    split : standardised

    Returns
    -------
    (n_rows, 1)
    """
    n = split.origin + 1
    known = split.series[:n, 0]
    spectrum = np.abs(np.fft.rfft(known - known.mean(), 8 * n))
    w = 2 * np.pi * np.argmax(spectrum) / (8 * n)
    t, every = np.arange(n), np.arange(len(split.series))

    def curve(p: Array, t: Array) -> Array:
        return p[0] * np.sin(p[1] * t) + p[2] * np.cos(p[1] * t) + p[3]

    basis = np.column_stack([np.sin(w * t), np.cos(w * t), np.ones(n)])
    a, b, c = np.linalg.lstsq(basis, known, rcond=None)[0]
    found = least_squares(
        lambda p: curve(p, t) - known, [a, w, b, c], x_scale=[1, 1e-3, 1, 1],
        xtol=1e-15, ftol=1e-15, gtol=1e-15,
    )  # fmt: skip
    return curve(found.x, every)[:, None]


def cramer_rao(split: Split) -> Array:
    """Return the truth plus the least error that any unbiased estimate can have on average.

    The rows known before the forecast are A sin(w n + p) and noise of a known deviation s; the
    covariance of an estimate of (A, w, p) is at least s^2 (J'J)^-1, J the derivatives of the rows.

    Parameters
    ----------
    split : standardised, of a noisy sinusoid

    Returns
    -------
    (n_rows, 1)
    """
    n, every = split.origin + 1, np.arange(len(split.series))
    truth = split.truth[:, 0] - split.truth[:, 0].mean()
    w = split.facts["frequency"]
    sine, cosine = np.sin(w * every), np.cos(w * every)
    # A sin(wn) + B cos(wn): the derivative in w is n (A cos - B sin)
    A, B = np.linalg.lstsq(np.column_stack([sine, cosine]), truth, rcond=None)[0]
    J = np.column_stack([sine, cosine, every * (A * cosine - B * sine)])
    noise = split.facts["noise"] / split.facts["scale"][0]
    covariance = noise**2 * np.linalg.inv(J[:n].T @ J[:n])
    error = np.sqrt(np.einsum("ni,ij,nj->n", J, covariance, J))
    return split.truth + error[:, None]


def exact_map(split: Split) -> tuple[Array, Array]:
    """Run the oscillator's exact map.

    Parameters
    ----------
    split : standardised, of an oscillator

    Returns
    -------
    one-step predictions of row t + 1 from rows t - 1 and t, for every t from the origin on, and
    the free run after the origin (for a simulation: driven from rest through all rows)
    """
    raw, mean, scale = split.facts["raw"], split.facts["mean"], split.facts["scale"]
    A, B = oscillator_matrices(split.facts["eta"], split.dt)
    x, force = raw.series[:, 0], raw.exog[:, 0]
    if split.simulation:
        z, found = np.zeros(2), np.empty(len(x))
        for t in range(len(x)):
            found[t], z = z[0], A @ z + B * force[t]
        run = found[split.origin + 1 :]
        return run, ((run - mean) / scale)[:, None]
    v_before = (x[1:] - A[0, 0] * x[:-1] - B[0] * force[:-1]) / A[0, 1]  # v at rows 0..n-2
    z = A @ np.stack([x[:-1], v_before]) + B[:, None] * force[:-1]  # state at rows 1..n-1
    ahead = (A @ z + B[:, None] * force[1:])[0]  # x predicted for rows 2..n
    start = split.origin
    one_step = ahead[start - 1 : -1]
    state, run = z[:, start - 1], np.empty(split.horizons[-1])
    for i in range(len(run)):
        state = A @ state + B * force[start + i]
        run[i] = state[0]
    return ((one_step - mean) / scale)[:, None], ((run - mean) / scale)[:, None]
