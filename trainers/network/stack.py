"""A stack of recurrent layers with a linear readout, as a function of one flat weight vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor

from trainers.network.cell import ACTIVATIONS, CELLS, Cell, Empty, Tape
from trainers.network.small import product
from trainers.network.workspace import Buffers


class LayerPass(NamedTuple):
    """What the backward pass of one layer found.

    Attributes
    ----------
    errors : dL/dh, (n_steps, batch, n_units), through all later steps
    delta_x, delta_h : dL/dzx and dL/dzh, (n_steps, batch, n_gates * n_units)
    start : dL/dstate[0], (batch, layer's state size)
    """

    errors: Tensor
    delta_x: Tensor
    delta_h: Tensor
    start: Tensor


Watch = Callable[[int, LayerPass], None]


@dataclass(frozen=True)
class Forward:
    """A forward pass: outputs, the tape of every layer, the last state, and the memory used."""

    inputs: Tensor
    outputs: Tensor
    tapes: list[Tape]
    weights: dict[str, Tensor]
    initial: bool
    last: Tensor
    buffers: Buffers

    def below(self, layer: int) -> Tensor:
        """Return the inputs of a layer, (n_steps, batch, width)."""
        return self.inputs if layer == 0 else self.tapes[layer - 1].hidden[1:]


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
    hidden_bias : whether units have a bias
    """

    cell: str
    n_inputs: int
    n_units: int
    n_layers: int
    n_outputs: int
    activation: str = "tanh"
    learn_initial_state: bool = False
    hidden_bias: bool = True

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
            if self.hidden_bias:
                shapes[f"bias_{layer}"] = (gates * n,)
            if self.learn_initial_state:
                shapes[f"initial_state_{layer}"] = (self.kind.n_parts * n,)
        shapes["output_weights"] = (self.n_outputs, n)
        shapes["output_bias"] = (self.n_outputs,)
        return shapes

    @property
    def n_weights(self) -> int:
        """Length of the flat vector."""
        return sum(self._sizes)

    @cached_property
    def _sizes(self) -> list[int]:
        return [prod(shape) for shape in self.shapes.values()]

    def split(self, theta: Tensor) -> dict[str, Tensor]:
        """Return views of the flat vector by name."""
        parts = theta.split_with_sizes(self._sizes)
        return {
            name: part.view(shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def forward(
        self,
        theta: Tensor,
        inputs: Tensor,
        state: Tensor | None = None,
        buffers: Buffers | None = None,
        n_outputs: int | None = None,
    ) -> Forward:
        """Run the network.

        Parameters
        ----------
        theta : (n_weights,)
        inputs : (n_steps, batch, n_inputs)
        state : (batch, state_size) to go on from; None starts from zero or the learned state
        buffers : memory to write to, which a later pass may overwrite; None takes new memory
        n_outputs : outputs are computed for this many last steps; None for all

        Returns
        -------
        outputs (n_steps or n_outputs, batch, n_outputs), tapes, and the state after the last step
        """
        weights = self.split(theta)
        buffers = Buffers(theta) if buffers is None else buffers
        tapes, below = [], inputs
        size = self.kind.n_parts * self.n_units
        for layer in range(self.n_layers):
            empty = _named(buffers, layer)
            W_x, bias = weights[f"input_weights_{layer}"], weights.get(f"bias_{layer}")
            zx = _affine(below, W_x, bias, empty, "zx")
            if state is not None:
                start = state[:, layer * size : (layer + 1) * size]
            elif self.learn_initial_state:
                start = weights[f"initial_state_{layer}"].expand(inputs.shape[1], -1)
            else:
                start = inputs.new_zeros(inputs.shape[1], size)
            tape = self.kind.forward(zx, weights[f"recurrent_weights_{layer}"], start, empty)
            tapes.append(tape)
            below = tape.hidden[1:]
        early = 0 if n_outputs is None else len(inputs) - n_outputs
        outputs = _affine(
            below[early:], weights["output_weights"], weights["output_bias"], buffers, "outputs"
        )
        last = torch.cat([tape.last for tape in tapes], dim=1)
        return Forward(inputs, outputs, tapes, weights, state is None, last, buffers)

    def backward(
        self,
        run: Forward,
        grad: Tensor,
        extra: list[Tensor] | None = None,
        buffers: Buffers | None = None,
        watch: Watch | None = None,
    ) -> Tensor:
        """Return the gradient of a loss with respect to all weights, by BPTT.

        Parameters
        ----------
        run : the forward pass
        grad : dL/do, of the shape of the outputs
        extra : per layer, added to the derivative of every pre-activation
        buffers : memory to write to; None takes that of the forward pass
        watch : called with the number of a layer and what was found there, from the top down

        Returns
        -------
        (n_weights,)
        """
        buffers = run.buffers if buffers is None else buffers
        gradient = grad.new_empty(self.n_weights)
        found = self.split(gradient)
        rows, top = grad.reshape(-1, self.n_outputs), run.below(self.n_layers)
        early = len(top) - len(grad)
        torch.mm(rows.t(), top[early:].flatten(0, 1), out=found["output_weights"])
        torch.sum(rows, dim=0, out=found["output_bias"])
        above = buffers("above", *top.shape)
        above[:early] = 0.0
        torch.mm(rows, run.weights["output_weights"], out=above[early:].flatten(0, 1))
        for layer in range(self.n_layers - 1, -1, -1):
            tape, W_h = run.tapes[layer], run.weights[f"recurrent_weights_{layer}"]
            added = None if extra is None else extra[layer]
            delta_x, delta_h, start = self.kind.backward(
                tape, W_h, above, added, _named(buffers, layer)
            )
            if watch is not None:
                watch(layer, LayerPass(above, delta_x, delta_h, start))
            flat_x, flat_h = delta_x.flatten(0, 1), delta_h.flatten(0, 1)
            below, before = run.below(layer).flatten(0, 1), tape.hidden[:-1].flatten(0, 1)
            torch.mm(below.t(), flat_x, out=found[f"input_weights_{layer}"].t())
            product(flat_h.t(), before, found[f"recurrent_weights_{layer}"])
            if self.hidden_bias:
                torch.sum(flat_x, dim=0, out=found[f"bias_{layer}"])
            if self.learn_initial_state:
                learned = start.sum(dim=0) if run.initial else 0.0
                found[f"initial_state_{layer}"][:] = learned
            if layer:
                torch.mm(flat_x, run.weights[f"input_weights_{layer}"], out=above.flatten(0, 1))
        return gradient

    def r_forward(
        self, run: Forward, direction: Tensor, buffers: Buffers | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the derivative of the outputs along a direction in weight space, J v.

        Parameters
        ----------
        run : the forward pass
        direction : v, (n_weights,)
        buffers : memory to write to; None takes that of the forward pass

        Returns
        -------
        R o of the shape of the outputs, and R of every layer's pre-activations
        """
        buffers = run.buffers if buffers is None else buffers
        v, pre = self.split(direction), []
        r_below: Tensor | None = None
        for layer in range(self.n_layers):
            empty, tape = _named(buffers, layer), run.tapes[layer]
            v_x, v_bias = v[f"input_weights_{layer}"], v.get(f"bias_{layer}")
            r_zx = _affine(run.below(layer), v_x, v_bias, empty, "r_zx")
            if r_below is not None:
                W_x = run.weights[f"input_weights_{layer}"]
                r_zx.flatten(0, 1).addmm_(r_below.flatten(0, 1), W_x.t())
            if self.learn_initial_state and run.initial:
                start = v[f"initial_state_{layer}"].expand(run.inputs.shape[1], -1)
            else:
                start = torch.zeros_like(tape.last)
            r_below, r_z = self.kind.r_forward(
                tape, run.weights[f"recurrent_weights_{layer}"], r_zx,
                v[f"recurrent_weights_{layer}"], start, empty,
            )  # fmt: skip
            pre.append(r_z)
        assert r_below is not None  # there is at least one layer
        early = len(r_below) - len(run.outputs)
        top, r_top = run.below(self.n_layers)[early:], r_below[early:]
        r_outputs = _affine(top, v["output_weights"], v["output_bias"], buffers, "r_outputs")
        r_outputs.flatten(0, 1).addmm_(r_top.flatten(0, 1), run.weights["output_weights"].t())
        return r_outputs, pre


def _named(buffers: Buffers, layer: int) -> Empty:
    """Return the memory of one layer."""
    return lambda name, *shape: buffers(f"{name}_{layer}", *shape)


def _affine(rows: Tensor, weights: Tensor, bias: Tensor | None, empty: Empty, name: str) -> Tensor:
    """Return rows @ weights' + bias, (n_steps, batch, width), in the memory of that name."""
    out = empty(name, *rows.shape[:2], len(weights))
    flat = rows.flatten(0, 1)
    if bias is None:
        torch.mm(flat, weights.t(), out=out.flatten(0, 1))
    else:
        torch.addmm(bias, flat, weights.t(), out=out.flatten(0, 1))
    return out
