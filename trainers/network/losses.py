"""Losses on linear outputs: value, gradient and Hessian product with respect to the outputs.

Every loss is summed over outputs and averaged over the scored steps (those with mask 1). The three
are matching pairs of output activation and loss, whose Hessian is positive semi-definite:
identity and squared error, softmax and cross-entropy, sigmoid and binary cross-entropy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Loss:
    """A loss as three functions of outputs o and targets y, each (n_steps, batch, n_outputs).

    Attributes
    ----------
    value : (o, y) -> (n_steps, batch) Tensor
        The loss l of every step.
    gradient : (o, y) -> Tensor of the shape of o
        dl/do.
    hessian : (o, u) -> Tensor of the shape of o
        (d2l/do2) u.
    """

    value: Callable[[Tensor, Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor], Tensor]
    hessian: Callable[[Tensor, Tensor], Tensor]


def _squared_error(o: Tensor, y: Tensor) -> Tensor:
    """Return |o - y|^2 / 2, whose Hessian is I."""
    return 0.5 * (o - y).square().sum(dim=-1)


def _cross_entropy(o: Tensor, y: Tensor) -> Tensor:
    """Return -sum y log softmax(o)."""
    return -(y * torch.log_softmax(o, dim=-1)).sum(dim=-1)


def _softmax_hessian(o: Tensor, u: Tensor) -> Tensor:
    """Return (diag(p) - p p') u with p = softmax(o)."""
    p = torch.softmax(o, dim=-1)
    return p * (u - (p * u).sum(dim=-1, keepdim=True))


def _binary_cross_entropy(o: Tensor, y: Tensor) -> Tensor:
    """Return -sum y log p + (1 - y) log(1 - p) with p = sigmoid(o)."""
    return F.binary_cross_entropy_with_logits(o, y, reduction="none").sum(dim=-1)


def _sigmoid_hessian(o: Tensor, u: Tensor) -> Tensor:
    """Return p (1 - p) u with p = sigmoid(o)."""
    p = torch.sigmoid(o)
    return p * (1.0 - p) * u


LOSSES = {
    "squared_error": Loss(_squared_error, lambda o, y: o - y, lambda o, u: u),
    "cross_entropy": Loss(
        _cross_entropy, lambda o, y: torch.softmax(o, dim=-1) - y, _softmax_hessian
    ),
    "binary_cross_entropy": Loss(
        _binary_cross_entropy, lambda o, y: torch.sigmoid(o) - y, _sigmoid_hessian
    ),
}
