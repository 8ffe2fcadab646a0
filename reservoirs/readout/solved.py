"""What solved sums give: a readout for one penalty, and the errors of a whole path of penalties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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

        Parameters
        ----------
        solution : array of shape (n_features, n_outputs)
            C transposed.
        feature_mean : array of shape (n_features,)
            mz.
        target_mean : array of shape (n_outputs,)
            my.
        method : str
            Which sums were solved.
        alpha : float
            The ridge penalty used.
        condition : float
            Estimate of the condition number.

        Returns
        -------
        Readout
            For features and targets as they are.
        """
        coefficients = np.ascontiguousarray(solution.T)
        intercept = target_mean - coefficients @ feature_mean
        return cls(coefficients, intercept, method, alpha, condition, feature_mean)


@dataclass(frozen=True)
class Spectrum:
    """What generalised cross-validation needs of a ridge problem.

    Attributes
    ----------
    eigenvalues : array of shape (k,)
        Of the centred Gram matrix.
    squares : array of shape (k, n_outputs)
        (V'X'Y)^2, with V the eigenvectors.
    totals : array of shape (n_outputs,)
        Centred sums of squares of the targets.
    n_rows : int
        Number of rows.
    """

    eigenvalues: Array
    squares: Array
    totals: Array
    n_rows: int

    def gcv(self, alpha: float) -> float:
        """Return the generalised cross-validation error, relative to the targets' variance.

        n RSS / (n - df)^2 / variance, df = 1 + sum l / (l + alpha), averaged over outputs.

        Parameters
        ----------
        alpha : float
            Ridge penalty.

        Returns
        -------
        float
            The error; infinite where no degree of freedom is left.

        References
        ----------
        Golub, Heath & Wahba (1979), Generalized cross-validation, eq. 1.4.
        """
        damped = self.eigenvalues + max(alpha, TINY)
        # RSS = Y'Y - sum_i (2 / (l_i + alpha) - l_i / (l_i + alpha)^2) (v_i'X'Y)^2
        shrink = (damped + alpha) / damped**2
        residual = np.maximum(self.totals - shrink @ self.squares, 0.0)
        freedom = self.n_rows - 1.0 - float(np.sum(self.eigenvalues / damped))
        if freedom <= 0:
            return float("inf")
        scale = np.where(self.totals > 0, self.totals, 1.0)
        return float(np.mean(residual / scale)) * (self.n_rows / freedom) ** 2
