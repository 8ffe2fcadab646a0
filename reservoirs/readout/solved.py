"""What solved sums give: a readout for one penalty, and the errors of a whole path of penalties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reservoirs.parallel import ComputedOnce
from reservoirs.sequences import Array

EPSILON = np.finfo(np.float64).eps
TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Readout:
    """A solved readout, y = C z + c.

    Attributes
    ----------
    coefficients : array of shape (n_outputs, n_features)
        C.
    intercept : array of shape (n_outputs,)
        c.
    method : str
        Which sums were solved: "cholesky", "qr" or "dual".
    alpha : float
        The ridge penalty used.
    condition : float
        Estimate of the condition number of the regularised features; for a Gram matrix the square
        root of its own.
    feature_mean : array of shape (n_features,)
        Mean of the features.
    """

    coefficients: Array
    intercept: Array
    method: str
    alpha: float
    condition: float
    feature_mean: Array

    @classmethod
    def from_centred(
        cls,
        solution: Array,
        *,
        feature_mean: Array,
        target_mean: Array,
        method: str,
        alpha: float,
        condition: float,
    ) -> Readout:
        """Return the readout of a regression of centred targets on centred features.

        y - my = C (z - mz), so that c = my - C mz

        The solution is C transposed, (n_features, n_outputs); mz and my are `feature_mean` and
        `target_mean`.
        """
        coefficients = np.ascontiguousarray(solution.T)
        intercept = target_mean - coefficients @ feature_mean
        return cls(coefficients, intercept, method, alpha, condition, feature_mean)


@dataclass(frozen=True)
class Spectrum:
    """What generalised cross-validation needs of a ridge problem.

    The unit of each target is free: errors are relative to its variance.

    Attributes
    ----------
    eigenvalues : array of shape (k,)
        Of the centred Gram matrix, l, all positive.
    squares : array of shape (k, n_outputs)
        (V'X'Y)^2, with V the eigenvectors.
    totals : array of shape (n_outputs,)
        Centred sums of squares of the targets; 0 for a constant one.
    n_rows : int
        Number of rows.
    unexplained : array of shape (n_outputs,), default=None
        Sums of squares that no penalty explains, those of the targets outside the features' span.
        None takes what `squares` leave of `totals`, with the rounding of `totals`.
    smallest : float, default=0.0
        Eigenvalue up to which alpha=0 gives a direction no weight.
    """

    eigenvalues: Array
    squares: Array
    totals: Array
    n_rows: int
    unexplained: Array | None = None
    smallest: float = 0.0

    def gcv(self, alpha: float) -> float:
        """Return the generalised cross-validation error, relative to the targets' variance.

        n RSS / (n - df)^2 / variance, df = 1 + sum l / (l + alpha), averaged over outputs.

        Infinite where no degree of freedom is left.

        References
        ----------
        Golub, Heath & Wahba (1979), Generalized cross-validation, eq. 1.4.
        """
        shrinkage = self._shrinkage(alpha)
        freedom = self._free_directions + float(np.sum(shrinkage))
        if freedom <= 0:
            return float("inf")
        return self.residual(alpha) * (self.n_rows / freedom) ** 2

    def residual(self, alpha: float) -> float:
        """Return the residual sum of squares, relative to the targets' own, averaged over outputs.

        RSS / totals, 0 to 1.
        """
        return self._floor + float(self._shrinkage(alpha) ** 2 @ self._projected)

    def ranked(self, alphas: Array) -> list[float]:
        """Return the penalties of a grid from the smallest to the largest error."""
        return sorted((float(alpha) for alpha in alphas), key=self._log_gcv)

    def _log_gcv(self, alpha: float) -> float:
        """Return the logarithm of the error up to a constant, to all digits of its changes."""
        shrinkage, free, floor = self._shrinkage(alpha), self._free_directions, self._floor
        if not free:
            return self._log_limit(alpha) if alpha else float("inf")
        # log1p, so that penalties which hardly change the error are told apart all the same
        remaining = float(shrinkage**2 @ self._projected)
        residual = float(np.log1p(remaining / floor)) if floor else _log(remaining)
        return residual - 2.0 * float(np.log1p(shrinkage.sum() / free))

    def _log_limit(self, alpha: float) -> float:
        """Return the same where the features span all rows: relative to the limit of alpha=0."""
        # With shrinkage s = alpha / (l + alpha), alpha^2 divides out of
        # sum s^2 (u'y)^2 / (sum s)^2 = sum (1 - s)^2 (u'y / l)^2 / (sum (1 - s) / l)^2.
        shrinkage = self._shrinkage(alpha)
        inverse = self.eigenvalues.min(initial=np.inf) / self.eigenvalues
        weights = inverse**2 * self._projected
        if not weights.sum():
            return float("-inf")
        weights, inverse = weights / weights.sum(), inverse / inverse.sum()
        if shrinkage.max() < 0.5:
            residual = np.log1p(-(weights @ (shrinkage * (2.0 - shrinkage))))
            return float(residual - 2.0 * np.log1p(-(inverse @ shrinkage)))
        gain = shrinkage * (self.eigenvalues / alpha)
        return _log(float(weights @ gain**2)) - 2.0 * _log(float(inverse @ gain))

    def _shrinkage(self, alpha: float) -> Array:
        """Return the share of every direction that stays unexplained, alpha / (l + alpha)."""
        if alpha == 0:
            return (self.eigenvalues <= self.smallest).astype(np.float64)
        # alpha / (l + alpha), where neither tiny nor huge numbers meet
        shares: Array = 1.0 / (np.maximum(self.eigenvalues, 0.0) / alpha + 1.0)
        return shares

    @ComputedOnce
    def _free_directions(self) -> int:
        """Directions of the centred rows outside the features' span, n - 1 - k."""
        return max(self.n_rows - 1 - len(self.eigenvalues), 0)

    @ComputedOnce
    def _explainable(self) -> Array:
        """(u'y)^2 of every direction and output, relative to the totals."""
        values = self.eigenvalues[:, None]
        squares = np.divide(self.squares, values, out=np.zeros_like(self.squares), where=values > 0)
        relative: Array = squares / np.where(self.totals > 0, self.totals, 1.0)
        return relative

    @ComputedOnce
    def _projected(self) -> Array:
        """The same, averaged over outputs."""
        return np.asarray(self._explainable.mean(axis=1))

    @ComputedOnce
    def _floor(self) -> float:
        """What stays unexplained at alpha=0, relative to the totals, averaged over outputs."""
        if not self._free_directions:
            return 0.0
        varies = self.totals > 0
        if self.unexplained is None:
            left = np.maximum(1.0 - self._explainable.sum(axis=0), 0.0)
        else:
            left = self.unexplained / np.where(varies, self.totals, 1.0)
        return float(np.mean(np.where(varies, left, 0.0)))


def _log(value: float) -> float:
    return float(np.log(value)) if value > 0 else float("-inf")


def spectrum_of(values: Array, projected: Array, n_rows: int, *, smallest: float) -> Spectrum:
    """Return the spectrum of a problem whose targets are turned into the features' directions.

    `values`, (k,), are the singular values of the centred features, largest first; `projected` is
    U'Y, a row for each of them, then whatever of Y lies outside their span. Up to the singular
    value `smallest`, relative to the largest, alpha=0 gives a direction no weight. Directions that
    are mere rounding are left out, and n_rows - 1 at most are left.
    """
    eigenvalues = values**2
    above = (values > EPSILON * values[0]) & (eigenvalues > TINY)
    above[max(n_rows - 1, 0) :] = False  # centred rows span no more
    kept, left = projected[: len(values)][above], projected[: len(values)][~above]
    outside = np.vstack([left, projected[len(values) :]])
    eigenvalues = eigenvalues[above]
    return Spectrum(
        eigenvalues,
        eigenvalues[:, None] * kept**2,
        np.sum(projected**2, axis=0),
        n_rows,
        np.sum(outside**2, axis=0),
        (smallest * values[0]) ** 2,
    )


def unit_targets(targets: Array, means: Array, n_rows: int) -> Array:
    """Divide centred targets by their largest value, so that squares neither over- nor underflow.

    Targets, (n, n_outputs), are centred, by `means`, or an orthogonal transformation of such. A
    constant one, of which centring leaves its rounding, becomes zeros.
    """
    largest = np.abs(targets).max(axis=0, initial=0.0)
    constant = largest <= 10 * EPSILON * np.sqrt(n_rows) * np.abs(means)
    return np.where(constant, 0.0, targets / np.where(constant, 1.0, largest))
