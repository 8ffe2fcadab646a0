"""Epochs of first-order solvers: minibatches, or a closure on all data, and a torch optimizer."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainers.data.batches import Batch, shuffled_batches
from trainers.network.passes import ForwardPass, LayerErrors
from trainers.network.regularization import vanishing_penalty
from trainers.network.torch_layers import Keep
from trainers.network.workspace import Workspace
from trainers.second_order.curvature import loss_gradient
from trainers.training.problem import EpochRecord, SolverState, TrainingProblem

ReadWeights = Callable[[torch.optim.Optimizer, Tensor], Tensor]


def clip_gradient(gradient: Tensor, max_norm: float | None) -> tuple[Tensor, float]:
    """Scale a gradient down to a largest norm.

    g min(1, max_norm / |g|)

    None is no limit. The norm before scaling is returned too.

    References
    ----------
    Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks,
    Algorithm 1.
    """
    norm = float(torch.linalg.vector_norm(gradient))
    if max_norm is not None and norm > max_norm:
        gradient = gradient * (max_norm / norm)
    return gradient, norm


class MinibatchEpochs:
    """Epochs of updates by a torch optimizer, one per minibatch.

    The optimizer updates `problem.theta`, its only parameter; its learning rate is multiplied by
    `rate_decay` after every epoch, and inside it by the factor of the schedule. `read_weights`
    makes of optimizer and parameter the weights to evaluate, a copy.
    """

    def __init__(
        self,
        problem: TrainingProblem,
        optimizer: torch.optim.Optimizer,
        rate_decay: float,
        read_weights: ReadWeights,
    ) -> None:
        self.problem, self.optimizer = problem, optimizer
        self.rate_decay, self.read_weights = rate_decay, read_weights
        self.workspace = Workspace(problem.theta)
        self.asked = [
            {name: float(group[name]) for name in ("lr", "weight_decay") if name in group}
            for group in optimizer.param_groups
        ]

    def run_epoch(self) -> EpochRecord:
        """Go through all examples once, in a random order."""
        p, state = self.problem, None
        total, weight, norms = 0.0, 0.0, []
        rates = self._schedule_rates()
        for batch in shuffled_batches(p.train, p.batch_size, p.truncation, p.rng):
            value, state, norm = self._update(batch, state if batch.carried else None)
            total, weight = total + value * batch.weight, weight + batch.weight
            norms.append(norm)
        self._decay_rates(rates)
        return {"loss": total / weight, "gradient_norm": float(np.mean(norms)), **self._rate(rates)}

    def _schedule_rates(self) -> list[float]:
        """Set the learning rates of the epoch; return those without the schedule."""
        rates, factor = [], self.problem.schedule.factor
        for group in self.optimizer.param_groups:
            rates.append(group["lr"])
            group["lr"] = group["lr"] if factor == 1.0 else group["lr"] * factor
        return rates

    def _decay_rates(self, rates: list[float]) -> None:
        """Set the learning rates after the epoch, from those without the schedule."""
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * self.rate_decay

    def _rate(self, rates: list[float]) -> EpochRecord:
        """Return the learning rate of the epoch for its record, where there is a schedule."""
        schedule = self.problem.schedule
        if schedule.name == "constant":
            return {}
        return {"learning_rate": float(rates[0]) * schedule.factor}

    def _decayed(self, gradient: Tensor) -> Tensor:
        """Return a gradient with that of the L2 term."""
        decay = self.problem.weight_decay
        return gradient if not decay else gradient.add(self.problem.theta, alpha=decay)

    def _update(self, batch: Batch, state: Tensor | None) -> tuple[float, Tensor, float]:
        """Make one update; return the loss, the last state and the norm of the gradient."""
        p = self.problem
        inputs = p.perturbations.inputs(batch, p.rng)
        masks = p.perturbations.masks(batch, p.network, p.rng)
        keep: Keep = "tape" if p.vanishing_penalty else "gradient"
        run = p.network.forward(
            p.theta, inputs, state, self.workspace, batch.n_outputs, masks, keep
        )
        # A chunk of padding or of unscored rows has no loss: it only carries the state on.
        if not batch.weight:
            return 0.0, run.last, 0.0
        value, output_gradient = loss_gradient(p.loss, run, batch, batch.weight)
        gradient, norm = clip_gradient(self._gradient(run, output_gradient), p.clip_norm)
        p.theta.grad = self._decayed(gradient)
        self.optimizer.step()
        return value, run.last, norm

    def _gradient(self, run: ForwardPass, output_gradient: Tensor) -> Tensor:
        """Return the gradient of the loss and, computed on the way back, of the penalty."""
        p, penalties = self.problem, dict[str, Tensor]()

        def add_penalty(layer: int, layer_errors: LayerErrors) -> None:
            name = f"recurrent_weights_{layer}"
            _, penalties[name] = vanishing_penalty(
                layer_errors.errors, layer_errors.delta_h, run.weights[name]
            )

        on_layer = add_penalty if p.vanishing_penalty else None
        gradient = p.network.backward(run, output_gradient, on_layer=on_layer)
        for name, penalty in penalties.items():
            p.network.split(gradient)[name].add_(penalty, alpha=p.vanishing_penalty)
        return gradient

    def weights(self) -> Tensor:
        """Return a copy of the weights to evaluate."""
        return self.read_weights(self.optimizer, self.problem.theta)

    def state(self) -> SolverState:
        """Return the state of the optimizer and the weights as it holds them."""
        state = map_leaves(_to_array, self.optimizer.state_dict())
        theta = self.problem.theta.cpu().numpy().copy()
        schedule = self.problem.schedule
        with_schedule = {} if schedule.name == "constant" else {"schedule": schedule.state()}
        asked = [dict(settings) for settings in self.asked]
        return {"optimizer": state, "theta": theta, "asked": asked, **with_schedule}

    def resume(self, state: SolverState) -> None:
        """Go on from a state, bit by bit; a learning rate or weight decay asked anew is taken."""
        theta = self.problem.theta
        theta.copy_(torch.as_tensor(state["theta"]))
        if "schedule" in state:
            self.problem.schedule.resume(state["schedule"])
        stored = copy.deepcopy(state["optimizer"])
        self.optimizer.load_state_dict(map_leaves(_to_tensor, stored))
        groups = self.optimizer.param_groups
        for group, now, before in zip(
            groups, self.asked, state.get("asked", self.asked), strict=True
        ):
            group.update({name: v for name, v in now.items() if v != before.get(name, v)})
        # torch casts the state of a parameter to the dtype of the parameter, which rounds what an
        # optimizer sums in another one.
        for values in stored["state"].values():
            loaded = self.optimizer.state[theta]
            for name, value in values.items():
                if isinstance(value, np.ndarray):
                    loaded[name] = torch.as_tensor(value).to(loaded[name].device)


class ClosureEpochs(MinibatchEpochs):
    """Epochs of one step each on all data, whose optimizer may ask for several gradients."""

    def __init__(
        self,
        problem: TrainingProblem,
        optimizer: torch.optim.Optimizer,
        rate_decay: float,
        read_weights: ReadWeights,
    ) -> None:
        super().__init__(problem, optimizer, rate_decay, read_weights)
        self.objective = problem.objective

    def run_epoch(self) -> EpochRecord:
        """Take one step of the optimizer, which may be several iterations."""
        theta, rates = self.problem.theta, self._schedule_rates()
        decay = self.problem.weight_decay or 0.0

        def closure() -> float:
            value, gradient = self.objective.gradient(theta)
            gradient, _ = clip_gradient(gradient, self.problem.clip_norm)
            theta.grad = self._decayed(gradient)
            return value + (0.5 * decay * float(theta @ theta) if decay else 0.0)

        self.optimizer.step(closure)
        self._decay_rates(rates)
        # step() returned the loss before it; the record holds the one after.
        value, gradient = self.objective.gradient(theta)
        return {"loss": value, "gradient_norm": float(gradient.norm()), **self._rate(rates)}


def map_leaves(function: Callable[[object], object], value: object) -> Any:  # noqa: ANN401 - the state of any torch optimizer
    """Apply a function to what dicts and lists, nested, hold in the end."""
    if isinstance(value, dict):
        return {key: map_leaves(function, item) for key, item in value.items()}
    if isinstance(value, list):
        return [map_leaves(function, item) for item in value]
    return function(value)


def _to_array(value: object) -> object:
    if isinstance(value, Tensor):
        return value.cpu().numpy().copy()
    return value.copy() if isinstance(value, np.ndarray) else value


def _to_tensor(value: object) -> object:
    return torch.as_tensor(value) if isinstance(value, np.ndarray) else value
