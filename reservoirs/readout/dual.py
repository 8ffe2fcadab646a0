"""All rows as they are, for problems with fewer rows than features."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from reservoirs.readout.solved import TINY, Readout, Spectrum, spectrum_of, unit_targets
from reservoirs.sequences import Array

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

    def _decomposed(self) -> tuple[Array, Array, Array]:
        """Return singular values, U'Y and V' of the centred rows, without mere rounding."""
        centred, shifted = self._centred(self.features), self._centred(self.targets)
        U, values, Vt = scipy.linalg.svd(centred, full_matrices=False)
        above = values > RELATIVE_RANK * max(values[0], TINY)
        return values[above], U[:, above].T @ shifted, Vt[above]

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
        """Solve by singular values, C' = V s / (s^2 + alpha) U'Y.

        alpha = 0 gives the solution of smallest norm.
        """
        values, projected, Vt = self._decomposed()
        solution = Vt.T @ ((values / (values**2 + alpha))[:, None] * projected)
        smallest = np.sqrt(values[-1] ** 2 + alpha) if len(values) else 1.0
        condition = float(np.sqrt(values[0] ** 2 + alpha) / smallest) if len(values) else 1.0
        return Readout.from_centred(
            solution,
            feature_mean=self._mean(self.features),
            target_mean=self._mean(self.targets),
            method="dual",
            alpha=alpha,
            condition=condition,
        )
