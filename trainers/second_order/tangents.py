"""Derivatives J v of what a closure computes, along a direction of its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.autograd import forward_ad

# torch's words for an operation that has no forward-mode, or no second, derivative
NO_FORWARD_MODE = re.compile(r"forward.AD|forward.mode|jvp|dual", re.IGNORECASE)
NO_SECOND = re.compile(r"not implemented|once_differentiable|does not require grad")


class Evaluated(Protocol):
    """A closure and its parameters."""

    parameters: list[Tensor]

    def write(self, theta: Tensor, direction: Tensor | None = None) -> None:
        """Write weights, and a direction as their tangents, into the parameters."""

    def split(self, theta: Tensor) -> list[Tensor]:
        """Return a flat vector as tensors like the parameters."""

    def evaluate(self) -> tuple[Tensor, ...]:
        """Return the loss, the outputs, and hidden pre-activations or nothing."""


class Tangents:
    """The tangents J v of a closure's outputs at one point, by the first way that torch allows.

    Forward mode, where every operation has it; else a derivative of the backward pass, which is
    linear in its argument u,

        J v = d(v' J' u) / du

    and where that has no derivative either (EmbeddingBag), or a wrong one, as torch may take a
    function marked once_differentiable for a constant, central differences of the outputs,

        J v = (z(theta + h v) - z(theta - h v)) / 2h,  h = cbrt(eps) (1 + |theta|) / |v|

    which are good to about 1e-9 in float64 and 1e-4 in float32.

    The parameters of `loss` hold theta. `ends` are the outputs, and hidden pre-activations or
    nothing, with their graph.
    """

    def __init__(self, loss: Evaluated, theta: Tensor, ends: list[Tensor]) -> None:
        self.loss, self.theta, self.ends = loss, theta, ends
        self.checked = False
        self.ways: list[tuple[Callable[[Tensor], list[Tensor]], re.Pattern[str] | None]] = [
            (self._forward_mode, NO_FORWARD_MODE),
            (self._twice_backward, NO_SECOND),
            (self._differences, None),
        ]

    def __call__(self, v: Tensor) -> list[Tensor]:
        """Return J v for the outputs and, where there are any, for the pre-activations."""
        while True:
            derivative, not_there = self.ways[0]
            try:
                return derivative(v)
            except RuntimeError as error:  # NotImplementedError is one
                if not_there is None or not not_there.search(str(error)):
                    raise
            self.loss.write(self.theta)
            del self.ways[0]

    def _forward_mode(self, v: Tensor) -> list[Tensor]:
        with torch.no_grad(), forward_ad.dual_level():
            self.loss.write(self.theta, v)
            return [_tangent(end) for end in self.loss.evaluate()[1:]]

    def _twice_backward(self, v: Tensor) -> list[Tensor]:
        tangents = [self._backward_derivative(end, v) for end in self.ends]
        if not self.checked and v.any():
            self._check_adjoint(tangents, v)
            self.checked = True
        return tangents

    def _check_adjoint(self, tangents: list[Tensor], v: Tensor) -> None:
        """Refuse tangents for which u' (J v) is not v' (J' u)."""
        for end, Jv in zip(self.ends, tangents, strict=True):
            u = torch.cos(torch.arange(end.numel(), device=end.device)).to(end).view_as(end)
            rows = torch.autograd.grad(
                end, self.loss.parameters, u, retain_graph=True, allow_unused=True
            )
            pairs = zip(rows, self.loss.split(v), strict=True)
            backward = sum(float((row * part).sum()) for row, part in pairs if row is not None)
            forward = float((u.conj() * Jv).real.sum())
            size = max(abs(forward), abs(backward), float(Jv.abs().norm()) * float(u.abs().norm()))
            if abs(forward - backward) > torch.finfo(end.dtype).eps ** 0.5 * size:
                raise NotImplementedError("the derivative of the backward pass is not implemented")

    def _backward_derivative(self, end: Tensor, v: Tensor) -> Tensor:
        u = torch.zeros_like(end, requires_grad=True)
        with torch.enable_grad():
            rows = torch.autograd.grad(
                end, self.loss.parameters, u, create_graph=True, allow_unused=True
            )
        pairs = zip(rows, self.loss.split(v), strict=True)
        used = [(row, direction) for row, direction in pairs if row is not None]
        if not used:
            return torch.zeros_like(end)
        rows_used, directions = (list(column) for column in zip(*used, strict=True))
        (Jv,) = torch.autograd.grad(rows_used, u, directions, allow_unused=True)
        return torch.zeros_like(end) if Jv is None else Jv

    def _differences(self, v: Tensor) -> list[Tensor]:
        if not v.any():
            return [torch.zeros_like(end) for end in self.ends]
        eps = max(torch.finfo(p.dtype).eps for p in self.loss.parameters)
        h = eps ** (1 / 3) * (1.0 + float(self.theta.norm())) / float(v.norm())
        ahead, behind = self._ends_at(self.theta + h * v), self._ends_at(self.theta - h * v)
        self.loss.write(self.theta)
        return [(a - b) / (2.0 * h) for a, b in zip(ahead, behind, strict=True)]

    def _ends_at(self, theta: Tensor) -> Sequence[Tensor]:
        self.loss.write(theta)
        with torch.no_grad():
            return [end.clone() for end in self.loss.evaluate()[1:]]


def _tangent(dual: Tensor) -> Tensor:
    """Return the tangent of a dual tensor, zero for one that does not depend on the direction."""
    value, tangent = forward_ad.unpack_dual(dual)  # type: ignore[no-untyped-call]
    return torch.zeros_like(value) if tangent is None else tangent
