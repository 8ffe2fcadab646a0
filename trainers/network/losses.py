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
    """A loss as three functions of outputs o, targets y and a mask that sums to the weight.

    Attributes
    ----------
    value : (o, y) -> loss of every step, (n_steps, batch)
    gradient : (o, y) -> dl/do, the shape of o
    hessian : (o, u) -> (d2l/do2) u, the shape of o
    """

    value: Callable[[Tensor, Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor], Tensor]
    hessian: Callable[[Tensor, Tensor], Tensor]


def _softmax_product(o: Tensor, u: Tensor) -> Tensor:
    p = torch.softmax(o, dim=-1)
    return p * (u - (p * u).sum(dim=-1, keepdim=True))


def _sigmoid_product(o: Tensor, u: Tensor) -> Tensor:
    p = torch.sigmoid(o)
    return p * (1.0 - p) * u


def _binary(o: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(o, y, reduction="none").sum(dim=-1)


LOSSES = {
    # 1/2 |o - y|^2, Hessian I
    "squared_error": Loss(
        lambda o, y: 0.5 * (o - y).square().sum(dim=-1), lambda o, y: o - y, lambda o, u: u
    ),
    # -sum y log softmax(o), Hessian diag(p) - p p'
    "cross_entropy": Loss(
        lambda o, y: -(y * torch.log_softmax(o, dim=-1)).sum(dim=-1),
        lambda o, y: torch.softmax(o, dim=-1) - y,
        _softmax_product,
    ),
    # -sum y log s(o) + (1 - y) log(1 - s(o)), Hessian s (1 - s)
    "binary_cross_entropy": Loss(_binary, lambda o, y: torch.sigmoid(o) - y, _sigmoid_product),
}
