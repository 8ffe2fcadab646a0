"""Derivatives J v of what a closure computes, along a direction of its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor
from torch.autograd import forward_ad

# torch's words for an operation that has no forward-mode, or no second, derivative
NO_FORWARD_MODE = re.compile(r"forward.AD|forward.mode|jvp|dual", re.IGNORECASE)
NO_SECOND = re.compile(
    r"not implemented|once_differentiable|differentiate twice|double backward|require grad"
)


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

    The backward pass is linear in its argument u, so that its derivative there is the tangent,

        J v = d(v' J' u) / du

    Its graph is made once, at any u, and serves every v: the closure does not run again. Where the
    backward pass has no derivative (EmbeddingBag), or a wrong one, as torch may take a function
    marked once_differentiable for a constant, forward mode takes its place, which runs the closure
    for every v; and where an operation has none of the two, central differences of the outputs,

        J v = (z(theta + h v) - z(theta - h v)) / 2h,  h = cbrt(eps) (1 + |theta|) / |v|

    which are good to about 1e-9 in float64 and 1e-4 in float32.

    The parameters of `loss` hold theta, at every call. `ends` are the outputs, and hidden
    pre-activations or nothing, with their graph; `linear` is a context in which the graph of the
    backward pass is made.
    """

    def __init__(
        self,
        loss: Evaluated,
        theta: Tensor,
        ends: list[Tensor],
        linear: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.loss, self.theta, self.ends, self.linear = loss, theta, ends, linear
        self.reverse: ReversedPass | None = None
        self.ways: list[tuple[Callable[[Tensor], list[Tensor]], re.Pattern[str] | None]] = [
            (self._twice_backward, NO_SECOND),
            (self._forward_mode, NO_FORWARD_MODE),
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
            self.reverse = None
            self.loss.write(self.theta)
            del self.ways[0]

    def _twice_backward(self, v: Tensor) -> list[Tensor]:
        if self.reverse is None:
            with self.linear():
                self.reverse = ReversedPass(self.ends, self.loss.parameters)
        return self.reverse.tangents(v, self.loss.split)

    def _forward_mode(self, v: Tensor) -> list[Tensor]:
        with torch.no_grad(), forward_ad.dual_level():
            self.loss.write(self.theta, v)
            return [_tangent(end) for end in self.loss.evaluate()[1:]]

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


class ReversedPass:
    """A backward pass with its own graph, to be differentiated along any number of directions.

    rows = sum over the ends of J' u, u' = (cos 0, cos 1, ...)

    The first tangents are held to the rows: u' (J v) must be v' (J' u).
    """

    def __init__(self, ends: Sequence[Tensor], parameters: Sequence[Tensor]) -> None:
        self.ends, self.checked = ends, False
        self.errors = [_spread(end).requires_grad_() for end in ends]
        with torch.enable_grad():
            rows = torch.autograd.grad(
                ends, parameters, self.errors, create_graph=True, allow_unused=True
            )
        self.used = [row is not None for row in rows]
        self.rows = [row for row in rows if row is not None]
        # One long row instead of many: torch looks at each of them at every call.
        self.is_flat = (
            all(self.used) and len({(row.dtype, row.device, row.layout) for row in self.rows}) == 1
        )
        if self.is_flat:
            with torch.enable_grad():
                self.rows = [torch.cat([row.reshape(-1) for row in self.rows])]

    def tangents(self, v: Tensor, split: Callable[[Tensor], list[Tensor]]) -> list[Tensor]:
        """Return J v of every end, v a flat vector that `split` makes tensors like the parameters.

        Raises
        ------
        NotImplementedError
            For an operation whose backward pass torch takes for a constant.
        """
        if not self.rows:
            return [torch.zeros_like(end) for end in self.ends]
        if self.is_flat:
            along = [v.to(self.rows[0])]
        else:
            along = [part for part, used in zip(split(v), self.used, strict=True) if used]
        found = torch.autograd.grad(
            self.rows, self.errors, along, retain_graph=True, allow_unused=True
        )
        pairs = zip(self.ends, found, strict=True)
        tangents = [torch.zeros_like(end) if Jv is None else Jv for end, Jv in pairs]
        if not self.checked and any(bool(part.any()) for part in along):
            self._check_adjoint(tangents, along)
            self.checked = True
        return tangents

    def _check_adjoint(self, tangents: list[Tensor], along: list[Tensor]) -> None:
        pairs = list(zip(self.errors, tangents, strict=True))
        forward = sum(float((u.detach().conj() * Jv).real.sum()) for u, Jv in pairs)
        products = zip(self.rows, along, strict=True)
        backward = sum(float((row.detach() * v).sum()) for row, v in products)
        size = sum(float(u.detach().abs().norm()) * float(Jv.abs().norm()) for u, Jv in pairs)
        size = max(abs(forward), abs(backward), size)
        eps = max(torch.finfo(end.dtype).eps for end in self.ends)
        if abs(forward - backward) > eps**0.5 * size:
            raise NotImplementedError("the derivative of the backward pass is not implemented")


def _spread(end: Tensor) -> Tensor:
    """Return numbers like an end that no symmetry of it makes vanish."""
    return torch.cos(torch.arange(end.numel(), device=end.device)).to(end).view_as(end)


def _tangent(dual: Tensor) -> Tensor:
    """Return the tangent of a dual tensor, zero for one that does not depend on the direction."""
    value, tangent = forward_ad.unpack_dual(dual)  # type: ignore[no-untyped-call]
    return torch.zeros_like(value) if tangent is None else tangent
