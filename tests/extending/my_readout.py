"""A readout of one's own: the Gram matrix and the cross moments, uncentred, solved by eigenvectors.

    minimise  |Y - Z C' - 1 c'|^2 + alpha |C|^2,   M = [Z 1 Y]'[Z 1 Y] summed row by row

Everything is read from M, in which the constant 1 is one column. Half the digits are lost, as with
every Gram matrix; the centred one of the library loses fewer.
"""

import numpy as np

from reservoirs.readout import SOLVERS, Readout, Spectrum


class MomentSums:
    """The second moments M of features, constant and targets.

    Parameters
    ----------
    n_features : int
        Columns of the features.
    n_outputs : int
        Columns of the targets.
    """

    def __init__(self, n_features, n_outputs):
        self.n_features = n_features
        self.n_rows = 0
        self.moments = np.zeros((n_features + 1 + n_outputs,) * 2)

    def add(self, features, targets):
        """Add a block of rows."""
        rows = np.hstack([features, np.ones((len(features), 1)), targets])
        self.moments += rows.T @ rows
        self.n_rows += len(rows)

    def merge(self, other):
        """Add all rows of other sums."""
        self.moments += other.moments
        self.n_rows += other.n_rows

    def is_finite(self):
        """Tell whether nothing overflowed."""
        return bool(np.isfinite(self.moments).all())

    def _centred(self):
        """Return the means, and the centred moments Z'Z, Z'Y and the diagonal of Y'Y."""
        n, means = self.n_features, self.moments[self.n_features] / self.n_rows
        centred = self.moments - self.n_rows * np.outer(means, means)
        totals = centred.diagonal()[n + 1 :]
        return means[:n], means[n + 1 :], centred[:n, :n], centred[:n, n + 1 :], totals

    def solve(self, alpha):
        """Return C' = V (l + alpha)^-1 V' Z'Y, with Z'Z = V l V'."""
        feature_mean, target_mean, gram, cross, _ = self._centred()
        values, V = np.linalg.eigh(gram)
        damped = np.maximum(values, 0.0) + max(alpha, np.finfo(float).tiny)
        return Readout.from_centred(
            V @ ((V.T @ cross) / damped[:, None]),
            feature_mean=feature_mean,
            target_mean=target_mean,
            method="moments",
            alpha=alpha,
            condition=float(np.sqrt(damped[-1] / damped[0])),
        )

    def spectrum(self):
        """Return eigenvalues, (V'Z'Y)^2 and totals, for generalised cross-validation."""
        _, _, gram, cross, totals = self._centred()
        values, V = np.linalg.eigh(gram)
        above = values > np.finfo(float).eps * values[-1]
        return Spectrum(values[above], (V[:, above].T @ cross) ** 2, totals, self.n_rows)

    def residual(self, readout):
        """Return the residual sum of squares of another readout: [-C -c I] M [-C -c I]'."""
        C, c = readout.coefficients, readout.intercept
        combined = np.hstack([-C, -c[:, None], np.eye(len(c))])
        return np.einsum("oi,ij,oj->o", combined, self.moments, combined)


SOLVERS["moments"] = MomentSums  # from here on ESNRegressor(solver="moments") is accepted
