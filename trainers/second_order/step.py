"""Hessian-free optimisation: one step, and what goes from step to step.

The model of the loss around theta, with damping lambda and structural damping lambda mu,

    q(d) = g'd + d'(G + lambda I + lambda mu S) d / 2

is minimised by conjugate gradients; of the kept iterates the best is taken, its length found by a
line search, and lambda adapted by how well q predicted the change of the loss.

References
----------
Martens (2010), Deep learning via Hessian-free optimization.
Martens & Sutskever (2011), Learning recurrent neural networks with Hessian-free optimization.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Protocol

import torch
from torch import Tensor

from trainers.second_order.conjugate_gradient import CGResult, conjugate_gradient

DAMPING_BOUNDS = (1e-10, 1e6)
SHRINK = 0.95  # the next search starts from this share of the last direction (Martens' code)
ARMIJO, BACKTRACK, MOST_BACKTRACKS = 1e-2, 0.8, 60
PRECONDITIONER_POWER = 0.75
EPSILON = torch.finfo(torch.float64).eps


class Matrix(Protocol):
    """A Gauss-Newton matrix."""

    def product(self, v: Tensor, structural: float = 0.0) -> Tensor:
        """Return (G + structural S) v."""


class Loss(Protocol):
    """A loss as a function of a flat float64 weight vector."""

    def value(self, theta: Tensor) -> float:
        """Return the loss."""

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient."""

    def matrix(self, theta: Tensor) -> Matrix:
        """Return the Gauss-Newton matrix."""

    def squared_gradients(self, theta: Tensor) -> Tensor:
        """Return the mean squared gradient of single cases."""


@dataclass(frozen=True)
class HFBatches:
    """The loss on four sets of data, which may be the same.

    Attributes
    ----------
    gradient : where the step starts from
    curvature : for Gauss-Newton products, and for how good the model was
    backtracking : chooses among the iterates of conjugate gradients
    line_search : chooses the length of the step
    """

    gradient: Loss
    curvature: Loss
    backtracking: Loss
    line_search: Loss


@dataclass(frozen=True)
class HFSettings:
    """What stays the same from step to step.

    Attributes
    ----------
    structural : mu, structural damping relative to lambda
    max_cg : conjugate gradient iterations at most
    tolerance : of Martens' stop
    preconditioner : M = (mean squared gradients + lambda)^0.75 instead of the identity
    rho_model : "damped" counts the damping in what the model predicted, as in the code that solved
        the long-memory tasks; "undamped" does not, as in Martens' first
    """

    structural: float = 0.0
    max_cg: int = 250
    tolerance: float = 5e-4
    preconditioner: bool = False
    rho_model: str = "damped"


@dataclass
class HFState:
    """What goes from one step to the next.

    Attributes
    ----------
    damping : lambda
    direction : (n_weights,) where the next search starts
    """

    damping: float
    direction: Tensor


@dataclass(frozen=True)
class HFRecord:
    """What one step did; `reason` says how it ended.

    `passes` counts the gradient and the Gauss-Newton products, each about a forward and a backward
    pass over its data.
    """

    loss_before: float
    loss_after: float
    rho: float
    damping: float
    cg_iterations: int
    chosen_iterate: int
    step_length: float
    gradient_norm: float
    reason: str
    passes: int

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as a plain dictionary."""
        return asdict(self)


def hf_step(
    theta: Tensor, state: HFState, batches: HFBatches, settings: HFSettings
) -> tuple[Tensor, HFRecord]:
    """Take one Hessian-free step.

    Parameters
    ----------
    theta : (n_weights,) float64
    state : damping and direction of the step before; updated
    batches : the loss on the data of each part of the step
    settings : what stays the same

    Returns
    -------
    The new theta and the record; a rejected step returns theta itself.

    Raises
    ------
    ValueError
        For another `rho_model`.
    """
    if settings.rho_model not in ("damped", "undamped"):
        raise ValueError(f"rho_model must be 'damped' or 'undamped', got {settings.rho_model!r}")
    loss_before, gradient = batches.gradient.gradient(theta)
    matrix = batches.curvature.matrix(theta)
    damping = state.damping

    def product(v: Tensor) -> Tensor:
        return matrix.product(v, damping * settings.structural) + damping * v

    scale = None
    if settings.preconditioner:
        scale = (batches.curvature.squared_gradients(theta) + damping) ** PRECONDITIONER_POWER
    found = conjugate_gradient(
        product, -gradient, state.direction, max_iter=settings.max_cg,
        tolerance=settings.tolerance, preconditioner=scale,
    )  # fmt: skip
    chosen, reached = best_iterate(found, batches.backtracking, theta)
    step, slope = found.iterates[chosen], float(gradient @ found.iterates[chosen])
    bent = product(step) if settings.rho_model == "damped" else matrix.product(step)
    same = batches.curvature is batches.gradient
    base = loss_before if same else batches.curvature.value(theta)
    if batches.backtracking is not batches.curvature:
        reached = batches.curvature.value(theta + step)
    rho = reduction_ratio(base, reached, slope + 0.5 * float(step @ bent))
    state.damping = adapted(damping, rho)
    before = loss_before
    if batches.line_search is not batches.gradient:
        before = batches.line_search.value(theta)
    length, after = line_search(batches.line_search, theta, step, before, slope)
    state.direction = SHRINK * found.iterates[-1] if length else torch.zeros_like(theta)
    record = HFRecord(
        before, after, rho, damping, found.n_iter, found.numbers[chosen], length,
        float(gradient.norm()), found.reason if length else "rejected", found.n_iter + 3,
    )  # fmt: skip
    return (theta + length * step if length else theta), record


def best_iterate(found: CGResult, objective: Loss, theta: Tensor) -> tuple[int, float]:
    """Walk back from the last kept iterate while the loss keeps falling.

    Parameters
    ----------
    found : kept iterates
    objective : the loss that decides
    theta : where the step starts

    Returns
    -------
    The position of the chosen iterate and its loss.

    References
    ----------
    Martens (2010), section 4.6.
    """
    chosen = len(found.iterates) - 1
    value = objective.value(theta + found.iterates[chosen])
    for earlier in range(chosen - 1, -1, -1):
        before = objective.value(theta + found.iterates[earlier])
        if isfinite(value) and not before < value:
            break
        chosen, value = earlier, before
    return chosen, value


def reduction_ratio(before: float, after: float, predicted: float) -> float:
    """Return rho = (change of the loss) / (change that the model predicted).

    NaN where the change drowns in rounding (then lambda stays), minus infinity where the loss rose.

    Parameters
    ----------
    before, after : losses
    predicted : q(d) - q(0), negative
    """
    if not isfinite(after):
        return -float("inf")
    if abs(after - before) <= 50 * EPSILON * max(1.0, abs(before)):
        return float("nan")
    if after > before:
        return -float("inf")
    return (after - before) / predicted if predicted < 0 else float("nan")


def adapted(damping: float, rho: float) -> float:
    """Return the next lambda by the Levenberg-Marquardt rule: 3/2 up below 1/4, 2/3 down above 3/4.

    Parameters
    ----------
    damping : lambda now
    rho : reduction ratio; NaN keeps lambda
    """
    factor = 1.5 if rho < 0.25 else 2.0 / 3.0 if rho > 0.75 else 1.0
    low, high = DAMPING_BOUNDS
    return min(max(damping * factor, low), high)


def line_search(
    objective: Loss, theta: Tensor, step: Tensor, before: float, slope: float
) -> tuple[float, float]:
    """Shrink the step by 0.8 until the loss falls by Armijo's share of the slope.

    Parameters
    ----------
    objective : the loss
    theta : where the step starts
    step : its direction and full length
    before : loss at theta
    slope : gradient' step

    Returns
    -------
    The length in (0, 1] and the loss there; length 0 rejects the step.
    """
    length = 1.0
    for _ in range(MOST_BACKTRACKS):
        after = objective.value(theta + length * step)
        if after <= before + ARMIJO * length * min(slope, 0.0) and after < before:
            return length, after
        length *= BACKTRACK
    return 0.0, before
