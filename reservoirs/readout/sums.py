"""The sums of a ridge regression: a Gram matrix, a triangular factor, or the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.linalg import blas, lapack

from reservoirs.sequences import Array

EPSILON = np.finfo(np.float64).eps
QR_PANEL = 32  # columns per panel of the blocked QR, the fastest of 16-128 measured
QR_ROWS = 384  # reflected at a time, while they are in the cache: a tenth faster than 1024


@dataclass(frozen=True)
class Readout:
    """A solved readout.

    Attributes
    ----------
    coefficients : (n_outputs, n_features), C
    intercept : (n_outputs,), c
    method : "cholesky", "qr" or "dual", which sums were solved
    alpha : the ridge penalty used
    condition : estimate of the condition number of the regularised features, sqrt for a Gram
    feature_mean : (n_features,), mean of the features
    """

    coefficients: Array
    intercept: Array
    method: str
    alpha: float
    condition: float
    feature_mean: Array


@dataclass(frozen=True)
class Spectrum:
    """What generalised cross-validation needs of a ridge problem.

    Attributes
    ----------
    eigenvalues : (k,) of the centred Gram matrix
    squares : (k, n_outputs), (V'X'Y)^2, V its eigenvectors
    totals : (n_outputs,), centred sums of squares of the targets
    n_rows : number of rows
    """

    eigenvalues: Array
    squares: Array
    totals: Array
    n_rows: int

    def gcv(self, alpha: float) -> float:
        """Return the generalised cross-validation error, relative to the targets' variance.

        n RSS / (n - df)^2 / variance, df = 1 + sum l / (l + alpha), averaged over outputs.

        Golub, Heath & Wahba (1979), eq. 1.4.

        Parameters
        ----------
        alpha : ridge penalty
        """
        damped = self.eigenvalues + max(alpha, np.finfo(float).tiny)
        shrink = (damped + alpha) / damped**2
        residual = np.maximum(self.totals - shrink @ self.squares, 0.0)
        freedom = self.n_rows - 1.0 - float(np.sum(self.eigenvalues / damped))
        if freedom <= 0:
            return float("inf")
        scale = np.where(self.totals > 0, self.totals, 1.0)
        return float(np.mean(residual / scale)) * (self.n_rows / freedom) ** 2


def column_sums(rows: Array) -> Array:
    """Return the sum of every column, (n_columns,), eight times faster than NumPy.

    Parameters
    ----------
    rows : (n_rows, n_columns) float64
    """
    return blas.dgemv(1.0, rows.T, np.ones(len(rows)))


class GramSums:
    """Centred second moments of features and targets, summed block by block.

    Rows are summed about the mean of the first block, and the sums moved to the mean of all rows
    when they are read ("shifted data", Chan, Golub & LeVeque 1983). That is one pass over a block,
    and loses a bit at most: where the two means part by a standard deviation, the sums move then.

    Parameters
    ----------
    n_features : columns of the features
    n_outputs : columns of the targets
    """

    def __init__(self, n_features: int, n_outputs: int) -> None:
        self.n_rows = 0
        self.feature_centre, self.feature_sum = np.zeros(n_features), np.zeros(n_features)
        self.target_centre, self.target_sum = np.zeros(n_outputs), np.zeros(n_outputs)
        self.gram = np.zeros((n_features, n_features), order="F")  # upper triangle only
        self.cross = np.zeros((n_features, n_outputs), order="F")
        self.totals = np.zeros(n_outputs)

    def add(self, features: Array, targets: Array) -> None:
        """Add a block of rows.

        Parameters
        ----------
        features : (n_rows, n_features) float64, overwritten
        targets : (n_rows, n_outputs) float64
        """
        from reservoirs.compiled.moments import centre_rows

        if not self.n_rows:
            self.feature_centre = column_sums(features) / len(features)
            self.target_centre = targets.mean(axis=0)
        shifted = targets - self.target_centre
        centre_rows(features, self.feature_centre, shifted, self.feature_sum, self.cross.T)
        self.gram = blas.dsyrk(1.0, features.T, beta=1.0, c=self.gram, overwrite_c=True)
        self.target_sum += shifted.sum(axis=0)
        self.totals += np.sum(shifted**2, axis=0)
        self.n_rows += len(features)
        sums = (self.feature_sum, self.gram.diagonal()), (self.target_sum, self.totals)
        if any(_far(total, squares, self.n_rows) for total, squares in sums):
            self._settle()

    def _settle(self) -> None:
        """Move the sums to the mean of all rows, which becomes the centre."""
        if self.n_rows:
            features, targets = self.feature_sum / self.n_rows, self.target_sum / self.n_rows
            self._shift(features, targets, -self.n_rows)
            self.feature_centre = self.feature_centre + features
            self.target_centre = self.target_centre + targets
            self.feature_sum, self.target_sum = np.zeros_like(features), np.zeros_like(targets)

    def _shift(self, features: Array, targets: Array, weight: float) -> None:
        """Add a multiple of the products of two vectors, features and targets, to the sums."""
        self.gram = blas.dsyr(weight, features, a=self.gram, overwrite_a=True)
        self.cross += weight * np.multiply.outer(features, targets)
        self.totals += weight * targets**2

    def merge(self, other: GramSums) -> None:
        """Add all rows of other sums (Chan, Golub & LeVeque 1983, eq. 2.1)."""
        if not other.n_rows:
            return
        self._settle()
        other._settle()
        self.gram += other.gram
        self.cross += other.cross
        self.totals += other.totals
        total = self.n_rows + other.n_rows
        features = other.feature_centre - self.feature_centre
        targets = other.target_centre - self.target_centre
        self._shift(features, targets, self.n_rows * other.n_rows / total)
        self.feature_centre = self.feature_centre + features * (other.n_rows / total)
        self.target_centre = self.target_centre + targets * (other.n_rows / total)
        self.n_rows = total

    def smallest_alpha(self) -> float:
        """Return the alpha below which rounding in the Gram matrix outweighs the penalty."""
        self._settle()
        return float(1e3 * EPSILON * np.trace(self.gram))

    def solve(self, alpha: float) -> Readout:
        """Solve (G + alpha I) C' = X'Y by Cholesky.

        Parameters
        ----------
        alpha : ridge penalty, >= 0

        Raises
        ------
        scipy.linalg.LinAlgError
            If G + alpha I is not positive definite in float64.
        """
        self._settle()
        matrix = self.gram.copy(order="F")
        matrix[np.diag_indices_from(matrix)] += alpha
        norm = float(np.abs(matrix.diagonal()).max())
        factor, info = lapack.dpotrf(matrix, lower=0, overwrite_a=1)
        if info:
            raise scipy.linalg.LinAlgError(
                f"the Gram matrix plus alpha={alpha:g} is not positive definite in float64; "
                "use solver='qr', or a larger alpha"
            )
        solution, _ = lapack.dpotrs(factor, self.cross, lower=0)
        reciprocal, _ = lapack.dpocon(factor, norm, uplo="U")
        condition = float(np.sqrt(1.0 / max(reciprocal, np.finfo(float).tiny)))
        means = self.feature_centre, self.target_centre
        return _finish(solution, *means, "cholesky", alpha, condition)

    def spectrum(self) -> Spectrum:
        """Decompose the Gram matrix; eigenvalues below its rounding are taken as zero."""
        self._settle()
        values, vectors = scipy.linalg.eigh(self.gram, lower=False, driver="evd")
        kept = values > EPSILON * values[-1]
        squares = (vectors[:, kept].T @ self.cross) ** 2
        return Spectrum(values[kept], squares, self.totals, self.n_rows)

    def residual(self, readout: Readout) -> Array:
        """Return the residual sum of squares of another readout on these rows."""
        self._settle()
        C = readout.coefficients
        full = np.triu(self.gram) + np.triu(self.gram, 1).T
        quadratic = np.einsum("of,fg,og->o", C, full, C)
        offset = self.target_centre - C @ self.feature_centre - readout.intercept
        squares = self.totals - 2 * np.einsum("of,fo->o", C, self.cross) + quadratic
        return np.maximum(squares, 0.0) + self.n_rows * offset**2


class QRSums:
    """The triangular factor R of [1 X Y], updated block by block with Householder reflections.

    Its first row holds the means; what is left is the factor of the centred rows, exact to the
    last digits, because [X Y] is never squared.

    Parameters
    ----------
    n_features : columns of the features
    n_outputs : columns of the targets
    """

    def __init__(self, n_features: int, n_outputs: int) -> None:
        self.n_features = n_features
        width = 1 + n_features + n_outputs
        self.factor = np.zeros((width, width), order="F")
        self.n_rows = 0

    def add(self, features: Array, targets: Array) -> None:
        """Add a block of rows.

        Parameters
        ----------
        features : (n_rows, n_features) float64
        targets : (n_rows, n_outputs) float64
        """
        for first in range(0, len(features), QR_ROWS):
            part = slice(first, first + QR_ROWS)
            rows = np.empty((len(features[part]), len(self.factor)), order="F")
            rows[:, 0] = 1.0
            rows[:, 1 : 1 + self.n_features] = features[part]
            rows[:, 1 + self.n_features :] = targets[part]
            self._reflect(rows)
        self.n_rows += len(features)

    def _reflect(self, rows: Array) -> None:
        """Add rows, Fortran-ordered, (n, 1 + n_features + n_outputs), overwritten."""
        panel = min(QR_PANEL, len(self.factor))
        self.factor = lapack.dtpqrt(0, panel, self.factor, rows, overwrite_a=1, overwrite_b=1)[0]

    def penalise(self, rows: Array) -> None:
        """Add |rows C'|^2 to what is minimised: rows without constant and target.

        Parameters
        ----------
        rows : (n, n_features)
        """
        width = self.factor.shape[0]
        padded = np.zeros((len(rows), width), order="F")
        padded[:, 1 : 1 + self.n_features] = rows
        self._reflect(padded)

    def merge(self, other: QRSums) -> None:
        """Add all rows of other sums."""
        self._reflect(other.factor.copy(order="F"))
        self.n_rows += other.n_rows

    def spectrum(self) -> Spectrum:
        """Decompose the triangular factor of the features."""
        n = self.n_features
        values, U = self._singular()
        projected = U.T @ self.factor[1 : n + 1, n + 1 :]
        totals = np.sum(np.triu(self.factor)[1:, n + 1 :] ** 2, axis=0)
        return Spectrum(values**2, (values[:, None] * projected) ** 2, totals, self.n_rows)

    def _singular(self) -> tuple[Array, Array]:
        n = self.n_features
        U, values, _ = scipy.linalg.svd(np.triu(self.factor[1 : n + 1, 1 : n + 1]))
        return values, U

    def residual(self, readout: Readout) -> Array:
        """Return the residual sum of squares of another readout on these rows."""
        C, c = readout.coefficients, readout.intercept
        combined = np.vstack([-c[None], -C.T, np.eye(len(c))])
        return np.sum((np.triu(self.factor) @ combined) ** 2, axis=0)

    def solve(self, alpha: float) -> Readout:
        """Solve min ||R_xx C' - R_xy||^2 + alpha ||C||^2 by QR of [R_xx; sqrt(alpha) I].

        Parameters
        ----------
        alpha : ridge penalty, >= 0; 0 gives the least-squares solution of smallest norm

        Raises
        ------
        scipy.linalg.LinAlgError
            If no rows were added.
        """
        n = self.n_features
        if not self.n_rows:
            raise scipy.linalg.LinAlgError("no rows were added; give longer series")
        means = self.factor[0, 1:] / self.factor[0, 0]
        square = np.triu(self.factor[1 : n + 1, 1 : n + 1])
        cross = self.factor[1 : n + 1, n + 1 :]
        if alpha > 0:
            corner = np.asfortranarray(np.sqrt(alpha) * np.eye(n))
            panel = min(QR_PANEL, n)
            triangle, reflectors, t, _ = lapack.dtpqrt(n, panel, np.asfortranarray(square), corner)
            zeros = np.zeros(cross.shape, order="F")
            rotated = lapack.dtpmqrt(
                n, reflectors, t, np.asfortranarray(cross), zeros, side="L", trans="T"
            )[0]
            solution = scipy.linalg.solve_triangular(np.triu(triangle), rotated)
            reciprocal = lapack.dtrcon(np.triu(triangle))[0]
        else:
            solution, _, _, singular = scipy.linalg.lstsq(square, cross, cond=n * EPSILON)
            reciprocal = singular[-1] / singular[0] if singular[0] else 0.0
        condition = float(1.0 / max(reciprocal, np.finfo(float).tiny))
        return _finish(solution, means[:n], means[n:], "qr", alpha, condition)


class DualRows:
    """All rows as they are, for problems with fewer rows than features.

    Parameters
    ----------
    n_features : columns of the features
    n_outputs : columns of the targets
    """

    def __init__(self, n_features: int, n_outputs: int) -> None:
        self.features = np.empty((0, n_features))
        self.targets = np.empty((0, n_outputs))

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.features)

    def add(self, features: Array, targets: Array) -> None:
        """Keep a block of rows."""
        self.features = np.vstack([self.features, features])
        self.targets = np.vstack([self.targets, targets])

    def merge(self, other: DualRows) -> None:
        """Keep all rows of another."""
        self.add(other.features, other.targets)

    def _decomposed(self) -> tuple[Array, Array, Array]:
        """Return singular values, U'Y and V' of the centred rows, without what is only rounding."""
        centred = self.features - self.features.mean(axis=0)
        U, values, Vt = scipy.linalg.svd(centred, full_matrices=False)
        kept = values > 1e-14 * max(values[0], np.finfo(float).tiny)
        shifted = self.targets - self.targets.mean(axis=0)
        return values[kept], U[:, kept].T @ shifted, Vt[kept]

    def spectrum(self) -> Spectrum:
        """Decompose the rows."""
        values, projected, _ = self._decomposed()
        totals = np.sum((self.targets - self.targets.mean(axis=0)) ** 2, axis=0)
        return Spectrum(values**2, (values[:, None] * projected) ** 2, totals, self.n_rows)

    def residual(self, readout: Readout) -> Array:
        """Return the residual sum of squares of another readout on these rows."""
        predicted = self.features @ readout.coefficients.T + readout.intercept
        return np.sum((self.targets - predicted) ** 2, axis=0)

    def solve(self, alpha: float) -> Readout:
        """Solve by singular values; alpha 0 gives the solution of smallest norm.

        Parameters
        ----------
        alpha : ridge penalty, >= 0
        """
        values, projected, Vt = self._decomposed()
        solution = Vt.T @ ((values / (values**2 + alpha))[:, None] * projected)
        smallest = np.sqrt(values[-1] ** 2 + alpha) if len(values) else 1.0
        condition = float(np.sqrt(values[0] ** 2 + alpha) / smallest) if len(values) else 1.0
        means = self.features.mean(axis=0), self.targets.mean(axis=0)
        return _finish(solution, *means, "dual", alpha, condition)


def _far(total: Array, squares: Array, n_rows: int) -> bool:
    """Tell whether a mean, total / n_rows, is a standard deviation from 0, beyond rounding."""
    bound = np.sqrt(n_rows * (0.5 * squares + EPSILON * squares.sum()))
    return bool((np.abs(total) > bound).any())


def _finish(
    solution: Array, x_mean: Array, y_mean: Array, method: str, alpha: float, condition: float
) -> Readout:
    coefficients = np.ascontiguousarray(solution.T)
    intercept = y_mean - coefficients @ x_mean
    return Readout(coefficients, intercept, method, alpha, condition, x_mean)
