"""The triangular factor of a QR decomposition: all digits, at 2.4 times the cost of a Gram."""

from __future__ import annotations

import numpy as np
import scipy.linalg
from scipy.linalg import lapack

from reservoirs.readout.solved import EPSILON, TINY, Readout, Spectrum, spectrum_of, unit_targets
from reservoirs.sequences import Array

QR_PANEL = 32  # columns per panel of the blocked QR, the fastest of 16-128 measured
QR_ROWS = 384  # reflected at a time, while they are in the cache: a tenth faster than 1024


class QRSums:
    """The triangular factor R of [1 X Y], updated block by block with Householder reflections.

    Its first row holds the means; what is left is the factor of the centred rows, exact to the
    last digits, because [X Y] is never squared.
    """

    def __init__(self, n_features: int, n_outputs: int) -> None:
        self.n_features = n_features
        width = 1 + n_features + n_outputs
        self.factor = np.zeros((width, width), order="F")
        self.n_rows = 0

    def add(self, features: Array, targets: Array, weights: Array | None = None) -> None:
        """Add a block of rows, left unchanged.

        For the arguments see `Sums`.
        """
        for first in range(0, len(features), QR_ROWS):
            span = slice(first, first + QR_ROWS)
            rows = np.empty((len(features[span]), len(self.factor)), order="F")
            rows[:, 0] = 1.0
            rows[:, 1 : 1 + self.n_features] = features[span]
            rows[:, 1 + self.n_features :] = targets[span]
            if weights is not None:
                rows *= np.sqrt(weights[span])[:, None]
            self._reflect(rows)
        self.n_rows += len(features)

    def discount(self, factor: float) -> None:
        """Multiply the weights of all rows so far, by a number in [0, 1]."""
        # sqrt(f) R is the factor of rows times sqrt(f)
        self.factor = np.sqrt(factor) * self.factor

    def _reflect(self, rows: Array) -> None:
        """Add rows, Fortran-ordered, (n, 1 + n_features + n_outputs), overwritten."""
        # [R; rows] = Q [R'; 0], of which R' alone is stored.
        panel = min(QR_PANEL, len(self.factor))
        self.factor = lapack.dtpqrt(0, panel, self.factor, rows, overwrite_a=1, overwrite_b=1)[0]

    def penalise(self, rows: Array) -> None:
        """Add |rows C'|^2 to what is minimised: rows without constant and target.

        The rows, (n, n_features), are directions of the coefficients that cost.
        """
        width = self.factor.shape[0]
        padded = np.zeros((len(rows), width), order="F")
        padded[:, 1 : 1 + self.n_features] = rows
        self._reflect(padded)

    def merge(self, other: QRSums) -> None:
        """Add all rows of other sums."""
        self._reflect(other.factor.copy(order="F"))
        self.n_rows += other.n_rows

    def is_finite(self) -> bool:
        """Tell whether no sum overflowed and none is NaN."""
        return bool(np.isfinite(self.factor.diagonal()).all())

    def spectrum(self) -> Spectrum:
        """Decompose the triangular factor of the features."""
        n = self.n_features
        means = self.factor[0, n + 1 :] / self.factor[0, 0]
        targets = unit_targets(np.triu(self.factor)[1:, n + 1 :], means, self.n_rows)
        # R_xx = U S V', so that G = V S^2 V' and V'X'Y = S U'R_xy; R_yy no feature explains.
        U, values, _ = scipy.linalg.svd(self._upper_features())
        projected = np.vstack([U.T @ targets[:n], targets[n:]])
        return spectrum_of(values, projected, self.n_rows, smallest=n * EPSILON)

    def residual(self, readout: Readout) -> Array:
        """Return the residual sum of squares of another readout on these rows."""
        # |Y - X C' - 1 c'|^2 = |R [-c'; -C'; I]|^2
        C, c = readout.coefficients, readout.intercept
        combined = np.vstack([-c[None], -C.T, np.eye(len(c))])
        return np.sum((np.triu(self.factor) @ combined) ** 2, axis=0)

    def solve(self, alpha: float) -> Readout:
        """Solve min ||R_xx C' - R_xy||^2 + alpha ||C||^2 by QR of [R_xx; sqrt(alpha) I].

        alpha = 0 gives the least-squares solution of smallest norm.

        Raises
        ------
        scipy.linalg.LinAlgError
            If no rows were added.
        """
        n = self.n_features
        if not self.n_rows:
            raise scipy.linalg.LinAlgError("no rows were added; give longer series")
        means = self.factor[0, 1:] / self.factor[0, 0]
        triangle, cross = self._upper_features(), self.factor[1 : n + 1, n + 1 :]
        if alpha > 0:
            solution, reciprocal = _solve_damped(triangle, cross, alpha)
        else:
            solution, _, _, singular = scipy.linalg.lstsq(triangle, cross, cond=n * EPSILON)
            reciprocal = singular[-1] / singular[0] if singular[0] else 0.0
        return Readout.from_centred(
            solution,
            feature_mean=means[:n],
            target_mean=means[n:],
            method="qr",
            alpha=alpha,
            condition=float(1.0 / max(reciprocal, TINY)),
        )

    def _upper_features(self) -> Array:
        """Return R_xx, the triangular factor of the centred features."""
        n = self.n_features
        return np.triu(self.factor[1 : n + 1, 1 : n + 1])


def _solve_damped(triangle: Array, cross: Array, alpha: float) -> tuple[Array, float]:
    """Return C' of min |R C' - b|^2 + alpha |C|^2, and the reciprocal condition number."""
    n = len(triangle)
    # [R; sqrt(alpha) I] = Q T, then T C' = the first rows of Q'[b; 0].
    corner = np.asfortranarray(np.sqrt(alpha) * np.eye(n))
    panel = min(QR_PANEL, n)
    factor, reflectors, t, _ = lapack.dtpqrt(n, panel, np.asfortranarray(triangle), corner)
    zeros = np.zeros(cross.shape, order="F")
    rotated = lapack.dtpmqrt(
        n, reflectors, t, np.asfortranarray(cross), zeros, side="L", trans="T"
    )[0]
    solution = scipy.linalg.solve_triangular(np.triu(factor), rotated)
    return solution, lapack.dtrcon(np.triu(factor))[0]
