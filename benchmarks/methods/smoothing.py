"""Forecasts from noisy rows: polynomial maps, and the rows that follow them, in turns."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import product
from math import comb
from typing import Self

import numpy as np
from scipy.fft import dct
from scipy.linalg import solveh_banded
from scipy.special import binom

from benchmarks.methods.base import Method
from benchmarks.tasks.data import Array
from benchmarks.tasks.split import Split
from reservoirs import ForecastDivergedWarning, NVARRegressor, next_step

Map = Callable[[Array], Array]
DEGREES, ALPHAS = (2, 3, 4), (1e-8, 1e-6, 1e-4)
RATIOS = (0.3, 0.3, 0.1, 0.1)  # of the errors of the map to the noise, in turns
N_AVERAGED = 3  # maps
SMOOTHNESS = 10.0 ** np.arange(-1.0, 9.0, 0.5)
ORDER = 3  # differences of this order are small where a series is smooth
LARGEST_STEP, SMALLEST_STEP = 0.5, 1e-4  # of a row in one iteration, in deviations
DIFFERENCE = 1e-6  # of the numerical derivative


class SmoothedMap:
    """Polynomial maps of the last row, learned from rows that they have smoothed themselves.

    A map x[t+1] = f(x[t]) is fitted to smooth rows x, then the rows to the noisy z,

        minimise sum abs(x[t] - z[t])^2 + sum abs(x[t+1] - f(x[t]))^2 / r^2,

    and so on in turns with smaller r. A forecast starts from the last row of a context smoothed in
    the same way; a context longer than the training rows is learned from. It is the mean over the
    three degrees and penalties with the smallest errors of forecasts of the last rows, a fourth of
    them, from two origins.
    """

    def fit(self, X: Array, y: Array) -> Self:
        """Choose degrees and penalties on the last rows, and fit to all of them."""
        self.rows = np.vstack([X[:1, : y.shape[1]], y])
        self.prepared: tuple[Array, list[tuple[NVARRegressor, Array]]] | None = None
        with warnings.catch_warnings():
            # the error of a forecast that met its bound says enough
            warnings.simplefilter("ignore", ForecastDivergedWarning)
            self.settings = self._choose(self.rows)
        self.models = [model for model, _ in self._learn(self.rows)]
        self.n_weights = sum(model.coef_.size + model.intercept_.size for model in self.models)
        return self

    @staticmethod
    def _choose(rows: Array) -> list[tuple[int, float]]:
        """Return the degrees and penalties with the smallest errors on the last rows."""
        horizon = len(rows) // 4
        parts = [rows[: len(rows) - k * horizon] for k in (2, 1)]
        starts = [smooth(part) for part in parts]
        scores = {}
        for degree, alpha in product(_degrees(rows), ALPHAS):
            errors = []
            for part, start in zip(parts, starts, strict=True):
                model, denoised = _alternate(part, start, degree, alpha)
                ahead = model.forecast(horizon, context=denoised)
                truth = rows[len(part) : len(part) + horizon]
                errors.append(np.mean(np.abs(ahead - truth) / rows.std(axis=0)))
            scores[degree, alpha] = float(np.mean(np.log(errors)))
        return sorted(scores, key=lambda settings: scores[settings])[:N_AVERAGED]

    def _learn(self, rows: Array) -> list[tuple[NVARRegressor, Array]]:
        """Return the maps, and the rows smoothed by each."""
        start = smooth(rows)
        return [_alternate(rows, start, *settings) for settings in self.settings]

    def predict(self, X: Array, *, context: Array) -> Array:
        """Return the mean of the maps of every row."""
        return np.mean([model.predict(X) for model in self.models], axis=0)

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Smooth the context, and iterate every map from its last row."""
        runs = []
        with warnings.catch_warnings(record=True) as lost:
            warnings.simplefilter("always", ForecastDivergedWarning)
            for model, rows in self._prepare(context):
                n_lost = len(lost)
                ahead = model.forecast(n_steps, context=rows)
                runs.append((len(lost) > n_lost, ahead))
        good = [ahead for is_lost, ahead in runs if not is_lost]
        if not good:  # no map stayed in the range of the data
            warnings.warn(lost[0].message, stacklevel=2)
        return np.mean(good or [ahead for _, ahead in runs], axis=0)

    def _prepare(self, context: Array) -> list[tuple[NVARRegressor, Array]]:
        """Return the maps, and the context smoothed by each; those of the last context stay."""
        if self.prepared is None or not np.array_equal(self.prepared[0], context):
            if len(context) > len(self.rows):
                pairs = self._learn(context)
            else:
                rows = smooth(context)
                pairs = [(m, fit_rows(m.predict, context, rows, RATIOS[-1])) for m in self.models]
            self.prepared = context, pairs
        return self.prepared[1]


def _degrees(rows: Array) -> list[int]:
    """Return the degrees that have fewer monomials than a fourth of the rows."""
    n_rows, n_outputs = rows.shape
    return [k for k in DEGREES if comb(n_outputs + k, k) < n_rows / 4] or [1]


def _alternate(noisy: Array, rows: Array, degree: int, alpha: float) -> tuple[NVARRegressor, Array]:
    """Return the map, and the rows smoothed by it."""
    model = NVARRegressor(n_delays=1, degree=degree, alpha=alpha, interval_origins=None)
    for ratio in RATIOS:
        model.fit(*next_step(rows))
        rows = fit_rows(model.predict, noisy, rows, ratio)
    return model.fit(*next_step(rows)), rows


def fit_rows(f: Map, noisy: Array, rows: Array, ratio: float, n_iterations: int = 2) -> Array:
    """Return the rows nearest to noisy ones that follow a map nearly, by Gauss-Newton steps.

    minimise sum abs(x[t] - z[t])^2 + sum abs(x[t+1] - f(x[t]))^2 / r^2 over x, from x = rows
    """
    n_rows, n_outputs = rows.shape
    weight, identity = ratio**-2, np.eye(n_outputs)
    for _ in range(n_iterations):
        ahead, J = _linearise(f, rows[:-1])
        residual = rows[1:] - ahead
        # the normal equations: blocks on the diagonal, and one below it, of rows t + 1 and t
        blocks = np.tile(identity, (n_rows, 1, 1))
        blocks[1:] += weight * identity
        blocks[:-1] += weight * np.einsum("tij,tik->tjk", J, J)
        gradient = rows - noisy
        gradient[1:] += weight * residual
        gradient[:-1] -= weight * np.einsum("tij,ti->tj", J, residual)
        banded = _banded(blocks, -weight * J)
        step = -solveh_banded(banded, gradient.ravel(), lower=True).reshape(rows.shape)
        largest = np.abs(step).max()
        rows = rows + step * min(1.0, LARGEST_STEP / max(largest, SMALLEST_STEP))
        if largest < SMALLEST_STEP:
            break
    return rows


def _linearise(f: Map, rows: Array) -> tuple[Array, Array]:
    """Return f at every row, and df_i/dx_j, of shape (n_rows, n_outputs, n_outputs)."""
    n_rows, n_outputs = rows.shape
    # one call: the rows themselves, then every variable a little larger
    shifts = DIFFERENCE * np.vstack([np.zeros(n_outputs), np.eye(n_outputs)])[:, None, :]
    values = f((rows + shifts).reshape(-1, n_outputs)).reshape(n_outputs + 1, n_rows, n_outputs)
    slope = (values[1:] - values[0]) / DIFFERENCE
    return values[0], slope.transpose(1, 2, 0)


def _banded(blocks: Array, below: Array) -> Array:
    """Return a symmetric matrix of blocks as its diagonals, as SciPy's `solveh_banded` takes it."""
    n_rows, n, _ = blocks.shape
    diagonals = np.zeros((2 * n, n_rows * n))
    for i, j in product(range(n), range(n)):
        if i >= j:
            diagonals[i - j, j::n] = blocks[:, i, j]
        diagonals[n + i - j, j::n][:-1] = below[:, i, j]
    return diagonals


def smooth(noisy: Array) -> Array:
    """Return rows whose third differences are small, as far as generalised cross-validation says.

    minimise sum abs(x[t] - z[t])^2 + l sum abs(third difference of x)^2; l is chosen in the basis
    of cosines, after the line from the first to the last row was taken out.

    References
    ----------
    Eilers (2003), A perfect smoother; Garcia (2010), Robust smoothing of gridded data.
    """
    n_rows = len(noisy)
    line = np.linspace(noisy[0], noisy[-1], n_rows)
    size = (2.0 - 2.0 * np.cos(np.pi * np.arange(n_rows) / n_rows)) ** ORDER
    spectrum = dct(noisy - line, axis=0, norm="ortho")
    # of the differences as a matrix D the diagonals of D'D
    signs = (-1.0) ** np.arange(ORDER + 1) * binom(ORDER, np.arange(ORDER + 1))
    penalty = np.zeros((ORDER + 1, n_rows))
    for k in range(ORDER + 1):
        for a in range(ORDER + 1 - k):
            penalty[k, a : a + n_rows - ORDER] += signs[a] * signs[a + k]
    removed = 1.0 - 1.0 / (1.0 + SMOOTHNESS[:, None] * size)
    scores = (removed**2 @ spectrum**2) / removed.mean(axis=1, keepdims=True) ** 2
    smoothed = np.empty_like(noisy)
    for column, best in enumerate(np.argmin(scores, axis=0)):
        banded = SMOOTHNESS[best] * penalty
        banded[0] += 1.0
        smoothed[:, column] = solveh_banded(banded, noisy[:, column], lower=True)
    return smoothed


METHODS = [
    Method(
        "smoothed_map",
        "Polynomial maps of rows that they smooth",
        lambda settings, task, data, seed: SmoothedMap(),
        colour="#56B4E9",
        marker="D",
        by_invitation=True,
        kinds=(Split,),
    )
]
