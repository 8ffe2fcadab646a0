"""All rows as they are, for problems with fewer rows than features."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from reservoirs.readout.solved import TINY, Readout, Spectrum, spectrum_of, unit_targets
from reservoirs.sequences import Array

SAFE = 1e-7  # of the trace: penalties from which on the products of rows have ten digits
RELATIVE_RANK = 1e-14  # of the largest singular value: below it there is only rounding


class DualRows:
    """Every row stored, and solved by the singular values of the centred rows."""

    def __init__(self, n_features: int, n_outputs: int) -> None:
        self.features = np.empty((0, n_features))
        self.targets = np.empty((0, n_outputs))

    weights: Array | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.features)

    def add(self, features: Array, targets: Array, weights: Array | None = None) -> None:
        """Store a copy of a block of rows.

        For the arguments see `Sums`.
        """
        if weights is not None:
            before = np.empty(0) if self.weights is None else self.weights
            self.weights = np.concatenate([before, weights])
        self.features = np.vstack([self.features, features])
        self.targets = np.vstack([self.targets, targets])

    def discount(self, factor: float) -> None:
        """Multiply the weights of all rows so far, by a number in [0, 1]."""
        self.weights = factor * (np.ones(self.n_rows) if self.weights is None else self.weights)

    def merge(self, other: DualRows) -> None:
        """Store all rows of another."""
        self.add(other.features, other.targets, other.weights)

    def is_finite(self) -> bool:
        """Tell whether no feature is infinite or NaN, nor a sum of targets."""
        with np.errstate(over="ignore", invalid="ignore"):
            sums = self.targets.sum(axis=0)
        return bool(np.isfinite(self.features).all() and np.isfinite(sums).all())

    def _mean(self, values: Array) -> Array:
        mean: Array = values.mean(axis=0)
        return mean if self.weights is None else self.weights @ values / self.weights.sum()

    def _centred(self, values: Array) -> Array:
        """Return values about their mean, times the roots of the weights."""
        centred: Array = values - self._mean(values)
        return centred if self.weights is None else centred * np.sqrt(self.weights)[:, None]

    def spectrum(self) -> Spectrum:
        """Decompose the rows."""
        targets = unit_targets(self._centred(self.targets), self._mean(self.targets), self.n_rows)
        # X = U s V': the Gram matrix has the eigenvalues s^2, and V'X'Y = s U'Y.
        U, values, _ = scipy.linalg.svd(self._centred(self.features), full_matrices=False)
        projected = U.T @ targets
        outside = targets - U @ projected
        outside -= U @ (U.T @ outside)  # once more, for its rounding
        projected = np.vstack([projected, outside])
        return spectrum_of(values, projected, self.n_rows, smallest=RELATIVE_RANK)

    def residual(self, readout: Readout) -> Array:
        """Return the residual sum of squares of another readout on these rows."""
        predicted = self.features @ readout.coefficients.T + readout.intercept
        squares = (self.targets - predicted) ** 2
        return np.sum(squares if self.weights is None else squares * self.weights[:, None], axis=0)

    def solve(self, alpha: float) -> Readout:
        """Solve C' = X'A, (X X' + alpha I) A = Y, or by singular values where alpha is small.

        X and Y are the centred rows; C' = V s / (s^2 + alpha) U'Y, of X = U s V', is the same, and
        for alpha = 0 the solution of smallest norm.
        """
        centred, shifted = self._centred(self.features), self._centred(self.targets)
        with np.errstate(over="ignore"):
            trace = float(np.sum(centred**2))
        few = (
            len(centred) <= centred.shape[1]
        )  # of more rows than features the products are singular
        if few and alpha > 0 and alpha >= SAFE * trace:
            solution, condition = _by_products(centred, shifted, alpha)
            return self._readout(solution, alpha, condition)
        values, projected, Vt = _decomposed(centred, shifted)
        solution = Vt.T @ ((values / (values**2 + alpha))[:, None] * projected)
        smallest = np.sqrt(values[-1] ** 2 + alpha) if len(values) else 1.0
        condition = float(np.sqrt(values[0] ** 2 + alpha) / smallest) if len(values) else 1.0
        return self._readout(solution, alpha, condition)

    def _readout(self, solution: Array, alpha: float, condition: float) -> Readout:
        return Readout.from_centred(
            solution,
            feature_mean=self._mean(self.features),
            target_mean=self._mean(self.targets),
            method="dual",
            alpha=alpha,
            condition=condition,
        )


def _decomposed(centred: Array, shifted: Array) -> tuple[Array, Array, Array]:
    """Return singular values, U'Y and V' of centred rows, without mere rounding."""
    U, values, Vt = scipy.linalg.svd(centred, full_matrices=False)
    above = values > RELATIVE_RANK * max(values[0], TINY)
    return values[above], U[:, above].T @ shifted, Vt[above]


def _by_products(centred: Array, shifted: Array, alpha: float) -> tuple[Array, float]:
    """Return the solution, (n_features, n_outputs), by the products of the rows, and its condition.

    A twentieth of the time of singular values; of float64's 16 digits it loses those of
    trace / alpha.
    """
    products = centred @ centred.T
    products[np.diag_indices_from(products)] += alpha
    norm = float(np.abs(products).sum(axis=0).max())
    factor, lower = scipy.linalg.cho_factor(products, lower=False, overwrite_a=True)
    duals = scipy.linalg.cho_solve((factor, lower), shifted)
    reciprocal, _ = scipy.linalg.lapack.dpocon(factor, norm, uplo="U")
    solution: Array = centred.T @ duals
    return solution, float(np.sqrt(1.0 / max(reciprocal, TINY)))
