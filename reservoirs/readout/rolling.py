"""The readouts that fits to the rows up to several origins would have given."""

from __future__ import annotations

import numpy as np
import scipy.linalg
from scipy.linalg import lapack

from reservoirs.readout.qr import QR_PANEL, QRSums
from reservoirs.readout.solved import EPSILON
from reservoirs.sequences import Array


class RollingFits:
    """A fitted readout without the last rows of a series, exactly and without a refit.

    With Z the centred features of all n rows and A = Z'Z + alpha, those of the rows B that are left
    out and the residuals there, e = Y_B - Z_B C' - c, give without these rows

        H = Z_B A^-1 Z_B' + 1/n,   s = (I - H)^-1 e
        C' - A^-1 Z_B' s,          mean(Y) - sum(s) / n

    Rows left out from an earlier origin hold those from a later one, so that one Cholesky factor of
    I - H, with the last row first, does for all origins. Where the sums are those of some rows
    alone, Z'Z is multiplied by what these are of all.

    Parameters
    ----------
    sums : QRSums
        Of the rows, or of as many as are known.
    weight : float
        How many rows the readout was fitted on, or the sum of their weights.
    alpha : float
        Ridge penalty.
    readout : tuple of arrays of shapes (n_outputs, n_features) and (n_outputs,)
        C and c of the fit.

    References
    ----------
    Cook & Weisberg (1982), Residuals and influence in regression, section 3.6.
    """

    def __init__(
        self, sums: QRSums, weight: float, alpha: float, readout: tuple[Array, Array]
    ) -> None:
        n = sums.n_features
        self.weight = weight
        self.coefficients, self.intercept = readout
        self.feature_mean = sums.factor[0, 1 : n + 1] / sums.factor[0, 0]
        self.target_mean = self.coefficients @ self.feature_mean + self.intercept
        # the first element is the root of the weight of the rows in the sums
        share = np.sqrt(weight) / abs(sums.factor[0, 0])
        triangle = share * np.triu(sums.factor[1 : n + 1, 1 : n + 1])
        # below its rounding a penalty says nothing, and a triangle may be singular
        least = n * EPSILON * np.abs(triangle).max()
        corner = max(np.sqrt(alpha), least) * np.eye(n)
        # [Z; sqrt(alpha) I] = Q T, so that A = T'T without squaring Z
        factor = lapack.dtpqrt(
            n, min(QR_PANEL, n), np.asfortranarray(triangle), np.asfortranarray(corner)
        )[0]
        self.triangle = np.triu(factor)

    def before(
        self, features: Array, targets: Array, places: Array, weights: Array | None = None
    ) -> tuple[Array, Array]:
        """Return the readouts without the rows from some places on.

        Parameters
        ----------
        features : array of shape (n_rows, n_features)
            The last rows of a series that the sums have.
        targets : array of shape (n_rows, n_outputs)
            Their targets.
        places : array of shape (n_origins,) of int
            The first of these rows that each readout is without.
        weights : array of shape (n_rows,), default=None
            What they have in the sums; None: 1.

        Returns
        -------
        coefficients : array of shape (n_origins, n_outputs, n_features)
            C of each.
        intercepts : array of shape (n_origins, n_outputs)
            c of each.
        """
        features, targets = features[::-1], targets[::-1]
        roots = np.ones(len(features)) if weights is None else np.sqrt(weights[::-1])
        Z = (features - self.feature_mean) * roots[:, None]
        errors = (targets - features @ self.coefficients.T - self.intercept) * roots[:, None]
        # halved' halved = Z A^-1 Z'
        halved = scipy.linalg.solve_triangular(self.triangle, Z.T, trans="T", check_finite=False)
        kept = np.eye(len(Z)) - halved.T @ halved - np.outer(roots, roots) / self.weight
        counts = len(Z) - np.asarray(places)
        means, turned = [], []
        for count, s in zip(counts, _solve_leading(kept, errors, counts), strict=True):
            turned.append(halved[:, :count] @ s)
            means.append(self.target_mean - roots[:count] @ s / self.weight)
        changes = scipy.linalg.solve_triangular(
            self.triangle, np.concatenate(turned, axis=1), check_finite=False
        )
        coefficients = self.coefficients - changes.T.reshape(len(counts), *self.coefficients.shape)
        return coefficients, np.array(means) - coefficients @ self.feature_mean


def _solve_leading(matrix: Array, right: Array, counts: Array) -> list[Array]:
    """Solve the systems of the first rows and columns of a symmetric matrix, some numbers of them.

    The right-hand sides, (n, k), are cut to the same rows.
    """
    try:
        L = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:  # nothing is left of some direction but rounding
        return [np.linalg.lstsq(matrix[:n, :n], right[:n], rcond=None)[0] for n in counts]
    half = scipy.linalg.solve_triangular(L, right, lower=True, check_finite=False)
    return [
        scipy.linalg.solve_triangular(
            L[:n, :n], half[:n], lower=True, trans="T", check_finite=False
        )
        for n in counts
    ]
