"""Losses on linear outputs: value, gradient and Gauss-Newton factor with respect to the outputs.

Every loss is summed over outputs and averaged over the scored steps (those with mask 1). Squared
error, cross-entropy and binary cross-entropy are matching pairs of output activation and loss,
whose Hessian is positive semi-definite and is the factor. Where it is not, or is zero almost
everywhere, another curvature takes its place: that of the smallest parabola above the loss
(absolute, quantile), or the expected one (gaussian).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

LossFunction = Callable[[Tensor, Tensor], Tensor]
HUBER_WIDTH = 0.2  # deviations of y up to which the loss of Huber is quadratic
SMALLEST_ERROR = 1e-2  # deviations of y below which the parabola above |r| gets no steeper
SMALLEST_LOG_DEVIATION = -10.0  # of a gaussian, so that no exact target has an infinite likelihood


@dataclass(frozen=True)
class Loss:
    """A loss as three functions of outputs o, (n_steps, batch, n_outputs), and targets y.

    Attributes
    ----------
    value : (o, y) -> (n_steps, batch) Tensor
        The loss l of every step.
    gradient : (o, y) -> Tensor of the shape of o
        dl/do.
    hessian : (o, y, u) -> Tensor of the shape of o
        (d2l/do2) u, or H u with the curvature that takes its place.
    """

    value: Callable[[Tensor, Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor], Tensor]
    hessian: Callable[[Tensor, Tensor, Tensor], Tensor]


def _squared_error(o: Tensor, y: Tensor) -> Tensor:
    """Return |o - y|^2 / 2, whose Hessian is I."""
    return 0.5 * (o - y).square().sum(dim=-1)


def _cross_entropy(o: Tensor, y: Tensor) -> Tensor:
    """Return -sum y log softmax(o)."""
    return -(y * torch.log_softmax(o, dim=-1)).sum(dim=-1)


def _softmax_hessian(o: Tensor, y: Tensor, u: Tensor) -> Tensor:
    """Return (diag(p) - p p') u with p = softmax(o)."""
    p = torch.softmax(o, dim=-1)
    return p * (u - (p * u).sum(dim=-1, keepdim=True))


def _binary_cross_entropy(o: Tensor, y: Tensor) -> Tensor:
    """Return -sum y log p + (1 - y) log(1 - p) with p = sigmoid(o)."""
    return F.binary_cross_entropy_with_logits(o, y, reduction="none").sum(dim=-1)


def _sigmoid_hessian(o: Tensor, y: Tensor, u: Tensor) -> Tensor:
    """Return p (1 - p) u with p = sigmoid(o)."""
    p = torch.sigmoid(o)
    return p * (1.0 - p) * u


def _absolute(o: Tensor, y: Tensor) -> Tensor:
    """Return sum |o - y|."""
    return (o - y).abs().sum(dim=-1)


def _absolute_factor(o: Tensor, y: Tensor, u: Tensor) -> Tensor:
    """Return u / |r|: the parabola r^2 / (2 |r0|) + |r0| / 2 touches |r| at r0 and is above it."""
    return u / (o - y).abs().clamp_min(SMALLEST_ERROR)


def _huber(o: Tensor, y: Tensor) -> Tensor:
    """Return sum r^2 / 2 up to the width d, d (|r| - d / 2) beyond."""
    return F.huber_loss(o, y.expand_as(o), reduction="none", delta=HUBER_WIDTH).sum(dim=-1)


def _gaussian(o: Tensor, y: Tensor) -> Tensor:
    """Return sum s + (m - y)^2 / (2 e^(2s)), the negative log-likelihood without its constant."""
    m, s = _mean_and_log(o)
    return (s + 0.5 * (m - y).square() * torch.exp(-2.0 * s)).sum(dim=-1)


def _gaussian_gradient(o: Tensor, y: Tensor) -> Tensor:
    m, s = _mean_and_log(o)
    precision = torch.exp(-2.0 * s)
    by_s = (1.0 - (m - y).square() * precision) * (o[..., 1::2] > SMALLEST_LOG_DEVIATION)
    return torch.stack([(m - y) * precision, by_s], dim=-1).flatten(-2)


def _gaussian_factor(o: Tensor, y: Tensor, u: Tensor) -> Tensor:
    """Return the Fisher information, the expected Hessian: e^(-2s) for m, 2 for s."""
    _, s = _mean_and_log(o)
    above = o[..., 1::2] > SMALLEST_LOG_DEVIATION
    by_pair = torch.stack([torch.exp(-2.0 * s), 2.0 * above], dim=-1)
    return by_pair.flatten(-2) * u


def _mean_and_log(o: Tensor) -> tuple[Tensor, Tensor]:
    """Return the means and the logarithms of the deviations, which take turns in the outputs."""
    return o[..., ::2], o[..., 1::2].clamp_min(SMALLEST_LOG_DEVIATION)


def quantile_loss(levels: Sequence[float]) -> Loss:
    """Return the pinball loss of one output per level p and target, those of a target together.

    l = sum p max(y - o, 0) + (1 - p) max(o - y, 0)

    Levels are shares in (0, 1).

    References
    ----------
    Koenker & Bassett (1978), Regression quantiles.
    Hunter & Lange (2000), Quantile regression via an MM algorithm, for the parabola above it.
    """

    def errors(o: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return y[..., None] - o.reshape(*y.shape, len(levels)), o.new_tensor(levels)

    def value(o: Tensor, y: Tensor) -> Tensor:
        r, p = errors(o, y)
        return torch.maximum(p * r, (p - 1.0) * r).sum(dim=(-1, -2))

    def gradient(o: Tensor, y: Tensor) -> Tensor:
        r, p = errors(o, y)
        return ((r < 0).to(o.dtype) - p).flatten(-2)

    def factor(o: Tensor, y: Tensor, u: Tensor) -> Tensor:
        r, _ = errors(o, y)
        return 0.5 * u / r.abs().clamp_min(SMALLEST_ERROR).flatten(-2)

    return Loss(value, gradient, factor)


def function_loss(function: LossFunction) -> Loss:
    """Return a user's function of outputs and targets, differentiated by torch.

    The function takes (n_steps, batch, n_outputs) twice and returns the loss of every row,
    (n_steps, batch); the factor is its Hessian, which Hessian-free needs convex. A ValueError is
    raised for another shape.
    """

    def checked(o: Tensor, y: Tensor) -> Tensor:
        losses = function(o, y)
        shape = tuple(getattr(losses, "shape", ()))
        if not isinstance(losses, Tensor) or shape != o.shape[:-1]:
            raise ValueError(
                "loss must return the loss of every row, a torch tensor of shape (n_steps, batch) "
                f"= {tuple(o.shape[:-1])}, got {type(losses).__name__} of shape {shape}; leave out "
                "the mean, and sum over the last axis"
            )
        return losses

    # training runs in inference mode, where torch differentiates nothing: copies leave it
    def value(o: Tensor, y: Tensor) -> Tensor:
        with torch.inference_mode(False), torch.no_grad():
            return checked(o.clone(), y.clone())

    def gradient(o: Tensor, y: Tensor) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            tracked = o.clone().requires_grad_(True)
            total = checked(tracked, y.clone()).sum()
            return torch.autograd.grad(total, tracked, allow_unused=True, materialize_grads=True)[0]

    def hessian(o: Tensor, y: Tensor, u: Tensor) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            tracked = o.clone().requires_grad_(True)
            total = checked(tracked, y.clone()).sum()
            (slopes,) = torch.autograd.grad(total, tracked, create_graph=True)
            if not slopes.requires_grad:  # linear pieces
                return torch.zeros_like(u)
            return torch.autograd.grad(slopes, tracked, u.clone(), materialize_grads=True)[0]

    return Loss(value, gradient, hessian)


LOSSES = {
    "squared_error": Loss(_squared_error, lambda o, y: o - y, lambda o, y, u: u),
    "absolute": Loss(_absolute, lambda o, y: torch.sign(o - y), _absolute_factor),
    "huber": Loss(
        _huber,
        lambda o, y: (o - y).clamp(-HUBER_WIDTH, HUBER_WIDTH),
        lambda o, y, u: u * ((o - y).abs() <= HUBER_WIDTH),
    ),
    "gaussian": Loss(_gaussian, _gaussian_gradient, _gaussian_factor),
    "cross_entropy": Loss(
        _cross_entropy, lambda o, y: torch.softmax(o, dim=-1) - y, _softmax_hessian
    ),
    "binary_cross_entropy": Loss(
        _binary_cross_entropy, lambda o, y: torch.sigmoid(o) - y, _sigmoid_hessian
    ),
}
