"""Gradients and Gauss-Newton products of a network on a batch, in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from trainers.batches import Batch, Examples
from trainers.buffers import Buffers
from trainers.losses import Loss
from trainers.network import Forward, Network

CHUNK = 256  # pieces per chunk: larger ones fall out of the cache


def chunks(examples: Examples, pieces: np.ndarray) -> Iterator[Batch]:
    """Yield the pieces in batches of at most 256."""
    for first in range(0, len(pieces), CHUNK):
        yield examples.batch(pieces[first : first + CHUNK])


class Objective:
    """The loss of a network on fixed pieces of the data, as a function of its weights.

    loss = sum over scored steps of l(o, y) / number of scored steps

    Parameters
    ----------
    network : the network
    loss : its loss
    examples : the data
    pieces : numbers of the pieces used
    """

    def __init__(
        self, network: Network, loss: Loss, examples: Examples, pieces: np.ndarray
    ) -> None:
        self.network, self.loss = network, loss
        self.batches = list(chunks(examples, pieces))
        self.weight = sum(batch.weight for batch in self.batches)
        self.buffers = Buffers(examples.rows)

    def value(self, theta: Tensor) -> float:
        """Return the loss."""
        total = 0.0
        for batch in self.batches:
            outputs = self.network.forward(theta, batch.inputs, buffers=self.buffers).outputs
            total += float((self.loss.value(outputs, batch.targets) * batch.mask[..., 0]).sum())
        return total / self.weight

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient, (n_weights,)."""
        total, gradient = 0.0, theta.new_zeros(theta.shape)
        for batch in self.batches:
            run = self.network.forward(theta, batch.inputs, buffers=self.buffers)
            value, grad = loss_gradient(self.loss, run, batch, self.weight)
            total += value
            gradient += self.network.backward(run, grad)
        return total, gradient


def loss_gradient(loss: Loss, run: Forward, batch: Batch, weight: float) -> tuple[float, Tensor]:
    """Return the masked loss of a forward pass and its derivative in the outputs.

    Parameters
    ----------
    loss : the loss
    run : the forward pass
    batch : targets and mask
    weight : what the sum over scored steps is divided by
    """
    value = (loss.value(run.outputs, batch.targets) * batch.mask[..., 0]).sum() / weight
    return float(value), loss.gradient(run.outputs, batch.targets) * (batch.mask / weight)


class GaussNewton:
    """Products with the Gauss-Newton matrix of an objective at one point.

    v -> J v -> H J v -> J' H J v, the last two by one backward pass; with structural damping

        (J' H J + lambda mu J_a' diag(a') J_a) v

    J_a the Jacobian of the pre-activations a, a' their activations' slopes: for tanh the curvature
    of the cross-entropy distance between hidden states (Martens & Sutskever 2011), for gated cells
    its natural extension, which is unpublished.

    Parameters
    ----------
    objective : the loss and the pieces
    theta : (n_weights,), where; the forward passes are kept
    """

    def __init__(self, objective: Objective, theta: Tensor) -> None:
        self.objective = objective
        network = objective.network
        self.runs = [network.forward(theta, batch.inputs) for batch in objective.batches]
        self.buffers = Buffers(theta)

    def product(self, v: Tensor, structural: float = 0.0) -> Tensor:
        """Return the product with v.

        Parameters
        ----------
        v : (n_weights,)
        structural : lambda mu, the weight of structural damping
        """
        network, loss = self.objective.network, self.objective.loss
        result = v.new_zeros(v.shape)
        for run, batch in zip(self.runs, self.objective.batches, strict=True):
            share = batch.mask / self.objective.weight
            r_outputs, pre = network.r_forward(run, v, self.buffers)
            curved = loss.hessian(run.outputs, r_outputs) * share
            extra = None
            if structural:
                per_step = batch.inside * (structural / self.objective.weight)
                extra = [
                    r.mul_(t.slopes).mul_(per_step) for t, r in zip(run.tapes, pre, strict=True)
                ]
            result += network.backward(run, curved, extra, self.buffers)
        return result
