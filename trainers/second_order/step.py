"""Hessian-free optimisation: one step, and what goes from step to step.

The model of the loss around theta, with damping lambda and structural damping lambda mu,

    q(d) = g'd + d'B d / 2,  B = G + lambda I + lambda mu S

is minimised by conjugate gradients; of the saved iterates the best is taken, its length found by a
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
ARMIJO = 1e-2  # share of the fall along the slope that a step must reach
BACKTRACK = 0.8  # factor on the length of a step that does not
MAX_BACKTRACKS = 60
PRECONDITIONER_POWER = 0.75
EPSILON = torch.finfo(torch.float64).eps


class CurvatureMatrix(Protocol):
    """A Gauss-Newton matrix, known by its products."""

    def product(self, v: Tensor, structural: float = 0.0) -> Tensor:
        """Return (G + structural S) v."""


class LossFunction(Protocol):
    """The loss on some data as a function of a flat float64 weight vector."""

    def value(self, theta: Tensor) -> float:
        """Return the loss."""

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient."""

    def matrix(self, theta: Tensor) -> CurvatureMatrix:
        """Return the Gauss-Newton matrix."""

    def squared_gradients(self, theta: Tensor) -> Tensor:
        """Return the mean squared gradient of single cases."""


@dataclass(frozen=True)
class HFBatches:
    """The loss on four sets of data, which may be the same.

    The step starts from the gradient of the first; curvature is for Gauss-Newton products, and for
    how good the model was; backtracking chooses among the iterates of conjugate gradients, and the
    line search the length of the step.
    """

    gradient: LossFunction
    curvature: LossFunction
    backtracking: LossFunction
    line_search: LossFunction


@dataclass(frozen=True)
class HFSettings:
    """What stays the same from step to step.

    `structural` is mu, structural damping relative to lambda; `max_cg` limits conjugate gradient
    iterations, and the tolerance is that of Martens' stop. The preconditioner is M = (mean squared
    gradients + lambda)^0.75 instead of the identity. A `rho_model` of "damped" counts the damping
    in what the model predicted, as in the code that solved the long-memory tasks; "undamped" does
    not, as in Martens' first.
    """

    structural: float = 0.0
    max_cg: int = 250
    tolerance: float = 5e-4
    preconditioner: bool = False
    rho_model: str = "damped"


@dataclass
class HFState:
    """What goes from one step to the next.

    The damping is lambda, the direction where the next search starts. `relative` is the damping of
    each weight relative to lambda; None for one of all.
    """

    damping: float
    direction: Tensor
    relative: Tensor | None = None


@dataclass(frozen=True)
class HFRecord:
    """What one step did.

    Losses are those on the data of the line search. rho is the change of the loss relative to what
    the model predicted, NaN where it drowns in rounding, and damping lambda of this step. The
    iterate of iteration `chosen_iterate` was taken, of which the share `step_length` was stepped, 0
    for a rejected step. The gradient norm is that at the start; the reason says why conjugate
    gradients stopped, or "rejected". Passes count the gradient and the Gauss-Newton products, each
    about a forward and a backward pass.
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

    theta is float64; damping and direction in `state` are updated. A rejected step returns the
    weights that came.

    Raises
    ------
    ValueError
        For another `rho_model`.
    """
    if settings.rho_model not in ("damped", "undamped"):
        raise ValueError(f"rho_model must be 'damped' or 'undamped', got {settings.rho_model!r}")
    # The quadratic model around theta: slope g and curvature B.
    loss_before, gradient = batches.gradient.gradient(theta)
    matrix, damping = batches.curvature.matrix(theta), state.damping
    ridge = damping if state.relative is None else damping * state.relative

    def product(v: Tensor) -> Tensor:
        return matrix.product(v, damping * settings.structural) + ridge * v

    # Minimise it, from a share of the last direction, as B and g change little from step to step.
    scale = None
    if settings.preconditioner:
        scale = (batches.curvature.squared_gradients(theta) + ridge) ** PRECONDITIONER_POWER
    result = conjugate_gradient(
        product,
        -gradient,
        state.direction,
        max_iter=settings.max_cg,
        tolerance=settings.tolerance,
        preconditioner=scale,
    )
    # The model fails far from theta: an earlier iterate, which is nearer, may have a smaller loss.
    chosen, loss_at_step = best_iterate(result, batches.backtracking, theta)
    step = result.iterates[chosen]
    slope = float(gradient @ step)
    # Adapt lambda by how well the model predicted the change, on the data it was made from.
    B_step = product(step) if settings.rho_model == "damped" else matrix.product(step)
    same_batch = batches.curvature is batches.gradient
    loss_on_curvature_batch = loss_before if same_batch else batches.curvature.value(theta)
    if batches.backtracking is not batches.curvature:
        loss_at_step = batches.curvature.value(theta + step)
    predicted = slope + 0.5 * float(step @ B_step)
    rho = reduction_ratio(loss_on_curvature_batch, loss_at_step, predicted)
    state.damping = update_damping(damping, rho)
    # Shorten the step until the loss falls, or reject it.
    loss_at_start = loss_before
    if batches.line_search is not batches.gradient:
        loss_at_start = batches.line_search.value(theta)
    length, loss_after = line_search(batches.line_search, theta, step, loss_at_start, slope)
    # The next search starts from the last iterate: the chosen one may be an early stage of it.
    state.direction = SHRINK * result.iterates[-1] if length else torch.zeros_like(theta)
    record = HFRecord(
        loss_before=loss_at_start,
        loss_after=loss_after,
        rho=rho,
        damping=damping,
        cg_iterations=result.n_iter,
        chosen_iterate=result.numbers[chosen],
        step_length=length,
        gradient_norm=float(gradient.norm()),
        reason=result.reason if length else "rejected",
        passes=result.n_iter + 3,  # CG's first residual, the gradient and B step
    )
    return (theta + length * step if length else theta), record


def best_iterate(result: CGResult, loss: LossFunction, theta: Tensor) -> tuple[int, float]:
    """Walk back from the last saved iterate while the loss keeps falling.

    The position of the chosen iterate and the loss there are returned.

    References
    ----------
    Martens (2010), section 4.6.
    """
    chosen = len(result.iterates) - 1
    value = loss.value(theta + result.iterates[chosen])
    for earlier in range(chosen - 1, -1, -1):
        value_earlier = loss.value(theta + result.iterates[earlier])
        if isfinite(value) and not value_earlier < value:
            break
        chosen, value = earlier, value_earlier
    return chosen, value


def reduction_ratio(loss_before: float, loss_after: float, predicted: float) -> float:
    """Return the change of the loss relative to the change that the model predicted.

    rho = (L(theta + d) - L(theta)) / (q(d) - q(0))

    `predicted` is q(d) - q(0), negative. NaN where the change drowns in rounding, minus infinity
    where the loss rose.
    """
    if not isfinite(loss_after):
        return -float("inf")
    if abs(loss_after - loss_before) <= 50 * EPSILON * max(1.0, abs(loss_before)):
        return float("nan")
    if loss_after > loss_before:
        return -float("inf")
    return (loss_after - loss_before) / predicted if predicted < 0 else float("nan")


def update_damping(damping: float, rho: float) -> float:
    """Return the next lambda by the Levenberg-Marquardt rule: 3/2 up below 1/4, 2/3 down above 3/4.

    NaN leaves lambda as it is.
    """
    factor = 1.5 if rho < 0.25 else 2.0 / 3.0 if rho > 0.75 else 1.0
    low, high = DAMPING_BOUNDS
    return min(max(damping * factor, low), high)


def line_search(
    loss: LossFunction, theta: Tensor, step: Tensor, loss_at_start: float, slope: float
) -> tuple[float, float]:
    """Shrink the step by 0.8 until the loss falls by Armijo's share of the slope.

    The slope is gradient' step. The length in (0, 1], or 0 for a rejected step, and the loss there
    are returned.
    """
    length = 1.0
    for _ in range(MAX_BACKTRACKS):
        value = loss.value(theta + length * step)
        if value <= loss_at_start + ARMIJO * length * min(slope, 0.0) and value < loss_at_start:
            return length, value
        length *= BACKTRACK
    return 0.0, loss_at_start
