"""Gradients and Gauss-Newton products of a network on a batch, in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from trainers.data.batches import Batch, Examples
from trainers.network.losses import Loss
from trainers.network.passes import ForwardPass, LayerErrors
from trainers.network.stack import Network
from trainers.network.torch_layers import Keep
from trainers.network.workspace import Workspace
from trainers.second_order.step import CurvatureMatrix

CHUNK = 256  # pieces per chunk: larger ones fall out of the cache


def chunks(examples: Examples, pieces: np.ndarray) -> Iterator[Batch]:
    """Yield the pieces in batches of at most 256."""
    for first in range(0, len(pieces), CHUNK):
        yield examples.batch(pieces[first : first + CHUNK])


class Objective:
    """The loss of a network on fixed pieces of the data, as a function of its weights.

    loss = sum over scored steps of l(o, y) / number of scored steps

    Weights and gradients may be float64 where the data are float32.

    The numbers of the pieces used are in `pieces`.
    """

    def __init__(
        self, network: Network, loss: Loss, examples: Examples, pieces: np.ndarray
    ) -> None:
        self.network, self.loss = network, loss
        self.batches = list(chunks(examples, pieces))
        self.weight = sum(batch.weight for batch in self.batches)
        self.dtype = examples.rows.dtype
        self.workspace = Workspace(examples.rows)

    def value(self, theta: Tensor) -> float:
        """Return the loss."""
        total, theta = 0.0, theta.to(self.dtype)
        for batch in self.batches:
            outputs = self._forward(theta, batch, "nothing").outputs
            total += float((self.loss.value(outputs, batch.targets) * batch.mask[..., 0]).sum())
        return total / self.weight

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient, (n_weights,)."""
        total, gradient = 0.0, torch.zeros_like(theta)
        for batch in self.batches:
            run = self._forward(theta.to(self.dtype), batch, "gradient")
            value, output_gradient = loss_gradient(self.loss, run, batch, self.weight)
            total += value
            gradient += self.network.backward(run, output_gradient)
        return total, gradient

    def matrix(self, theta: Tensor) -> CurvatureMatrix:
        """Return the Gauss-Newton matrix at some weights."""
        return GaussNewton(self, theta)

    def runs(self, theta: Tensor) -> list[ForwardPass]:
        """Return forward passes of all batches, each in memory of its own."""
        theta = theta.to(self.dtype)
        return [
            self.network.forward(theta, batch.inputs, n_outputs=batch.n_outputs)
            for batch in self.batches
        ]

    def loss_of(self, runs: list[ForwardPass]) -> float:
        """Return the loss of forward passes of all batches."""
        total = 0.0
        for run, batch in zip(runs, self.batches, strict=True):
            total += float((self.loss.value(run.outputs, batch.targets) * batch.mask[..., 0]).sum())
        return total / self.weight

    def _forward(self, theta: Tensor, batch: Batch, keep: Keep = "tape") -> ForwardPass:
        return self.network.forward(
            theta,
            batch.inputs,
            workspace=self.workspace,
            n_outputs=batch.n_outputs,
            keep=keep,
        )

    def squared_gradients(self, theta: Tensor) -> Tensor:
        """Return the mean of the squared gradients of single pieces.

        sum_i w (dL_i / dtheta)^2, where the L_i sum up to the loss and w is the number of scored
        steps: the diagonal of the empirical Fisher matrix.

        References
        ----------
        Martens (2010), Deep learning via Hessian-free optimization, section 4.7.
        """
        total = torch.zeros_like(theta)
        for batch in self.batches:
            run = self._forward(theta.to(self.dtype), batch)
            _, output_gradient = loss_gradient(self.loss, run, batch, self.weight)
            total += self.weight * _sum_of_squares(self.network, run, output_gradient)
        return total


def _sum_of_squares(network: Network, run: ForwardPass, output_gradient: Tensor) -> Tensor:
    """Return the sum over the series of a batch of their squared gradients, (n_weights,)."""
    if run.cell is None:  # modules say no errors of their parts: one series after another
        alone = torch.eye(output_gradient.shape[1]).to(output_gradient)[:, None, :, None]
        return sum(
            (network.backward(run, output_gradient * one).square() for one in alone),
            torch.zeros(()).to(output_gradient),
        )
    squares: dict[str, Tensor] = {}

    def outer(errors: Tensor, inputs: Tensor) -> Tensor:
        # A series' gradient is the sum over its steps of error input', one matrix per series.
        gradients = torch.bmm(errors.permute(1, 2, 0), inputs.transpose(0, 1))
        return gradients.square().sum(dim=0)

    def add_layer(layer: int, errors: LayerErrors) -> None:
        hidden = run.tapes[layer].recurrent[:-1]
        squares[f"input_weights_{layer}"] = outer(errors.delta_x, run.layer_inputs(layer))
        squares[f"recurrent_weights_{layer}"] = outer(errors.delta_h, hidden)
        squares[f"bias_{layer}"] = errors.delta_x.sum(dim=0).square().sum(dim=0)
        squares[f"initial_state_{layer}"] = errors.start.square().sum(dim=0)

    network.backward(run, output_gradient, on_layer=add_layer)
    top = run.layer_inputs(network.n_layers)[-len(output_gradient) :]
    squares["output_weights"] = outer(output_gradient, top)
    if network.skip:
        squares["skip_weights"] = outer(output_gradient, run.inputs[-len(output_gradient) :])
    squares["output_bias"] = output_gradient.sum(dim=0).square().sum(dim=0)
    return torch.cat([squares[name].reshape(-1) for name in network.shapes])


def loss_gradient(
    loss: Loss, run: ForwardPass, batch: Batch, weight: float
) -> tuple[float, Tensor]:
    """Return the masked loss of a forward pass and its derivative in the outputs.

    The sum over scored steps is divided by `weight`; the derivative is (n_steps, batch, n_outputs).
    """
    value = float((loss.value(run.outputs, batch.targets) * batch.mask[..., 0]).sum()) / weight
    return value, loss.gradient(run.outputs, batch.targets) * (batch.mask / weight)


class GaussNewton:
    """Products with the Gauss-Newton matrix of an objective at one point.

    v -> J v -> H J v -> J' H J v, the last two by one backward pass; with structural damping

        (J' H J + lambda mu J_a' diag(a') J_a) v

    J_a the Jacobian of the pre-activations a, a' their activations' slopes: for tanh the curvature
    of the cross-entropy distance between hidden states (Martens & Sutskever 2011), for gated cells
    its natural extension, which is unpublished.

    The matrix is that for the weights theta, whose forward passes are stored.
    """

    def __init__(self, objective: Objective, theta: Tensor) -> None:
        self.objective = objective
        self.runs = objective.runs(theta)
        self.workspace = Workspace(self.runs[0].outputs)

    def product(self, v: Tensor, structural: float = 0.0) -> Tensor:
        """Return the product with a vector.

        `structural` is lambda mu, the weight of structural damping.
        """
        network, loss, weight = self.objective.network, self.objective.loss, self.objective.weight
        product, v = torch.zeros_like(v), v.to(self.objective.dtype)
        for run, batch in zip(self.runs, self.objective.batches, strict=True):
            # v -> J v, and J_a v per layer on the way
            Jv, Ja_v = network.r_forward(run, v, self.workspace)
            # J v -> H J v: H is block-diagonal, one block of n_outputs^2 per scored step
            HJv = loss.hessian(run.outputs, batch.targets, Jv) * (batch.mask / weight)
            terms = damping_terms(run, Ja_v, batch, structural / weight)
            # H J v -> J' H J v, and J_a' of the damping terms in the same backward pass
            product += network.backward(run, HJv, terms, self.workspace)
        return product


def damping_terms(
    run: ForwardPass, Ja_v: list[Tensor], batch: Batch, weight: float
) -> list[Tensor] | None:
    """Return weight diag(a') J_a v of every layer, at all steps inside the series.

    They take the memory of J_a v; of weight 0 there are none.
    """
    if not weight:
        return None
    per_step = batch.inside * weight
    return [r.mul_(slopes).mul_(per_step) for slopes, r in zip(run.slopes, Ja_v, strict=True)]
