"""The Hessian-free solver and its epochs: one step each, in float64 whatever the network is."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reservoirs.estimators import inherit_parameters
from trainers.second_order.curvature import Objective
from trainers.second_order.step import HFBatches, HFSettings, HFState, hf_step
from trainers.training.problem import EpochRecord, EpochRunner, Solver, SolverState, TrainingProblem


class HessianFreeEpochs:
    """Epochs of one Hessian-free step each.

    The theta of the problem follows the float64 weights held here.
    """

    def __init__(self, problem: TrainingProblem, solver: HessianFreeSolver) -> None:
        self.problem, self.solver = problem, solver
        self.theta = problem.theta.double()
        self.hf = HFState(solver.damping, torch.zeros_like(self.theta))
        self.all_pieces = problem.objective

    def _draw(self, size: int | None, default: Objective) -> Objective:
        """Return the loss on pieces drawn anew; the default without a size, or for all pieces."""
        p = self.problem
        if size is None or size >= p.train.n_pieces:
            return default
        # Sorted, so that rows are gathered in the order of memory.
        return p.objective_of(np.sort(p.rng.choice(p.train.n_pieces, size, replace=False)))

    def run_epoch(self) -> EpochRecord:
        """Take one step with fresh pieces."""
        solver = self.solver
        curvature = self._draw(solver.curvature_size, self.all_pieces)
        gradient = self._draw(solver.gradient_size, self.all_pieces)
        batches = HFBatches(
            gradient=gradient,
            curvature=curvature,
            backtracking=self._draw(solver.backtracking_size, curvature),
            line_search=self._draw(solver.line_search_size, gradient),
        )
        settings = HFSettings(
            structural=solver.structural_damping,
            max_cg=solver.max_cg,
            tolerance=solver.tolerance,
            preconditioner=solver.preconditioner,
            rho_model=solver.rho_model,
        )
        self.theta, record = hf_step(self.theta, self.hf, batches, settings)
        self.problem.theta.copy_(self.theta)
        return {"loss": record.loss_after, **record.as_dict()}

    def weights(self) -> Tensor:
        """Return a copy of the weights."""
        return self.problem.theta.clone()

    def state(self) -> SolverState:
        """Return the damping, the search direction and the weights."""
        theta, direction = self.theta.cpu().numpy().copy(), self.hf.direction.cpu().numpy().copy()
        return {"damping": self.hf.damping, "direction": direction, "theta": theta}

    def resume(self, state: SolverState) -> None:
        """Go on from a state."""
        self.theta = torch.as_tensor(state["theta"]).to(self.theta)
        self.problem.theta.copy_(self.theta)
        self.hf.damping = state["damping"]
        self.hf.direction = torch.as_tensor(state["direction"]).to(self.theta)


class HessianFreeSolver(Solver):
    """Hessian-free optimisation: Newton steps by products with the Gauss-Newton matrix.

    (J'HJ + lambda I + lambda mu S) d = -g, by conjugate gradients; an epoch is one step.

    Parameters
    ----------
    damping : float, default=0.1
        First lambda, in units of the curvature of the loss per scored step.
    structural_damping : float, default=1/30
        Weight mu of structural damping relative to lambda; 0 for none.
    max_cg : int, default=100
        Conjugate gradient iterations per step at most.
    tolerance : float, default=5e-4
        Relative progress per iteration below which conjugate gradients stop; 0 never stops on it.
    curvature_size : int or None, default=500
        Pieces (windows or series) for the Gauss-Newton products, drawn anew at every step; None
        takes all.
    gradient_size : int or None, default=None
        Pieces for the gradient; None takes all.
    backtracking_size : int or None, default=None
        Pieces for the choice of the iterate; None takes those of the curvature.
    line_search_size : int or None, default=None
        Pieces for the line search; None takes those of the gradient.
    preconditioner : bool, default=False
        Precondition with the squared gradients of the pieces; it seldom helps recurrent networks.
    rho_model : {"damped", "undamped"}, default="damped"
        Whether the damping counts in the change of the loss that the quadratic model predicts.

    See Also
    --------
    LBFGSSolver : Curvature estimated from the gradients of the last steps.
    trainers.HessianFree : The optimizer for any `torch.nn.Module`.

    References
    ----------
    Martens (2010), Deep learning via Hessian-free optimization.
    Martens & Sutskever (2011), Learning recurrent neural networks with Hessian-free optimization.

    Examples
    --------
    >>> from trainers.solvers import HessianFreeSolver
    >>> HessianFreeSolver(damping=0.01)
    HessianFreeSolver(damping=0.01)
    """

    full_batch = True
    double = True
    uses = frozenset[str]()

    def __init__(
        self,
        *,
        damping: float = 0.1,
        structural_damping: float = 1.0 / 30.0,
        max_cg: int = 100,
        tolerance: float = 5e-4,
        curvature_size: int | None = 500,
        gradient_size: int | None = None,
        backtracking_size: int | None = None,
        line_search_size: int | None = None,
        preconditioner: bool = False,
        rho_model: str = "damped",
    ) -> None:
        self.damping = damping
        self.structural_damping = structural_damping
        self.max_cg = max_cg
        self.tolerance = tolerance
        self.curvature_size = curvature_size
        self.gradient_size = gradient_size
        self.backtracking_size = backtracking_size
        self.line_search_size = line_search_size
        self.preconditioner = preconditioner
        self.rho_model = rho_model

    @inherit_parameters(Solver.epoch_runner)
    def epoch_runner(self, problem: TrainingProblem, learning_rate: float | None) -> EpochRunner:
        """Return epochs of one step each, which have no learning rate.

        Returns
        -------
        EpochRunner
            One call takes one step.
        """
        return HessianFreeEpochs(problem, self)
