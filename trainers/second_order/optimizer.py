"""HessianFree, an optimizer for anybody's torch.nn.Module, which it sees through a closure."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from trainers.second_order.step import HFBatches, HFRecord, HFSettings, HFState, hf_step

Closure = Callable[[], tuple[Tensor, ...]]  # -> loss, outputs[, hidden pre-activations]


@contextmanager
def differentiable_kernels() -> Iterator[None]:
    """Switch off the fused recurrent kernels, which have no forward-mode derivative."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # reading the flags warns of hardware that is not there
        with (
            torch.backends.mkldnn.flags(enabled=False),
            torch.backends.cudnn.flags(enabled=False),
        ):
            yield


def join(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors as one flat float64 vector."""
    return torch.cat([tensor.detach().reshape(-1).double() for tensor in tensors])


class ClosureLoss:
    """A loss computed by a closure from parameters, as a function of their flat vector.

    Parameters
    ----------
    closure : computes, from the parameters as they are and always on the same data, the loss, the
        outputs that it follows from, and for structural damping the pre-activations of tanh units.
        It must do the same at every call: no dropout, no fresh data
    parameters : those trained; the others stay
    squares : gives the mean squared gradient of single cases, a tensor per parameter, or None
    """

    def __init__(
        self,
        closure: Closure,
        parameters: Sequence[Tensor],
        squares: Callable[[], Sequence[Tensor]] | None = None,
    ) -> None:
        self.closure, self.parameters, self.squares = closure, list(parameters), squares

    def put(self, theta: Tensor, along: Tensor | None = None) -> None:
        """Write a flat vector into the parameters, and its derivative where they are to be dual.

        torch is not told, so that a stored backward pass stays usable: whoever uses it writes back
        the values that it was stored with.
        """
        directions = [None] * len(self.parameters) if along is None else self.split(along)
        with torch.no_grad():
            for p, part, v in zip(self.parameters, self.split(theta), directions, strict=True):
                with torch.autograd._unsafe_preserve_version_counter(p):  # type: ignore[attr-defined]
                    p.copy_(part if v is None else forward_ad.make_dual(part.clone(), v))  # type: ignore[no-untyped-call]

    def split(self, theta: Tensor) -> list[Tensor]:
        """Return the parts of a flat vector, shaped and typed as the parameters."""
        parts = torch.split(theta, [p.numel() for p in self.parameters])
        return [part.view_as(p).to(p) for p, part in zip(self.parameters, parts, strict=True)]

    def parts(self) -> tuple[Tensor, ...]:
        """Return what the closure gives: loss, outputs, and hidden pre-activations or nothing."""
        found = self.closure()
        if not isinstance(found, tuple) or len(found) not in (2, 3):
            raise TypeError(
                "the closure of HessianFree must return (loss, outputs) or (loss, outputs, "
                f"hidden), got {type(found).__name__}; it need not call backward()"
            )
        return found

    def value(self, theta: Tensor) -> float:
        """Return the loss."""
        self.put(theta)
        with torch.no_grad():
            return float(self.parts()[0])

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient."""
        self.put(theta)
        with torch.enable_grad():
            loss = self.parts()[0]
        found = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        return float(loss.detach()), join(self._filled(found))

    def matrix(self, theta: Tensor) -> ClosureMatrix:
        """Return the Gauss-Newton matrix."""
        self.put(theta)
        return ClosureMatrix(self, theta)

    def squared_gradients(self, theta: Tensor) -> Tensor:
        """Return what `squares` gives at these parameters."""
        if self.squares is None:
            raise ValueError("a preconditioner needs the squared gradients of single cases")
        self.put(theta)
        return join(self.squares())

    def _filled(self, found: Sequence[Tensor | None]) -> list[Tensor]:
        """Return derivatives, zero where a parameter played no part."""
        return [
            torch.zeros_like(p) if g is None else g
            for p, g in zip(self.parameters, found, strict=True)
        ]


class ClosureMatrix:
    """Gauss-Newton products v -> J v -> H J v -> J' H J v of a closure by automatic derivatives.

    J v is a forward-mode derivative, the parameters being made dual in place; H u differentiates
    the loss twice by the outputs, so that any loss and any mean or mask in it is met; J' u is the
    stored backward pass. Structural damping adds J_a' diag(1 - tanh^2 a) J_a v, averaged over all
    but the last dimension of the pre-activations a.

    Parameters
    ----------
    loss : the closure and its parameters, which hold theta
    theta : (n_weights,) where
    """

    def __init__(self, loss: ClosureLoss, theta: Tensor) -> None:
        self.loss, self.theta = loss, theta
        with torch.enable_grad():
            value, self.outputs, *hidden = loss.parts()
            self.hidden: Tensor | None = hidden[0] if hidden else None
            (self.slope,) = torch.autograd.grad(value, self.outputs, create_graph=True)

    def product(self, v: Tensor, structural: float = 0.0) -> Tensor:
        """Return the product with v, (n_weights,) float64.

        Parameters
        ----------
        v : (n_weights,)
        structural : weight of structural damping

        Raises
        ------
        ValueError
            For structural damping where the closure returns no hidden pre-activations.
        """
        r_outputs, r_hidden = self._forward(v)
        ends, seeds = [self.outputs], [self._curved(r_outputs)]
        if structural:
            if self.hidden is None or r_hidden is None:
                raise ValueError(
                    "structural_damping needs the closure to return (loss, outputs, hidden), "
                    "hidden being the pre-activations of tanh units"
                )
            a = self.hidden.detach()
            share = structural * a.shape[-1] / a.numel()
            ends.append(self.hidden)
            seeds.append(share * (1.0 - torch.tanh(a).square()) * r_hidden)
        found = torch.autograd.grad(
            ends, self.loss.parameters, seeds, retain_graph=True, allow_unused=True
        )
        return join(self.loss._filled(found))

    def _curved(self, u: Tensor) -> Tensor:
        """Return H u, zero for a loss that is linear in the outputs."""
        if not self.slope.requires_grad:
            return torch.zeros_like(self.outputs)
        (found,) = torch.autograd.grad(
            self.slope, self.outputs, u, retain_graph=True, allow_unused=True
        )
        return torch.zeros_like(self.outputs) if found is None else found

    def _forward(self, v: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return J v and J_a v."""
        with torch.no_grad(), forward_ad.dual_level():
            self.loss.put(self.theta, v)
            _, *seen = self.loss.parts()
            found = [forward_ad.unpack_dual(t).tangent for t in seen]  # type: ignore[no-untyped-call]
        along: list[Any] = [
            torch.zeros_like(t) if f is None else f
            for t, f in zip((self.outputs, self.hidden), found, strict=False)
            if t is not None
        ]
        return along[0], along[1] if len(along) > 1 else None


class HessianFree(torch.optim.Optimizer):
    """Hessian-free optimisation of any torch.nn.Module.

    ::

        def closure():
            outputs = model(inputs)
            return loss_function(outputs, targets), outputs

        optimizer = HessianFree(model.parameters())
        for _ in range(50):
            loss = optimizer.step(closure)

    The closure must give the same loss for the same parameters at every call of a step: no dropout,
    no fresh data, and batch normalisation in evaluation mode. It does not call `backward`.

    Parameters
    ----------
    params : parameters or groups of them; those with requires_grad=False stay as they are
    damping : first lambda, in units of the curvature of the loss
    structural_damping : mu, weight of structural damping relative to lambda, for closures that also
        return the pre-activations of tanh units; 0 for none
    max_cg : conjugate gradient iterations per step
    tolerance : of Martens' stop
    squared_gradients : gives the mean squared gradient of single cases, a tensor per trained
        parameter: the diagonal preconditioner of Martens (2010); None for none
    rho_model : "damped" or "undamped", whether damping counts in what the model predicted

    Attributes
    ----------
    record : what the last step did, an `HFRecord`; None before the first

    Raises
    ------
    ValueError
        For a damping <= 0, a negative structural damping or tolerance, or max_cg < 1.

    References
    ----------
    Martens (2010), Deep learning via Hessian-free optimization; Martens & Sutskever (2011).
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        damping: float = 0.1,
        structural_damping: float = 0.0,
        max_cg: int = 250,
        tolerance: float = 5e-4,
        squared_gradients: Callable[[], Sequence[Tensor]] | None = None,
        rho_model: str = "damped",
    ) -> None:
        if not damping > 0:
            raise ValueError(f"damping must be positive, got {damping}")
        if not (structural_damping >= 0 and tolerance >= 0 and max_cg >= 1):
            raise ValueError(
                "structural_damping and tolerance must be at least 0 and max_cg at least 1, got "
                f"{structural_damping}, {tolerance} and {max_cg}"
            )
        super().__init__(params, {"damping": damping})
        self.settings = HFSettings(
            structural_damping, max_cg, tolerance, squared_gradients is not None, rho_model
        )
        self.squared_gradients = squared_gradients
        self.record: HFRecord | None = None

    @property
    def trained(self) -> list[Tensor]:
        """The parameters that steps change, of all groups."""
        return [p for group in self.param_groups for p in group["params"] if p.requires_grad]

    def step(  # type: ignore[override] # the closure returns the outputs too
        self,
        closure: Closure,
        *,
        curvature: Closure | None = None,
        backtracking: Closure | None = None,
        line_search: Closure | None = None,
    ) -> float:
        """Take one step and return the loss before it.

        Parameters
        ----------
        closure : () -> (loss, outputs) or (loss, outputs, hidden): the loss as a tensor, the
            outputs that it was computed from, and the pre-activations of tanh units
        curvature, backtracking, line_search : the same on other data, for Gauss-Newton products,
            the choice of the iterate and the length of the step; None takes `closure`, of
            backtracking `curvature`
        """
        parameters = self.trained
        losses = {
            id(c): ClosureLoss(c, parameters, self.squared_gradients)
            for c in (closure, curvature, backtracking, line_search)
            if c is not None
        }
        first = losses[id(closure)]
        second = first if curvature is None else losses[id(curvature)]
        batches = HFBatches(
            first,
            second,
            second if backtracking is None else losses[id(backtracking)],
            first if line_search is None else losses[id(line_search)],
        )
        theta, state = join(parameters), self._carried(parameters)
        after = theta
        try:
            with differentiable_kernels():
                after, self.record = hf_step(theta, state, batches, self.settings)
        finally:  # an interrupted step leaves the parameters as they were
            with torch.no_grad():
                for p, part in zip(parameters, first.split(after), strict=True):
                    p.copy_(part)
        for group in self.param_groups:
            group["damping"] = state.damping
        for p, part in zip(parameters, first.split(state.direction), strict=True):
            self.state[p]["direction"] = part
        return self.record.loss_before

    def _carried(self, parameters: list[Tensor]) -> HFState:
        """Return the damping and the direction of the step before."""
        parts = [self.state[p].get("direction", torch.zeros_like(p)) for p in parameters]
        return HFState(self.param_groups[0]["damping"], join(parts))
