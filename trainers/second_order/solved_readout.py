"""The readout solved by ridge regression, for the loss that is left once it is solved.

With features phi[t] = [1; x[t]; h[t]] of the recurrent weights theta, the readout

    C*(theta) = argmin sum_t w[t] |C phi[t] - y[t]|^2 + alpha |C|^2,  the constant free,

is a least-squares problem in A = sqrt(w) Phi, solved by Householder's QR of [A; sqrt(alpha) I]. The
loss at C* is a function of theta alone (variable projection). Its gradient is the partial one at
fixed C*, as the readout's is zero there; and its Gauss-Newton matrix is, in Kaufman's form,

    J' (I - Q Q') J

where J holds the derivatives of sqrt(w) C* phi at fixed C*, and Q is what Householder's Q has in
the rows of A: nothing is differentiated through the solve.

References
----------
Golub & Pereyra (1973), The differentiation of pseudo-inverses and nonlinear least squares problems
whose variables separate.
Kaufman (1975), A variable projection method for solving separable nonlinear least squares problems.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from reservoirs.readout import QRSums
from reservoirs.sequences import Array
from trainers.data.batches import Batch, Examples
from trainers.network.losses import Loss
from trainers.network.passes import ForwardPass
from trainers.network.stack import Network
from trainers.network.workspace import Workspace
from trainers.second_order.curvature import Objective, damping_terms, loss_gradient
from trainers.second_order.step import CurvatureMatrix

EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Solution:
    """A solved readout, and the space that its features span.

    Attributes
    ----------
    coefficients : (n_features, n_outputs) ndarray
        Of [1; x; h].
    basis : (n_rows, rank) ndarray
        Q in the rows of the scored steps; the rank is the number of features, unless some depend on
        others.
    below : (n_features - 1, rank) ndarray
        Q in the rows of the penalty.
    penalty : float
        alpha |C|^2.
    """

    coefficients: Array
    basis: Array
    below: Array
    penalty: float

    def project(self, rows: Array) -> Array:
        """Return (I - Q Q') rows, what no readout can take away."""
        rest: Array = rows - self.basis @ (self.basis.T @ rows)
        return rest


def solve(features: Array, targets: Array, alpha: float) -> Solution:
    """Solve the readout.

    Features, (n_rows, n_features), begin with the constant; they and the targets, (n_rows,
    n_outputs), are scaled by the roots of the rows' weights.
    """
    n_rows, n_features = features.shape
    rows = np.vstack([features, np.sqrt(alpha) * np.eye(n_features)[1:]])
    Q, R = scipy.linalg.qr(rows, mode="economic", check_finite=False)
    sizes = np.abs(R.diagonal())
    if len(R) < n_features or sizes.min() <= EPSILON * n_features * sizes.max():
        # features that depend on each other: of the best readouts the smallest
        U, values, Vt = scipy.linalg.svd(rows, full_matrices=False, check_finite=False)
        rank = int((values > EPSILON * max(rows.shape) * values[0]).sum())
        Q, basis = U[:, :rank], U[:n_rows, :rank]
        coefficients = Vt[:rank].T @ (basis.T @ targets / values[:rank, None])
    else:
        basis = Q[:n_rows]
        coefficients = scipy.linalg.solve_triangular(R, basis.T @ targets, check_finite=False)
    return Solution(
        coefficients, basis, Q[n_rows:], alpha * float(np.square(coefficients[1:]).sum())
    )


def best_alpha(features: Array, targets: Array, alphas: Array) -> float:
    """Return the penalty of a grid with the smallest error by generalised cross-validation.

    Features and targets are as in `solve`.
    """
    weights = np.square(features[:, 0])  # of the rows: the constant is scaled too
    sums = QRSums(features.shape[1] - 1, targets.shape[1])
    roots = features[:, :1]
    sums.add(features[:, 1:] / roots, targets / roots, weights)
    return sums.spectrum().ranked(alphas)[0]


def scored_rows(batch: Batch, rows: Tensor) -> Tensor:
    """Return the scored ones of the rows of a batch, times the roots of their weights.

    Rows are (n_scored_steps, batch, width).
    """
    mask = batch.mask[..., 0]
    return rows[mask > 0] * mask[mask > 0].sqrt()[:, None]


class SolvedObjective(Objective):
    """The squared error of a network whose readout is solved, as a function of the other weights.

    loss = (sum over scored steps of w |o - y|^2 + alpha |C|^2) / (2 number of scored steps)

    It takes whole weight vectors and does not look at the readout in them; gradients and products
    are zero there.
    """

    def __init__(
        self, network: Network, loss: Loss, examples: Examples, pieces: Array, alpha: float
    ) -> None:
        super().__init__(network, loss, examples, pieces)
        self.alpha = alpha
        rows = [scored_rows(batch, batch.targets) for batch in self.batches]
        self.targets = torch.cat(rows).double().cpu().numpy()

    def features(self, theta: Tensor) -> Array:
        """Return [1; x; h] of all scored steps, times the roots of their weights."""
        return self._features(self.runs(theta))

    def solved(self, theta: Tensor) -> Tensor:
        """Return the weights with the readout solved."""
        return self.passes(theta)[2]

    def passes(self, theta: Tensor) -> tuple[list[ForwardPass], Solution, Tensor]:
        """Return forward passes of all batches with the solved readout, it, and all weights."""
        runs = self.runs(theta)
        solution = solve(self._features(runs), self.targets, self.alpha)
        solved = theta.to(self.dtype, copy=True)
        weights, n_inputs = self.network.split(solved), self.network.n_inputs
        found = torch.from_numpy(solution.coefficients.T)
        weights["output_bias"].copy_(found[:, 0])
        weights["skip_weights"].copy_(found[:, 1 : 1 + n_inputs])
        weights["output_weights"].copy_(found[:, 1 + n_inputs :])
        return [self.network.read_again(run, solved) for run in runs], solution, solved

    def value(self, theta: Tensor) -> float:
        """Return the loss."""
        runs, solution, _ = self.passes(theta)
        return self.total(runs, solution)

    def total(self, runs: list[ForwardPass], solution: Solution) -> float:
        """Return the loss of forward passes with a solved readout."""
        return self.loss_of(runs) + 0.5 * solution.penalty / self.weight

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient, (n_weights,)."""
        runs, solution, _ = self.passes(theta)
        gradient = torch.zeros_like(theta)
        for run, batch in zip(runs, self.batches, strict=True):
            _, output_gradient = loss_gradient(self.loss, run, batch, self.weight)
            gradient += self.network.backward(run, output_gradient)
        gradient[self.network.n_recurrent_weights :] = 0.0
        return self.total(runs, solution), gradient

    def matrix(self, theta: Tensor) -> CurvatureMatrix:
        """Return the projected Gauss-Newton matrix."""
        return ProjectedGaussNewton(self, theta)

    def squared_gradients(self, theta: Tensor) -> Tensor:
        """Return the mean of the squared gradients of single pieces, zero for the readout."""
        squares = super().squared_gradients(self.solved(theta))
        squares[self.network.n_recurrent_weights :] = 0.0
        return squares

    def _features(self, runs: list[ForwardPass]) -> Array:
        rows = []
        for run, batch in zip(runs, self.batches, strict=True):
            top = run.layer_inputs(self.network.n_layers)[-batch.n_outputs :]
            seen = batch.inputs[-batch.n_outputs :]
            ones = top.new_ones(*top.shape[:2], 1)
            rows.append(scored_rows(batch, torch.cat([ones, seen, top], dim=2)))
        features: Array = torch.cat(rows).double().cpu().numpy()
        return features


class ProjectedGaussNewton:
    """Products with J' (I - Q Q') J / n at one point, and with structural damping.

    The matrix is that for the weights theta, whose forward passes are stored.
    """

    def __init__(self, objective: SolvedObjective, theta: Tensor) -> None:
        self.objective = objective
        self.runs, self.solution, _ = objective.passes(theta)
        self.workspaces = [Workspace(run.outputs) for run in self.runs]

    def product(self, v: Tensor, structural: float = 0.0) -> Tensor:
        """Return the product with a vector, whose part in the readout is not looked at.

        `structural` is lambda mu, the weight of structural damping.
        """
        network, weight = self.objective.network, self.objective.weight
        recurrent = v.to(self.objective.dtype, copy=True)
        recurrent[network.n_recurrent_weights :] = 0.0
        # v -> J v, and J_a v per layer on the way, of all batches: the projection joins them
        passes = [
            network.r_forward(run, recurrent, workspace)
            for run, workspace in zip(self.runs, self.workspaces, strict=True)
        ]
        batches = self.objective.batches
        rows = torch.cat([scored_rows(b, Jv) for b, (Jv, _) in zip(batches, passes, strict=True)])
        rest = torch.from_numpy(self.solution.project(rows.double().cpu().numpy())).to(rows)
        product, first = torch.zeros_like(v), 0
        for run, batch, workspace, (Jv, Ja_v) in zip(
            self.runs, batches, self.workspaces, passes, strict=True
        ):
            mask = batch.mask[..., 0]
            n_scored = int(batch.weight)
            errors = torch.zeros_like(Jv)
            roots = mask[mask > 0].sqrt()[:, None]
            errors[mask > 0] = rest[first : first + n_scored] * roots / weight
            first += n_scored
            terms = damping_terms(run, Ja_v, batch, structural / weight)
            # (I - Q Q') J v -> J' (I - Q Q') J v, and J_a' of the damping terms in the same pass
            product += network.backward(run, errors, terms, workspace)
        product[network.n_recurrent_weights :] = 0.0
        return product
