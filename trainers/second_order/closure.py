"""The loss of any torch.nn.Module, which a closure computes, with gradients and products."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.backends import mha
from torch.nn.attention import SDPBackend, sdpa_kernel

from trainers.second_order.operations import LeanDerivatives
from trainers.second_order.recurrences import reaches_last_cell
from trainers.second_order.tangents import Tangents

Closure = Callable[[], tuple[Tensor, ...]]  # -> loss, outputs[, hidden pre-activations]


@contextmanager
def differentiable_kernels() -> Iterator[None]:
    """Switch off the fused kernels of recurrence and attention: they have no forward mode."""
    fast_path = mha.get_fastpath_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # reading the flags warns of hardware that is not there
        with (
            torch.backends.mkldnn.flags(enabled=False),
            torch.backends.cudnn.flags(enabled=False),
            sdpa_kernel(SDPBackend.MATH),
        ):
            mha.set_fastpath_enabled(False)
            try:
                yield
            finally:
                mha.set_fastpath_enabled(fast_path)


def join(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors, dense or sparse, as one flat float64 vector."""
    pieces = [tensor.detach().to_dense().reshape(-1) for tensor in tensors]
    if len({piece.dtype for piece in pieces}) > 1:
        pieces = [piece.double() for piece in pieces]
    return torch.cat(pieces).double()


def split(theta: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Return a flat vector as tensors of the shapes and types of parameters."""
    if len({(p.dtype, p.device) for p in parameters}) == 1:  # one conversion instead of many
        theta = theta.to(parameters[0])
    vectors = torch.split(theta, [p.numel() for p in parameters])
    return [v.view_as(p).to(p) for p, v in zip(parameters, vectors, strict=True)]


class ClosureLoss:
    """A loss computed by a closure from parameters, as a function of their flat vector.

    The closure computes, from the parameters as they are and always on the same data, the loss, the
    outputs that it follows from, and for structural damping the pre-activations of tanh units. It
    must do the same at every call: no dropout, no fresh data. `parameters` are those trained; the
    others stay. `squared` gives the mean squared gradient of single cases, a tensor per parameter.
    With `maximize` the loss is minus the closure's.
    """

    def __init__(
        self,
        closure: Closure,
        parameters: Sequence[Tensor],
        squared: Callable[[], Sequence[Tensor]] | None = None,
        maximize: bool = False,
    ) -> None:
        self.closure, self.parameters, self.squared = closure, list(parameters), squared
        self.maximize = maximize

    def write(self, theta: Tensor, direction: Tensor | None = None) -> None:
        """Write weights into the parameters, and a direction as their tangents.

        Both are (n_weights,). A direction makes the parameters dual numbers, within a level of
        `forward_ad`.
        """
        weights, parameters = self.split(theta), self.parameters
        if direction is not None:
            pairs = zip(weights, self.split(direction), strict=True)
            weights = [forward_ad.make_dual(w.clone(), v) for w, v in pairs]  # type: ignore[no-untyped-call]
        # torch is not told of the change, for which it has no public way: else it would refuse the
        # stored backward pass, whose user writes back the values it stems from.
        kept = torch.autograd._unsafe_preserve_version_counter(tuple(parameters))  # type: ignore[attr-defined]
        with torch.no_grad(), kept:
            if direction is None:
                torch._foreach_copy_(parameters, weights)
            else:
                for p, dual in zip(parameters, weights, strict=True):
                    p.copy_(dual)

    def split(self, theta: Tensor) -> list[Tensor]:
        """Return a flat vector as tensors of the shapes and types of the parameters."""
        return split(theta, self.parameters)

    def evaluate(self) -> tuple[Tensor, ...]:
        """Return what the closure gives: loss, outputs, and hidden pre-activations or nothing."""
        # Under autocast, copies of the parameters in low precision would outlive writing to them.
        torch.clear_autocast_cache()
        if not callable(self.closure):
            raise TypeError(
                "HessianFree needs a closure, a function that returns (loss, outputs), got "
                f"{type(self.closure).__name__}"
            )
        values = self.closure()
        if not isinstance(values, tuple) or len(values) not in (2, 3):
            raise TypeError(
                "the closure of HessianFree must return (loss, outputs) or (loss, outputs, "
                f"hidden), got {type(values).__name__}; it must not call backward(). skorch gives "
                "the loss alone: see 'What both torch optimizers promise' in the documentation"
            )
        for name, value in zip(("loss", "outputs", "hidden"), values, strict=False):
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"the {name} of the closure must be one tensor, got {type(value).__name__}"
                )
        loss, *rest = values
        if loss.numel() != 1 or loss.is_complex():
            raise ValueError(
                "the loss of the closure must be one real number, got a tensor of shape "
                f"{tuple(loss.shape)} and type {loss.dtype}"
            )
        return (-loss.reshape(()) if self.maximize else loss.reshape(()), *rest)

    def value(self, theta: Tensor) -> float:
        """Return the loss."""
        self.write(theta)
        with torch.no_grad():
            return float(self.evaluate()[0])

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient."""
        self.write(theta)
        with torch.enable_grad():
            loss = self.evaluate()[0]
        if not loss.requires_grad:
            raise ValueError(
                "the loss of the closure does not depend on the parameters that HessianFree "
                "trains; compute it from the outputs of the module, without detach(), no_grad() or "
                "inference_mode()"
            )
        try:
            gradients = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        except RuntimeError as error:
            if "a second time" not in str(error):
                raise
            raise RuntimeError(
                "the closure of HessianFree must not call backward(): it returns (loss, outputs) "
                "with their graph, which the optimizer differentiates"
            ) from error
        return float(loss.detach()), self.join_gradients(gradients)

    def matrix(self, theta: Tensor) -> ClosureMatrix:
        """Return the Gauss-Newton matrix."""
        self.write(theta)
        return ClosureMatrix(self, theta)

    def squared_gradients(self, theta: Tensor) -> Tensor:
        """Return the mean squared gradients of single cases."""
        if self.squared is None:
            raise ValueError("a preconditioner needs the squared gradients of single cases")
        self.write(theta)
        squares = join(self.squared())
        if len(squares) != len(theta):
            raise ValueError(
                "squared_gradients must give a tensor for every trained parameter, "
                f"{len(theta)} numbers in all, got {len(squares)}"
            )
        return squares

    def join_gradients(self, gradients: Sequence[Tensor | None]) -> Tensor:
        """Return derivatives by the parameters as one vector, zero for a parameter not used."""
        return join(
            [
                torch.zeros_like(p) if gradient is None else gradient
                for p, gradient in zip(self.parameters, gradients, strict=True)
            ]
        )


class ClosureMatrix:
    """Gauss-Newton products v -> J v -> H J v -> J' H J v of a closure by automatic derivatives.

    The closure runs once: J v is what `Tangents` finds from its graph, H u differentiates the loss
    twice by the outputs, so that any loss and any mean or mask in it is met, and J' u is the stored
    backward pass. Structural damping adds J_a' diag(1 - tanh^2 a) J_a v, averaged over all but the
    last dimension of the pre-activations.

    The parameters of the loss hold theta, the weights that the matrix is for.
    """

    def __init__(self, loss: ClosureLoss, theta: Tensor) -> None:
        self.loss, self.theta = loss, theta
        lean = LeanDerivatives()
        with torch.enable_grad():
            with lean:
                value, self.outputs, *hidden = loss.evaluate()
            if lean.has_recurrences and reaches_last_cell([self.outputs, *hidden]):
                lean = LeanDerivatives(recurrences=False)
                with lean:
                    value, self.outputs, *hidden = loss.evaluate()
            self.value = float(value.detach())
            self.hidden: Tensor | None = hidden[0] if hidden else None
            try:
                (self.slope,) = torch.autograd.grad(value, self.outputs, create_graph=True)
            except RuntimeError as error:
                if "require grad" not in str(error) and "not have been used" not in str(error):
                    raise
                raise ValueError(
                    "the outputs of the closure must be the very tensor that the loss was "
                    "computed from, with its graph"
                ) from error
        self.tangents = Tangents(loss, theta, [self.outputs, *hidden], lean.linear)

    def product(self, v: Tensor, structural: float = 0.0) -> Tensor:
        """Return the product with a vector.

        `structural` is the weight of structural damping; the product is float64.

        Raises
        ------
        ValueError
            For structural damping where the closure returns no hidden pre-activations.
        """
        self.loss.write(self.theta)  # losses may have been computed elsewhere meanwhile
        # v -> J v, J_a v
        Jv, *rest = self.tangents(v)
        # J v -> H J v
        ends, errors = [self.outputs], [self._hessian_product(Jv)]
        if structural:
            if self.hidden is None:
                raise ValueError(
                    "structural_damping needs the closure to return (loss, outputs, hidden), "
                    "hidden being the pre-activations of tanh units"
                )
            # J_a v -> lambda mu diag(1 - tanh^2 a) J_a v, a mean over all but the units
            a = self.hidden.detach()
            weight = structural * a.shape[-1] / a.numel()
            ends.append(self.hidden)
            errors.append(weight * (1.0 - torch.tanh(a).square()) * rest[0])
        # H J v -> J' H J v, and J_a' of the other error in the same pass
        gradients = torch.autograd.grad(
            ends, self.loss.parameters, errors, retain_graph=True, allow_unused=True
        )
        return self.loss.join_gradients(gradients)

    def _hessian_product(self, u: Tensor) -> Tensor:
        """Return H u, zero for a loss that is linear in the outputs."""
        if not self.slope.requires_grad:
            return torch.zeros_like(self.outputs)
        try:
            (Hu,) = torch.autograd.grad(
                self.slope, self.outputs, u, retain_graph=True, allow_unused=True
            )
        except RuntimeError as error:
            if "is not implemented" not in str(error):
                raise
            raise NotImplementedError(
                "HessianFree needs the second derivative of the loss by the outputs, which torch "
                f"does not have here: {error}. Write the loss with other functions"
            ) from error
        return torch.zeros_like(self.outputs) if Hu is None else Hu
