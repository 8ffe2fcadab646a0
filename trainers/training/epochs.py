"""One epoch of each kind of solver: minibatches, a closure on all data, Hessian-free."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from trainers.data.batches import Batch, Examples, shuffled
from trainers.network.losses import Loss
from trainers.network.regularization import vanishing_penalty
from trainers.network.stack import Forward, LayerPass, Network
from trainers.network.workspace import Buffers
from trainers.second_order.curvature import Objective, loss_gradient
from trainers.second_order.step import HFBatches, HFSettings, HFState, hf_step
from trainers.training.momentum import SutskeverMomentum
from trainers.training.solvers import HessianFreeSolver


@dataclass
class Problem:
    """What is trained on what.

    Attributes
    ----------
    network, loss : the model
    train, valid : the examples; valid may be None
    theta : (n_weights,) weights, updated in place
    batch_size : pieces per update
    truncation : steps per chunk of carried state; None for none
    clip_norm : largest norm of a gradient; None for none
    vanishing_penalty : weight of the regulariser against vanishing gradients
    rng : the order of the batches
    """

    network: Network
    loss: Loss
    train: Examples
    valid: Examples | None
    theta: Tensor
    batch_size: int
    truncation: int | None
    clip_norm: float | None
    vanishing_penalty: float
    rng: np.random.Generator


class Stepper(Protocol):
    """One epoch of one kind of solver."""

    def epoch(self) -> dict[str, Any]:
        """Train for one epoch; return its record, at least `loss` and `gradient_norm`."""

    def weights(self) -> Tensor:
        """Return the weights to evaluate, a copy."""

    def state(self) -> Any:
        """Return what resuming needs, as arrays and numbers."""

    def resume(self, state: Any) -> None:
        """Go on from `state`."""


def clipped(gradient: Tensor, limit: float | None) -> tuple[Tensor, float]:
    """Return the gradient scaled down to a norm of at most `limit`, and its norm before.

    Parameters
    ----------
    gradient : (n_weights,)
    limit : None for no limit

    References
    ----------
    Pascanu, Mikolov & Bengio (2013), Algorithm 1.
    """
    norm = float(torch.linalg.vector_norm(gradient))
    if limit is not None and norm > limit:
        gradient = gradient * (limit / norm)
    return gradient, norm


class GradientStepper:
    """Minibatches and a torch optimizer."""

    def __init__(self, problem: Problem, solver: Any, learning_rate: float | None) -> None:
        self.problem = problem
        rate = solver.learning_rate if learning_rate is None else learning_rate
        self.optimizer = solver.optimizer(problem.theta, rate)
        self.rate_decay = getattr(solver, "rate_decay", 1.0)
        self.buffers = Buffers(problem.theta)

    def epoch(self) -> dict[str, Any]:
        """Go through all examples once, in a random order."""
        p, state = self.problem, None
        total, count, norms = 0.0, 0.0, []
        for batch in shuffled(p.train, p.batch_size, p.truncation, p.rng):
            value, state, norm = self._update(batch, state if batch.carried else None)
            total, count = total + value * batch.weight, count + batch.weight
            norms.append(norm)
        for group in self.optimizer.param_groups:
            group["lr"] *= self.rate_decay
        return {"loss": total / count, "gradient_norm": float(np.mean(norms))}

    def _update(self, batch: Batch, state: Tensor | None) -> tuple[float, Tensor, float]:
        p = self.problem
        run = p.network.forward(p.theta, batch.inputs, state, self.buffers, batch.n_outputs)
        if not batch.weight:
            return 0.0, run.last, 0.0
        value, grad = loss_gradient(p.loss, run, batch, batch.weight)
        p.theta.grad, norm = clipped(self._gradient(run, grad), p.clip_norm)
        self.optimizer.step()
        return value, run.last, norm

    def _gradient(self, run: Forward, grad: Tensor) -> Tensor:
        """Return the gradient of the loss, and of the penalty on the way to it."""
        p, parts = self.problem, dict[str, Tensor]()

        def watch(layer: int, found: LayerPass) -> None:
            name = f"recurrent_weights_{layer}"
            _, parts[name] = vanishing_penalty(found.errors, found.delta_h, run.weights[name])

        gradient = p.network.backward(run, grad, watch=watch if p.vanishing_penalty else None)
        for name, part in parts.items():
            p.network.split(gradient)[name].add_(part, alpha=p.vanishing_penalty)
        return gradient

    def weights(self) -> Tensor:
        """Return theta itself, not Nesterov's look-ahead point."""
        if not isinstance(self.optimizer, SutskeverMomentum):
            return self.problem.theta.clone()
        self.optimizer.settle()
        settled = self.problem.theta.clone()
        self.optimizer.look_ahead()
        return settled

    def state(self) -> Any:
        """Return the optimizer's state and its own weights (the look-ahead point of Nesterov)."""
        state = copy.deepcopy(self.optimizer.state_dict())
        return {"optimizer": _to_numpy(state), "theta": self.problem.theta.cpu().numpy().copy()}

    def resume(self, state: Any) -> None:
        """Go on from `state`."""
        self.problem.theta.copy_(torch.as_tensor(state["theta"]))
        self.optimizer.load_state_dict(_to_torch(copy.deepcopy(state["optimizer"])))


class ClosureStepper(GradientStepper):
    """All data at once and an optimizer that asks for several gradients per step (L-BFGS)."""

    def __init__(self, problem: Problem, solver: Any, learning_rate: float | None) -> None:
        super().__init__(problem, solver, learning_rate)
        pieces = np.arange(problem.train.n_pieces)
        self.objective = Objective(problem.network, problem.loss, problem.train, pieces)

    def epoch(self) -> dict[str, Any]:
        """Take one step of several inner iterations."""
        theta = self.problem.theta

        def closure() -> float:
            value, gradient = self.objective.gradient(theta)
            theta.grad, _ = clipped(gradient, self.problem.clip_norm)
            return value

        self.optimizer.step(closure)
        value, gradient = self.objective.gradient(theta)
        return {"loss": value, "gradient_norm": float(gradient.norm())}


class HessianFreeStepper:
    """One Hessian-free step per epoch; vectors are float64 whatever the network computes in."""

    def __init__(self, problem: Problem, solver: HessianFreeSolver) -> None:
        self.problem, self.solver = problem, solver
        self.theta = problem.theta.double()
        self.hf = HFState(solver.damping, torch.zeros_like(self.theta))
        self.everything = self._objective(np.arange(problem.train.n_pieces))

    def _objective(self, pieces: np.ndarray) -> Objective:
        p = self.problem
        return Objective(p.network, p.loss, p.train, pieces)

    def _drawn(self, size: int | None, otherwise: Objective) -> Objective:
        """Return the loss on pieces drawn anew; `otherwise` where no size is asked for."""
        p = self.problem
        if size is None or size >= p.train.n_pieces:
            return otherwise
        return self._objective(np.sort(p.rng.choice(p.train.n_pieces, size, replace=False)))

    def epoch(self) -> dict[str, Any]:
        """Take one step with fresh pieces."""
        s = self.solver
        curvature = self._drawn(s.curvature_size, self.everything)
        gradient = self._drawn(s.gradient_size, self.everything)
        batches = HFBatches(
            gradient,
            curvature,
            self._drawn(s.backtracking_size, curvature),
            self._drawn(s.line_search_size, gradient),
        )
        settings = HFSettings(
            s.structural_damping, s.max_cg, s.tolerance, s.preconditioner, s.rho_model
        )
        self.theta, record = hf_step(self.theta, self.hf, batches, settings)
        self.problem.theta.copy_(self.theta)
        return {"loss": record.loss_after, **record.as_dict()}

    def weights(self) -> Tensor:
        """Return the weights."""
        return self.problem.theta.clone()

    def state(self) -> Any:
        """Return the damping, the search direction and the weights."""
        theta, direction = self.theta.cpu().numpy().copy(), self.hf.direction.cpu().numpy().copy()
        return {"damping": self.hf.damping, "direction": direction, "theta": theta}

    def resume(self, state: Any) -> None:
        """Go on from `state`."""
        self.theta = torch.as_tensor(state["theta"]).to(self.theta)
        self.problem.theta.copy_(self.theta)
        self.hf.damping = state["damping"]
        self.hf.direction = torch.as_tensor(state["direction"]).to(self.theta)


def _to_numpy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.cpu().numpy().copy()
    if isinstance(value, dict):
        return {key: _to_numpy(item) for key, item in value.items()}
    return [_to_numpy(item) for item in value] if isinstance(value, list) else value


def _to_torch(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return torch.as_tensor(value)
    if isinstance(value, dict):
        return {key: _to_torch(item) for key, item in value.items()}
    return [_to_torch(item) for item in value] if isinstance(value, list) else value


def make_stepper(problem: Problem, solver: Any, learning_rate: float | None) -> Stepper:
    """Return the stepper of a solver's settings."""
    if isinstance(solver, HessianFreeSolver):
        return HessianFreeStepper(problem, solver)
    kind = ClosureStepper if solver.full_batch else GradientStepper
    return kind(problem, solver, learning_rate)
