"""Streaming ridge regression with an unpenalised intercept, in float64.

    minimise  sum_t ||y[t] - C z[t] - c||^2 + alpha ||C||^2

Rows arrive block by block and are summed in one of two forms: the Gram matrix (fast, loses half
the digits) or the triangular factor of a QR decomposition (about 2.4 times the cost, loses none).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import scipy.linalg
from scipy.linalg import blas, lapack

from reservoirs.sequences import Array

BLOCK = 1024  # rows summed at a time, whatever the chunks they came in
EPSILON = np.finfo(np.float64).eps
QR_PANEL = 32  # columns per panel of the blocked QR, the fastest of 16-128 measured


@dataclass(frozen=True)
class Readout:
    """A solved readout.

    Attributes
    ----------
    coefficients : (n_outputs, n_features), C
    intercept : (n_outputs,), c
    method : "cholesky" or "qr", which sums were solved
    alpha : the ridge penalty used
    condition : estimate of the condition number of the regularised features, sqrt for a Gram
    """

    coefficients: Array
    intercept: Array
    method: str
    alpha: float
    condition: float


class Sums(Protocol):
    """What both forms of sums can do."""

    def add(self, features: Array, targets: Array) -> None:
        """Add a block of rows."""

    def solve(self, alpha: float) -> Readout:
        """Solve the ridge problem of all rows added so far."""


class GramSums:
    """Centred second moments of features and targets, merged block by block.

    Each block is centred at its own mean and merged by the pairwise formula of Chan, Golub &
    LeVeque (1983), eq. 2.1, so that no digits go to subtracting large sums.

    Parameters
    ----------
    n_features : columns of the features
    n_outputs : columns of the targets
    """

    def __init__(self, n_features: int, n_outputs: int) -> None:
        self.n_rows = 0
        self.feature_mean = np.zeros(n_features)
        self.target_mean = np.zeros(n_outputs)
        self.gram = np.zeros((n_features, n_features), order="F")  # upper triangle only
        self.cross = np.zeros((n_features, n_outputs), order="F")

    def add(self, features: Array, targets: Array) -> None:
        """Add a block of rows.

        Parameters
        ----------
        features : (n_rows, n_features) float64
        targets : (n_rows, n_outputs) float64
        """
        n_new = len(features)
        feature_mean, target_mean = features.mean(axis=0), targets.mean(axis=0)
        centred = features - feature_mean
        self.gram = blas.dsyrk(1.0, centred.T, beta=1.0, c=self.gram, overwrite_c=True)
        self.cross = blas.dgemm(
            1.0, centred.T, targets - target_mean, beta=1.0, c=self.cross, overwrite_c=True
        )
        total = self.n_rows + n_new
        if self.n_rows:
            weight = np.sqrt(self.n_rows * n_new / total)
            feature_gap = weight * (feature_mean - self.feature_mean)
            target_gap = weight * (target_mean - self.target_mean)
            self.gram = blas.dsyr(1.0, feature_gap, a=self.gram, overwrite_a=True)
            self.cross += np.multiply.outer(feature_gap, target_gap)
        self.feature_mean += (feature_mean - self.feature_mean) * (n_new / total)
        self.target_mean += (target_mean - self.target_mean) * (n_new / total)
        self.n_rows = total

    def smallest_alpha(self) -> float:
        """Return the alpha below which rounding in the Gram matrix outweighs the penalty."""
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
        return _finish(solution, self.feature_mean, self.target_mean, "cholesky", alpha, condition)


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
        rows = np.asfortranarray(np.hstack([np.ones((len(features), 1)), features, targets]))
        panel = min(QR_PANEL, rows.shape[1])
        self.factor = lapack.dtpqrt(0, panel, self.factor, rows, overwrite_a=1, overwrite_b=1)[0]
        self.n_rows += len(features)

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
            solution, _, _, singular = scipy.linalg.lstsq(square, cross)
            reciprocal = singular[-1] / singular[0] if singular[0] else 0.0
        condition = float(1.0 / max(reciprocal, np.finfo(float).tiny))
        return _finish(solution, means[:n], means[n:], "qr", alpha, condition)


def _finish(
    solution: Array, x_mean: Array, y_mean: Array, method: str, alpha: float, condition: float
) -> Readout:
    coefficients = np.ascontiguousarray(solution.T)
    return Readout(coefficients, y_mean - coefficients @ x_mean, method, alpha, condition)


SOLVERS: dict[str, Any] = {"cholesky": GramSums, "qr": QRSums}


@lru_cache(maxsize=1)
def _thread_pools() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def fit_readout(
    blocks: Any, n_features: int, n_outputs: int, *, alpha: float, solver: str
) -> Readout:
    """Sum all blocks and solve; with "auto", go through them again by QR when alpha is too small.

    Parameters
    ----------
    blocks : function without arguments that yields (features, targets) blocks from the start
    n_features : columns of the features
    n_outputs : columns of the targets
    alpha : ridge penalty
    solver : "auto", "cholesky" or "qr"

    Returns
    -------
    The solved readout. BLAS runs on one thread, so that its result depends on the rows only.
    """
    with _thread_pools().limit(limits=1, user_api="blas"):
        if solver == "auto":
            gram = _summed(GramSums(n_features, n_outputs), blocks())
            if alpha >= gram.smallest_alpha():
                return gram.solve(alpha)
            solver = "qr"
        return _summed(SOLVERS[solver](n_features, n_outputs), blocks()).solve(alpha)


def _summed(sums: Any, blocks: Iterable[tuple[Array, Array]]) -> Any:
    for features, targets in blocks:
        sums.add(features, targets)
    return sums
