"""What a step of `HessianFree` minimises: a closure's loss and an L2 term, checked."""

from __future__ import annotations

import torch
from torch import Tensor

from trainers.second_order.checked_optimizer import check_finite
from trainers.second_order.closure import ClosureLoss, ClosureMatrix
from trainers.second_order.replicas import Replicas

REMEDY = "Look for NaN in the data, or for a root or logarithm of zero"


class TotalLoss:
    """A closure's loss and an L2 term as a function of the flat weight vector.

    f(theta) = L(theta) + sum_i c_i theta_i^2 / 2

    L is a mean over the processes that train copies of the module. Its values at the start must be
    finite and the same at every call.

    c, the decay, is a number or (n_weights,); the step starts from the weights `start`.
    """

    def __init__(
        self, loss: ClosureLoss, start: Tensor, decay: float | Tensor, replicas: Replicas
    ) -> None:
        self.loss, self.start, self.decay, self.replicas = loss, start, decay, replicas
        self.decays = isinstance(decay, Tensor) or decay != 0.0
        self.first_value: float | None = None

    def penalty(self, theta: Tensor) -> float:
        """Return the L2 term."""
        return float((0.5 * self.decay * theta.square()).sum()) if self.decays else 0.0

    def value(self, theta: Tensor) -> float:
        """Return the loss."""
        value = self.replicas.average_number(self.loss.value(theta), theta)
        if theta is self.start:
            self._check_start(value)
        return value + self.penalty(theta)

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient."""
        value, gradient = self.loss.gradient(theta)
        value = self.replicas.average_number(value, theta)
        gradient = self.replicas.average(gradient)
        self._check_start(value)
        check_finite("the gradient of the closure's loss", gradient, REMEDY)
        if self.decays:
            return value + self.penalty(theta), gradient + self.decay * theta
        return value, gradient

    def matrix(self, theta: Tensor) -> TotalMatrix:
        """Return the Gauss-Newton matrix, to which the L2 term adds its factors."""
        matrix = self.loss.matrix(theta)
        self._check_start(self.replicas.average_number(matrix.value, theta))
        return TotalMatrix(matrix, self.decay if self.decays else None, self.replicas)

    def squared_gradients(self, theta: Tensor) -> Tensor:
        """Return the mean squared gradients of single cases."""
        return self.replicas.average(self.loss.squared_gradients(theta))

    def _check_start(self, value: float) -> None:
        """Refuse a loss at the start that is not finite, or not what it was at the call before."""
        check_finite("the loss of the closure", value, REMEDY)
        if self.first_value is None:
            self.first_value = value
        eps = max(torch.finfo(p.dtype).eps for p in self.loss.parameters)
        # Sums on a GPU may differ from call to call in the last digits; dropout does in the first.
        if abs(value - self.first_value) > eps**0.75 * max(abs(value), abs(self.first_value)):
            raise ValueError(
                "HessianFree needs the same loss at every call of the closure, got "
                f"{self.first_value} and {value} for the same parameters. Where there is dropout, "
                "call eval() of the module; draw data and noise before the step"
            )


class TotalMatrix:
    """A Gauss-Newton matrix and the curvature of an L2 term.

    (G + structural S + diag(c)) v

    G is `matrix` and c the decay, None for none; products are averaged over the processes of
    `replicas`.
    """

    def __init__(
        self, matrix: ClosureMatrix, decay: float | Tensor | None, replicas: Replicas
    ) -> None:
        self.matrix, self.decay, self.replicas, self.checked = matrix, decay, replicas, False

    def product(self, v: Tensor, structural: float = 0.0) -> Tensor:
        """Return the product with a vector; the first must be finite.

        `structural` is the weight of structural damping.
        """
        product = self.replicas.average(self.matrix.product(v, structural))
        # Conjugate gradients stop by themselves where a later product overflows.
        if not self.checked:
            check_finite("the curvature of the closure's loss", product, REMEDY)
            self.checked = True
        return product if self.decay is None else product + self.decay * v
