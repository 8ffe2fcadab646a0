"""Readouts of all rows but a block, exactly, from one decomposition of all."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from reservoirs.readout.qr import QRSums
from reservoirs.readout.sums import TOO_LARGE
from reservoirs.sequences import Array


class BlockDeletion:
    """Ridge readouts for any penalty, of all rows and of all rows but a block.

    With Z the centred features of all n rows, Z'Z = V L V', and W = V (L + alpha)^-1 V'Z'Y, those
    of a block B and the residuals there, e = Y_B - Z_B W, give without these rows

        H = Z_B V (L + alpha)^-1 V'Z_B' + 1/n,   s = (I - H)^-1 e
        W - V (L + alpha)^-1 V'Z_B's,            mean(Y) - sum(s) / n

    the second the output at the mean of all features: what a fit without them would give.

    Parameters
    ----------
    sums : QRSums
        Of all rows.

    Raises
    ------
    ValueError
        If squares of the features, or of these and the targets, are beyond float64.

    References
    ----------
    Cook & Weisberg (1982), Residuals and influence in regression, section 3.6.
    """

    def __init__(self, sums: QRSums) -> None:
        n = sums.n_features
        means = sums.factor[0, 1:] / sums.factor[0, 0]
        self.feature_mean, self.target_mean = means[:n], means[n:]
        self.n_rows = sums.n_rows
        triangle, cross = (
            np.triu(sums.factor[1 : n + 1, 1 : n + 1]),
            sums.factor[1 : n + 1, n + 1 :],
        )
        # R = U S V', so that L = S^2 has all digits that a Gram matrix would lose
        U, values, Vt = scipy.linalg.svd(triangle)
        self.vectors, self.squares = Vt.T, values**2
        self.projected = values[:, None] * (U.T @ cross)
        if not (np.isfinite(self.squares).all() and np.isfinite(self.projected).all()):
            raise ValueError(TOO_LARGE)

    def without(self, features: Array, targets: Array, alphas: Array) -> tuple[Array, Array]:
        """Return the readouts without some rows, one for each penalty.

        Parameters
        ----------
        features : array of shape (n_rows, n_features)
            The rows, as they were added to the sums.
        targets : array of shape (n_rows, n_outputs)
            Their targets.
        alphas : array of shape (n_alphas,)
            Ridge penalties, > 0.

        Returns
        -------
        coefficients : array of shape (n_alphas, n_outputs, n_features)
            C of each.
        intercepts : array of shape (n_alphas, n_outputs)
            c of each.
        """
        Q, shifted = (features - self.feature_mean) @ self.vectors, targets - self.target_mean
        inverse = 1.0 / (self.squares[:, None] + alphas)
        weights = inverse[:, :, None] * self.projected[:, None]
        n_features, n_alphas, n_outputs = weights.shape
        fitted = (Q @ weights.reshape(n_features, -1)).reshape(len(Q), n_alphas, n_outputs)
        errors, roots = shifted[:, None] - fitted, np.sqrt(inverse)
        s = np.empty_like(errors)
        for i in range(n_alphas):
            halved = Q * roots[:, i]  # a product with itself takes half the time
            kept = -(halved @ halved.T)
            kept -= 1.0 / self.n_rows
            kept.flat[:: len(Q) + 1] += 1.0
            s[:, i] = _solve(kept, errors[:, i])
        moved = (Q.T @ s.reshape(len(Q), -1)).reshape(weights.shape)
        weights -= inverse[:, :, None] * moved
        solutions = self.vectors @ weights.reshape(n_features, -1)
        coefficients = solutions.T.reshape(n_alphas, n_outputs, n_features)
        intercepts = self.target_mean - s.sum(axis=0) / self.n_rows
        return coefficients, intercepts - coefficients @ self.feature_mean


def _solve(matrix: Array, right: Array) -> Array:
    """Solve symmetric equations, definite but for rounding; NumPy's own calls take ten times."""
    _, solution, failed = scipy.linalg.lapack.dposv(matrix, right)
    return np.linalg.solve(matrix, right) if failed else np.asarray(solution)
