"""A stack of recurrent layers with a linear readout, as a function of one flat weight vector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod

import torch
from torch import Tensor

from trainers.cells import ACTIVATIONS, CELLS, Cell, Tape


@dataclass(frozen=True)
class Forward:
    """A forward pass: outputs, the tape of every layer, and the last state."""

    inputs: Tensor
    outputs: Tensor
    tapes: list[Tape]
    weights: dict[str, Tensor]
    initial: bool
    last: Tensor


@lru_cache
def _cell(name: str, activation: str) -> Cell:
    """Return a cell; kept here, since its functions cannot be pickled with a network."""
    return CELLS[name](ACTIVATIONS[activation])


@dataclass(frozen=True)
class Network:
    """o[t] = V h[t] + c on top of stacked recurrent layers, gradients by hand.

    Attributes
    ----------
    cell : a key of `cells.CELLS`
    n_inputs, n_units, n_layers, n_outputs : sizes
    activation : a key of `cells.ACTIVATIONS`, used by the vanilla cell
    learn_initial_state : whether the state before the first step is a weight; else it is zero
    """

    cell: str
    n_inputs: int
    n_units: int
    n_layers: int
    n_outputs: int
    activation: str = "tanh"
    learn_initial_state: bool = False

    @property
    def kind(self) -> Cell:
        """The cell's three passes."""
        return _cell(self.cell, self.activation)

    @property
    def state_size(self) -> int:
        """Numbers in the state of one series."""
        return self.n_layers * self.kind.n_parts * self.n_units

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the weights, in the order of the flat vector."""
        n, gates = self.n_units, self.kind.n_gates
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.n_layers):
            width = self.n_inputs if layer == 0 else n
            shapes[f"input_weights_{layer}"] = (gates * n, width)
            shapes[f"recurrent_weights_{layer}"] = (gates * n, n)
            shapes[f"bias_{layer}"] = (gates * n,)
            if self.learn_initial_state:
                shapes[f"initial_state_{layer}"] = (self.kind.n_parts * n,)
        shapes["output_weights"] = (self.n_outputs, n)
        shapes["output_bias"] = (self.n_outputs,)
        return shapes

    @property
    def n_weights(self) -> int:
        """Length of the flat vector."""
        return sum(prod(shape) for shape in self.shapes.values())

    def split(self, theta: Tensor) -> dict[str, Tensor]:
        """Return views of the flat vector by name."""
        sizes = [prod(shape) for shape in self.shapes.values()]
        parts = torch.split(theta, sizes)
        return {
            name: part.view(shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def forward(self, theta: Tensor, inputs: Tensor, state: Tensor | None = None) -> Forward:
        """Run the network.

        Parameters
        ----------
        theta : (n_weights,)
        inputs : (n_steps, batch, n_inputs)
        state : (batch, state_size) to go on from; None starts from zero or the learned state

        Returns
        -------
        outputs (n_steps, batch, n_outputs), tapes, and the state after the last step
        """
        weights = self.split(theta)
        tapes, lasts, below = [], [], inputs
        size = self.kind.n_parts * self.n_units
        for layer in range(self.n_layers):
            zx = below @ weights[f"input_weights_{layer}"].t() + weights[f"bias_{layer}"]
            if state is not None:
                start = state[:, layer * size : (layer + 1) * size]
            elif self.learn_initial_state:
                start = weights[f"initial_state_{layer}"].expand(inputs.shape[1], -1)
            else:
                start = inputs.new_zeros(inputs.shape[1], size)
            tape = self.kind.forward(zx, weights[f"recurrent_weights_{layer}"], start)
            tapes.append(tape)
            lasts.append(tape.last)
            below = tape.hidden[1:]
        outputs = below @ weights["output_weights"].t() + weights["output_bias"]
        return Forward(inputs, outputs, tapes, weights, state is None, torch.cat(lasts, dim=1))

    def backward(self, run: Forward, grad: Tensor, extra: list[Tensor] | None = None) -> Tensor:
        """Return the gradient of a loss with respect to all weights, by BPTT.

        Parameters
        ----------
        run : the forward pass
        grad : dL/do, (n_steps, batch, n_outputs)
        extra : per layer, added to the derivative of every pre-activation

        Returns
        -------
        (n_weights,)
        """
        found: dict[str, Tensor] = {}
        rows = grad.reshape(-1, self.n_outputs)
        top = run.tapes[-1].hidden[1:].reshape(-1, self.n_units)
        found["output_weights"] = rows.t() @ top
        found["output_bias"] = rows.sum(dim=0)
        above = grad @ run.weights["output_weights"]
        for layer in range(self.n_layers - 1, -1, -1):
            tape = run.tapes[layer]
            W_x, W_h = (
                run.weights[f"input_weights_{layer}"],
                run.weights[f"recurrent_weights_{layer}"],
            )
            added = None if extra is None else extra[layer]
            delta_x, delta_h, start = self.kind.backward(tape, W_h, above, added)
            below = run.inputs if layer == 0 else run.tapes[layer - 1].hidden[1:]
            flat_x, flat_h = delta_x.flatten(0, 1), delta_h.flatten(0, 1)
            found[f"input_weights_{layer}"] = flat_x.t() @ below.flatten(0, 1)
            found[f"recurrent_weights_{layer}"] = flat_h.t() @ tape.hidden[:-1].flatten(0, 1)
            found[f"bias_{layer}"] = flat_x.sum(dim=0)
            if self.learn_initial_state:
                learned = start.sum(dim=0) if run.initial else torch.zeros_like(start[0])
                found[f"initial_state_{layer}"] = learned
            if layer:
                above = delta_x @ W_x
        return torch.cat([found[name].reshape(-1) for name in self.shapes])

    def r_forward(self, run: Forward, direction: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the derivative of the outputs along a direction in weight space, J v.

        Parameters
        ----------
        run : the forward pass
        direction : v, (n_weights,)

        Returns
        -------
        R o (n_steps, batch, n_outputs), and R of every layer's pre-activations
        """
        v = self.split(direction)
        r_below: Tensor | None = None
        pre = []
        for layer in range(self.n_layers):
            tape = run.tapes[layer]
            W_x, W_h = (
                run.weights[f"input_weights_{layer}"],
                run.weights[f"recurrent_weights_{layer}"],
            )
            below = run.inputs if layer == 0 else run.tapes[layer - 1].hidden[1:]
            r_zx = below @ v[f"input_weights_{layer}"].t() + v[f"bias_{layer}"]
            if r_below is not None:
                r_zx = r_zx + r_below @ W_x.t()
            r_zh = tape.hidden[:-1] @ v[f"recurrent_weights_{layer}"].t()
            if self.learn_initial_state and run.initial:
                start = v[f"initial_state_{layer}"].expand(run.inputs.shape[1], -1)
            else:
                start = torch.zeros_like(tape.last)
            r_below, r_z = self.kind.r_forward(tape, W_h, r_zx, r_zh, start)
            pre.append(r_z)
        assert r_below is not None  # there is at least one layer
        top = run.tapes[-1].hidden[1:]
        r_outputs = r_below @ run.weights["output_weights"].t()
        r_outputs += top @ v["output_weights"].t() + v["output_bias"]
        return r_outputs, pre
