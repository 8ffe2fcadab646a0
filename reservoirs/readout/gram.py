"""The Gram matrix: the fastest sums, at half the digits."""

from __future__ import annotations

import numpy as np
import scipy.linalg
from scipy.linalg import blas, lapack

from reservoirs import compiled
from reservoirs.readout.solved import EPSILON, TINY, Readout, Spectrum
from reservoirs.sequences import Array

SMALLEST_RESIDUAL = 1e-9  # relative to the totals, whose rounding then is a millionth of it


def column_sums(rows: Array) -> Array:
    """Return the sum of every column, eight times faster than NumPy."""
    return blas.dgemv(1.0, rows.T, np.ones(len(rows)))


class GramSums:
    """Centred second moments of features and targets, summed block by block.

    Rows are summed about the mean of the first block, and the sums moved to the mean of all rows
    when they are read ("shifted data"). That is one pass over a block, and loses a bit at most:
    where the two means part by a standard deviation, the sums move then. Sums about the same
    `centres`, of features and targets, are merged by adding them.

    References
    ----------
    Chan, Golub & LeVeque (1983), Algorithms for computing the sample variance.
    """

    excess = 0.0  # sum of the weights - n_rows; set where rows are weighted
    centred = False  # whether the centres were given, and are not those of the first block

    def __init__(
        self, n_features: int, n_outputs: int, centres: tuple[Array, Array] | None = None
    ) -> None:
        self.n_rows = 0
        self.feature_centre, self.feature_sum = np.zeros(n_features), np.zeros(n_features)
        self.target_centre, self.target_sum = np.zeros(n_outputs), np.zeros(n_outputs)
        if centres is not None:
            (self.feature_centre, self.target_centre), self.centred = centres, True
        self.gram = np.zeros((n_features, n_features), order="F")  # upper triangle only
        self.cross = np.zeros((n_features, n_outputs), order="F")
        self.totals = np.zeros(n_outputs)

    @property
    def weight(self) -> float:
        """Sum of the weights of all rows."""
        return self.n_rows + self.excess

    def add(self, features: Array, targets: Array, weights: Array | None = None) -> None:
        """Add a block of rows; the features are overwritten, the targets not.

        For the arguments see `Sums`.
        """
        if not (self.n_rows or self.centred):
            self.feature_centre = column_sums(features) / len(features)
            self.target_centre = targets.mean(axis=0)
        # With z[t] and y[t] about the centres: sum z, sum z y', sum z z', sum y, sum y^2.
        shifted = targets - self.target_centre
        if weights is None:
            compiled.moments.centre_rows(
                features, self.feature_centre, shifted, self.feature_sum, self.cross.T
            )
            self.target_sum += np.add.reduce(shifted)
        else:
            # rows times the roots of their weights have the weighted products
            features -= self.feature_centre
            self.feature_sum += weights @ features
            self.target_sum += weights @ shifted
            self.excess += float(weights.sum()) - len(weights)
            roots = np.sqrt(weights)[:, None]
            features *= roots
            shifted *= roots
            self.cross += features.T @ shifted
        self.gram = blas.dsyrk(1.0, features.T, beta=1.0, c=self.gram, overwrite_c=True)
        self.totals += np.add.reduce(shifted**2)
        self.n_rows += len(features)
        sums = self.feature_sum, self.gram, self.target_sum, self.totals
        if weights is not None or compiled.moments.means_are_far(*sums, self.n_rows, EPSILON):
            self._recentre()

    def discount(self, factor: float) -> None:
        """Multiply the weights of all rows so far, by a number in [0, 1]."""
        # about fixed centres every sum is linear in the weights
        for name in ("feature_sum", "target_sum", "gram", "cross", "totals"):
            setattr(self, name, factor * getattr(self, name))
        self.excess = factor * self.weight - self.n_rows

    def _recentre(self) -> None:
        """Move the sums to the mean of all rows, which becomes the centre."""
        if self.n_rows:
            # sum (z - m)(z - m)' = sum z z' - n m m', with m the mean about the old centre.
            n = self.weight
            features, targets = self.feature_sum / n, self.target_sum / n
            self._add_products(features, targets, -n)
            self.feature_centre = self.feature_centre + features
            self.target_centre = self.target_centre + targets
            self.feature_sum, self.target_sum = np.zeros_like(features), np.zeros_like(targets)

    def _add_products(self, features: Array, targets: Array, weight: float) -> None:
        """Add a multiple of the products of one row of features and targets to the sums."""
        self.gram = blas.dsyr(weight, features, a=self.gram, overwrite_a=True)
        self.cross += weight * np.multiply.outer(features, targets)
        with np.errstate(over="ignore", invalid="ignore"):
            self.totals += weight * targets**2

    def merge(self, other: GramSums) -> None:
        """Add all rows of other sums (Chan, Golub & LeVeque 1983, eq. 2.1)."""
        if not other.n_rows:
            return
        centres = self.feature_centre, self.target_centre
        # about the same centres sums are added as they are
        if all(map(np.array_equal, centres, (other.feature_centre, other.target_centre))):
            for name in ("feature_sum", "target_sum", "gram", "cross", "totals"):
                getattr(self, name)[...] += getattr(other, name)
            self.n_rows += other.n_rows
            if other.excess:
                self.excess += other.excess
            return
        self._recentre()
        other._recentre()
        self.gram += other.gram
        self.cross += other.cross
        self.totals += other.totals
        # Between the two means d: n1 n2 / (n1 + n2) d d', and the new mean m1 + n2 / (n1 + n2) d.
        total = self.weight + other.weight
        features = other.feature_centre - self.feature_centre
        targets = other.target_centre - self.target_centre
        self._add_products(features, targets, self.weight * other.weight / total)
        self.feature_centre = self.feature_centre + features * (other.weight / total)
        self.target_centre = self.target_centre + targets * (other.weight / total)
        self.n_rows += other.n_rows
        self.excess = total - self.n_rows

    def is_finite(self) -> bool:
        """Tell whether no square or product overflowed and no feature was NaN."""
        finite = np.isfinite(self.gram.diagonal()).all() and np.isfinite(self.cross).all()
        return bool(finite)

    def smallest_alpha(self) -> float:
        """Return the penalty below which rounding in the Gram matrix outweighs it."""
        self._recentre()
        return float(1e3 * EPSILON * np.trace(self.gram))

    def judged(self, alphas: Array) -> list[float] | None:
        """Rank a grid by generalised cross-validation, unless rounding would have a say in it.

        None where a penalty is below `smallest_alpha`, or where residuals come near the rounding of
        the targets' sums of squares; else the penalties from the best to the worst.
        """
        if min(alphas) < self.smallest_alpha() or not np.isfinite(self.totals).all():
            return None
        spectrum = self.spectrum()
        faint = (spectrum.totals > 0) & (spectrum.totals < TINY / EPSILON)
        if faint.any() or spectrum.residual(float(min(alphas))) < SMALLEST_RESIDUAL:
            return None
        return spectrum.ranked(alphas)

    def solve(self, alpha: float) -> Readout:
        """Solve (G + alpha I) C' = X'Y by Cholesky.

        Raises
        ------
        scipy.linalg.LinAlgError
            If G + alpha I is not positive definite in float64.
        """
        self._recentre()
        matrix = self.gram.copy(order="F")
        matrix[np.diag_indices_from(matrix)] += alpha
        norm = float(np.abs(matrix.diagonal()).max())
        # G + alpha I = U'U, then U'U C' = X'Y by two triangular solutions.
        factor, info = lapack.dpotrf(matrix, lower=0, overwrite_a=1)
        if info:
            raise scipy.linalg.LinAlgError(
                f"the Gram matrix plus alpha={alpha:g} is not positive definite in float64; "
                "use solver='qr', or a larger alpha"
            )
        solution, _ = lapack.dpotrs(factor, self.cross, lower=0)
        reciprocal, _ = lapack.dpocon(factor, norm, uplo="U")
        return Readout.from_centred(
            solution,
            feature_mean=self.feature_centre,
            target_mean=self.target_centre,
            method="cholesky",
            alpha=alpha,
            condition=float(np.sqrt(1.0 / max(reciprocal, TINY))),
        )

    def spectrum(self) -> Spectrum:
        """Decompose the Gram matrix; eigenvalues below its rounding are taken as zero."""
        self._recentre()
        # G = V l V', and the squares of V'X'Y.
        values, vectors = scipy.linalg.eigh(self.gram, lower=False, driver="evd")
        above = values > EPSILON * values[-1]
        # A constant target leaves the rounding of its mean, which no penalty is to be judged by.
        constant = self.totals <= self.weight * (10 * EPSILON * self.target_centre) ** 2
        squares = (vectors[:, above].T @ np.where(constant, 0.0, self.cross)) ** 2
        return Spectrum(values[above], squares, np.where(constant, 0.0, self.totals), self.n_rows)

    def residual(self, readout: Readout) -> Array:
        """Return the residual sum of squares of another readout on these rows."""
        self._recentre()
        C = readout.coefficients
        full = np.triu(self.gram) + np.triu(self.gram, 1).T
        # sum (y - C z)^2 = Y'Y - 2 C X'Y + C G C' about the means, plus n (my - C mz - c)^2.
        quadratic = np.einsum("of,fg,og->o", C, full, C)
        offset = self.target_centre - C @ self.feature_centre - readout.intercept
        squares = self.totals - 2 * np.einsum("of,fo->o", C, self.cross) + quadratic
        return np.maximum(squares, 0.0) + self.weight * offset**2

    def faintest_residual(self, readout: Readout) -> Array:
        """Return what a residual must reach for `residual` to have six of its digits.

        It is the size of the numbers that it subtracts, times their rounding and a million,
        (n_outputs,).
        """
        self._recentre()
        C, upper = np.abs(readout.coefficients), np.abs(np.triu(self.gram))
        products = 2 * np.einsum("of,fo->o", C, np.abs(self.cross))
        sizes = self.totals + products + 2 * np.einsum("of,of->o", C @ upper, C)
        return 1e6 * EPSILON * sizes
