"""The Levenberg-Marquardt solver and its epochs: one accepted step each, in float64."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from reservoirs.estimators import inherit_parameters
from reservoirs.readout import row_blocks
from reservoirs.sequences import Array
from trainers.network.passes import ForwardPass
from trainers.network.sensitivities import output_jacobian
from trainers.second_order.solved_readout import Solution, SolvedObjective, scored_rows
from trainers.training.problem import EpochRecord, EpochRunner, Solver, SolverState, TrainingProblem

MAX_WEIGHTS = 3000  # J'J costs n_rows * n_weights^2 a step
MAX_BYTES = 2**31  # of J
MAX_TRIES = 12  # dampings that a step tries before it gives up
# Smallest D relative to its largest: with diag(J'J) alone a gate that hardly matters yet is thrown
# far off. Of six small LSTMs and GRUs four got stuck without it, none with it.
FLOOR = 1e-3
TINY = np.finfo(np.float64).tiny


class Point(NamedTuple):
    """The network at some weights, its readout solved where it is.

    Attributes
    ----------
    theta : (n_weights,) torch.Tensor
        The weights.
    loss : float
        The loss.
    runs : list of ForwardPass
        A forward pass of every batch.
    solution : Solution or None
        The solved readout.
    """

    theta: Tensor
    loss: float
    runs: list[ForwardPass]
    solution: Solution | None


class LevenbergMarquardtEpochs:
    """Epochs of one step each.

    With a solved readout the steps are those of the other weights, on what it leaves.
    """

    def __init__(self, problem: TrainingProblem, solver: LevenbergMarquardtSolver) -> None:
        self.problem, self.solver, self.damping = problem, solver, solver.damping
        objective, network = problem.objective, problem.network
        self.solves = isinstance(objective, SolvedObjective)
        self.n_columns = network.n_recurrent_weights if self.solves else network.n_weights
        self.targets = [scored_rows(batch, batch.targets) for batch in objective.batches]
        self.point: Point | None = None  # where the last step ended
        _check_size(self.n_columns, sum(target.numel() for target in self.targets))

    def run_epoch(self) -> EpochRecord:
        """Take one step: raise the damping until the loss falls."""
        theta = self.problem.theta
        if self.point is None or not torch.equal(self.point.theta, theta):
            self.point = self._evaluate(theta.clone())
        loss = loss_after = self.point.loss
        gradient, curvature = self._model(self.point)
        diagonal = curvature.diagonal()
        scale = np.maximum(diagonal, FLOOR * diagonal.max() + TINY)
        record = {"gradient_norm": float(np.linalg.norm(gradient)), "damping": self.damping}
        tries = 0
        while tries < MAX_TRIES:
            tries += 1
            step = _solve(curvature, self.damping * scale, gradient)
            if step is not None:
                there = theta.clone()
                there[: self.n_columns] -= torch.from_numpy(step)
                trial = self._evaluate(there)
                loss_after = trial.loss
                if loss_after < loss:
                    theta.copy_(there)
                    self.point = trial
                    self.damping = max(self.damping / self.solver.decrease, 1e-20)
                    break
            self.damping *= self.solver.increase
        fell = loss_after < loss
        ended = not fell or loss - loss_after < self.solver.tolerance * loss
        return {"loss": loss_after if fell else loss, **record, "tries": tries, "converged": ended}

    def _evaluate(self, theta: Tensor) -> Point:
        """Return the network at some weights, of which no copy is made."""
        objective = self.problem.objective
        if isinstance(objective, SolvedObjective):
            runs, solution, _ = objective.passes(theta)
            return Point(theta, objective.total(runs, solution), runs, solution)
        runs = objective.runs(theta)
        return Point(theta, objective.loss_of(runs), runs, None)

    def _model(self, point: Point) -> tuple[Array, Array]:
        """Return J'r and J'J, divided by the number of scored steps."""
        weight = self.problem.objective.weight
        rows = [self._rows(number, run) for number, run in enumerate(point.runs)]
        residuals = np.concatenate([r for r, _ in rows])
        J = np.concatenate([j for _, j in rows]) if len(rows) > 1 else rows[0][1]
        gradient = np.tensordot(residuals, J, axes=2)
        parts = [J]
        if point.solution is not None:
            basis = point.solution.basis
            inside = np.tensordot(basis, J, axes=(0, 0))  # Q'J
            for span in row_blocks(len(J)):  # J takes most of the memory, and is there once
                J[span] -= np.tensordot(basis[span], inside, axes=(1, 0))
            # the derivatives of the penalty's rows, which the solve changes too
            parts.append(np.tensordot(point.solution.below, inside, axes=(1, 0)))
        curvature = _products([part.reshape(-1, self.n_columns) for part in parts])
        return gradient / weight, curvature / weight

    def _rows(self, number: int, run: ForwardPass) -> tuple[Array, Array]:
        """Return the residuals of one batch, (n_rows, n_outputs), and their derivatives."""
        batch = self.problem.objective.batches[number]
        jacobian = output_jacobian(self.problem.network, run, self.n_columns)
        mask = batch.mask[..., 0]
        if (mask == 1).all():  # of one series without a copy
            J = jacobian.flatten(0, 1)
        else:
            J = jacobian[mask > 0].mul_(mask[mask > 0].sqrt()[:, None, None])
        residuals = scored_rows(batch, run.outputs) - self.targets[number]
        return residuals.numpy(), J.numpy()

    def weights(self) -> Tensor:
        """Return a copy of the weights."""
        return self.problem.theta.clone()

    def state(self) -> SolverState:
        """Return the damping and the weights."""
        return {"damping": self.damping, "theta": self.problem.theta.numpy().copy()}

    def resume(self, state: SolverState) -> None:
        """Go on from a state."""
        self.damping = state["damping"]
        self.problem.theta.copy_(torch.as_tensor(state["theta"]))


def _products(parts: list[Array]) -> Array:
    """Return the sum of part' part; BLAS computes one triangle, which Cholesky reads alone."""
    upper: Array = scipy.linalg.blas.dsyrk(1.0, parts[0].T)
    for part in parts[1:]:
        upper += scipy.linalg.blas.dsyrk(1.0, part.T)
    return upper


def _solve(curvature: Array, damping: Array, gradient: Array) -> Array | None:
    """Return (curvature + diag(damping))^-1 gradient; None where rounding left it indefinite."""
    damped = curvature.copy()
    damped[np.diag_indices_from(damped)] += damping
    try:
        factor = scipy.linalg.cho_factor(damped, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        return None
    step: Array = scipy.linalg.cho_solve(factor, gradient, check_finite=False)
    return step if np.isfinite(step).all() else None


def _check_size(n_weights: int, n_targets: int) -> None:
    """Refuse a problem whose matrices are too large."""
    remedy = "lower n_units, or use solver='hessian_free'"
    if n_weights > MAX_WEIGHTS:
        raise ValueError(
            f"levenberg_marquardt solves for all weights at once, at most {MAX_WEIGHTS}, got "
            f"{n_weights}; {remedy}"
        )
    if 8 * n_weights * n_targets > MAX_BYTES:
        raise ValueError(
            f"levenberg_marquardt holds the derivatives of {n_targets} scored targets by "
            f"{n_weights} weights, {8 * n_weights * n_targets / 2**30:.1f} GiB, of which "
            f"{MAX_BYTES // 2**30} are allowed; learn from fewer rows, {remedy}"
        )


class LevenbergMarquardtSolver(Solver):
    """Levenberg-Marquardt: damped Gauss-Newton steps for all weights, from exact derivatives.

    (J'J + lambda D) d = -J'r,  D = max(diag(J'J), 1e-3 of its largest)

    J, the derivatives of all outputs by all weights, is carried forward through time along whole
    series; an epoch is one step. With `readout="ridge"` J and the residuals r are those that the
    solved readout leaves. It is for small networks and squared error, on the CPU in float64.

    Parameters
    ----------
    damping : float, default=1.0
        First lambda.
    decrease : float, default=3.0
        What lambda is divided by after a step that lowered the loss.
    increase : float, default=4.0
        What lambda is multiplied by where a step would not.
    tolerance : float, default=1e-5
        Training ends, `status_` being "converged", where a step lowers the loss by a smaller share.

    See Also
    --------
    HessianFreeSolver : The same steps without the matrix, for more weights.

    Notes
    -----
    A step costs about n_steps (n_units^2 n_weights + n_weights^2) multiplications: at most 3000
    weights, and 2 GiB of derivatives, are accepted.

    References
    ----------
    Levenberg (1944), A method for the solution of certain non-linear problems in least squares.
    Marquardt (1963), An algorithm for least-squares estimation of nonlinear parameters.
    Williams & Zipser (1989), A learning algorithm for continually running fully recurrent neural
    networks, for the derivatives.

    Examples
    --------
    >>> from trainers.solvers import LevenbergMarquardtSolver
    >>> LevenbergMarquardtSolver(damping=0.01)
    LevenbergMarquardtSolver(damping=0.01)
    """

    full_batch = True
    double = True
    squared_error_only = True
    uses = frozenset[str]()

    def __init__(
        self,
        *,
        damping: float = 1.0,
        decrease: float = 3.0,
        increase: float = 4.0,
        tolerance: float = 1e-5,
    ) -> None:
        self.damping = damping
        self.decrease = decrease
        self.increase = increase
        self.tolerance = tolerance

    @inherit_parameters(Solver.epoch_runner)
    def epoch_runner(self, problem: TrainingProblem, learning_rate: float | None) -> EpochRunner:
        """Return epochs of one step each, which have no learning rate.

        Returns
        -------
        EpochRunner
            One call takes one step.
        """
        return LevenbergMarquardtEpochs(problem, self)
