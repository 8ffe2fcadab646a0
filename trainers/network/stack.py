"""A stack of recurrent layers with a linear readout, as a function of one flat weight vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
import torch
from torch import Tensor

from reservoirs.parallel import ComputedOnce
from reservoirs.sequences import Array
from trainers.network.cell import Cell, Tape
from trainers.network.cells import GivenCell, get_cell
from trainers.network.passes import ForwardPass, LayerErrors
from trainers.network.small import multiply_long
from trainers.network.torch_layers import Keep, LayerRun, is_faster, run_layer
from trainers.network.workspace import Workspace

RowRunner = Callable[[Array, "Array | None"], "tuple[Array, Array]"]
READOUT = ("output_weights", "skip_weights", "output_bias")  # the last weights, in their order


@dataclass(frozen=True)
class Network:
    """o[t] = V h[t] + U x[t] + c on top of stacked recurrent layers, gradients by hand.

    Attributes
    ----------
    cell : str or Cell
        A key of `cells.CELLS`, or a cell with settings of its own.
    n_inputs, n_units, n_layers, n_outputs : int
        Sizes.
    activation : str, default="tanh"
        A key of `rnn.ACTIVATIONS`, used by the vanilla cell.
    learn_initial_state : bool, default=False
        Whether the state before the first step is a weight; else it is zero.
    hidden_bias : bool, default=True
        Whether units have a bias.
    skip : bool, default=False
        Whether the readout sees the inputs too, by U; else there is no U.
    """

    cell: GivenCell
    n_inputs: int
    n_units: int
    n_layers: int
    n_outputs: int
    activation: str = "tanh"
    learn_initial_state: bool = False
    hidden_bias: bool = True
    skip: bool = False

    @property
    def feedback(self) -> Tensor | None:
        """How the last outputs enter the inputs, (n_inputs, n_outputs); None where they do not."""
        return None

    @property
    def runs_without_torch(self) -> bool:
        """Whether its cell runs a series without torch, in closed loops."""
        return True

    def drawn(self, rng: np.random.Generator) -> dict[str, Array] | None:
        """Return first weights that belong to the cell itself; None, as here, where `init` draws.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws them.
        """
        del rng
        return None

    def unforced(self) -> Network:
        """Return the network that is fed its inputs alone; here itself."""
        return self

    def mixing(self, run: RowRunner, dtype: np.dtype) -> RowRunner:
        """Return a function of one series that mixes what is fed back into the rows; here as is."""
        del dtype
        return run

    @property
    def kind(self) -> Cell:
        """The cell itself, with its passes."""
        return get_cell(self.cell, self.activation)

    @property
    def layer_state_size(self) -> int:
        """Numbers in the state of one layer and series."""
        return self.kind.n_parts * self.n_units

    @property
    def state_size(self) -> int:
        """Numbers in the state of one series."""
        return self.n_layers * self.layer_state_size

    @ComputedOnce
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the weights, in the order of the flat vector."""
        n, gates, seen = self.n_units, self.kind.n_gates, self.kind.n_recurrent_parts
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.n_layers):
            width = self.n_inputs if layer == 0 else n
            shapes[f"input_weights_{layer}"] = (gates * n, width)
            shapes[f"recurrent_weights_{layer}"] = (gates * n, seen * n)
            if self.hidden_bias:
                shapes[f"bias_{layer}"] = (gates * n,)
            if self.learn_initial_state:
                shapes[f"initial_state_{layer}"] = (self.layer_state_size,)
        return {**shapes, **self.readout_shapes}

    @property
    def readout_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the weights of the readout."""
        shapes: dict[str, tuple[int, ...]] = {"output_weights": (self.n_outputs, self.n_units)}
        if self.skip:
            shapes["skip_weights"] = (self.n_outputs, self.n_inputs)
        return {**shapes, "output_bias": (self.n_outputs,)}

    @property
    def n_weights(self) -> int:
        """Length of the flat vector."""
        return sum(self._sizes)

    @ComputedOnce
    def n_recurrent_weights(self) -> int:
        """Length of the part of the flat vector before the readout."""
        of_readout = sum(prod(self.shapes.get(name, (0,))) for name in READOUT)
        return self.n_weights - of_readout

    @ComputedOnce
    def _sizes(self) -> list[int]:
        return [prod(shape) for shape in self.shapes.values()]

    def split(self, theta: Tensor) -> dict[str, Tensor]:
        """Return views of the flat vector by name.

        A view has the shape of its weight.
        """
        pieces = theta.split_with_sizes(self._sizes)
        return {
            name: piece.view(shape)
            for (name, shape), piece in zip(self.shapes.items(), pieces, strict=True)
        }

    def forward(
        self,
        theta: Tensor,
        inputs: Tensor,
        state: Tensor | None = None,
        workspace: Workspace | None = None,
        n_outputs: int | None = None,
        masks: Sequence[Tensor] = (),
        keep: Keep = "tape",
    ) -> ForwardPass:
        """Run the network.

        Inputs are (n_steps, batch, n_inputs), series of one length or padded at the end. The state
        to go on from is (batch, state_size); None starts from zero or the learned state. A later
        pass may overwrite the memory of `workspace`; None takes new memory. Outputs are computed
        for the last `n_outputs` steps, None for all. The masks, (n_steps, batch, n_units) for every
        layer but the last, multiply what the next layer sees. `keep` says what for: "tape" for any
        pass, "gradient" for `backward` without damping terms and `on_layer`, "nothing" for none;
        the less, the more of the work torch may do in kernels of its own.
        """
        cell, batch, below = self.kind, inputs.shape[1], inputs
        workspace = Workspace(theta) if workspace is None else workspace
        weights, size = workspace.weights(theta, self.split), cell.n_parts * self.n_units
        layers: list[Tape | LayerRun] = []
        for layer in range(self.n_layers):
            memory = workspace.layer(layer)
            W_x, bias = weights[f"input_weights_{layer}"], weights.get(f"bias_{layer}")
            W_h = weights[f"recurrent_weights_{layer}"]
            start: Tensor | None = None
            if state is not None:
                start = state[:, layer * size : (layer + 1) * size]
            elif self.learn_initial_state:
                start = weights[f"initial_state_{layer}"].expand(batch, -1)
            if is_faster(cell.torch_name, keep, inputs, self.n_units):
                own = (W_x, W_h, bias)
                layers.append(run_layer(cell.torch_name, keep, below, own, start, cell.n_parts))
            else:
                start = inputs.new_zeros(batch, size) if start is None else start
                zx = _affine(below, W_x, bias, memory, "zx")
                layers.append(cell.forward(zx, W_h, start, memory))
            below = layers[-1].states
            if layer < len(masks):
                below = below * masks[layer]
        unscored = 0 if n_outputs is None else len(inputs) - n_outputs
        outputs = read_out(weights, below[unscored:], inputs[unscored:], workspace)
        from_start = state is None
        return ForwardPass(cell, inputs, outputs, layers, weights, from_start, workspace, masks)

    def read_again(self, run: ForwardPass, theta: Tensor) -> ForwardPass:
        """Return a forward pass as it is with another readout, that of other weights.

        The weights before the readout's are to be those of the pass.
        """
        weights, n_outputs = self.split(theta), len(run.outputs)
        top = run.layer_inputs(self.n_layers)[-n_outputs:]
        outputs = read_out(weights, top, run.inputs[-n_outputs:], Workspace(theta))
        return replace(run, weights=weights, outputs=outputs)

    def backward(
        self,
        run: ForwardPass,
        grad: Tensor,
        damping_terms: list[Tensor] | None = None,
        workspace: Workspace | None = None,
        on_layer: Callable[[int, LayerErrors], None] | None = None,
    ) -> Tensor:
        """Return the gradient of a loss with respect to all weights, by BPTT.

        `grad` is dL/do, of the shape of the outputs. The damping terms, (n_steps, batch, n_gates *
        n_units) for every layer, are added to the derivative of every pre-activation (structural
        damping). None as workspace takes that of the forward pass. `on_layer` is called with the
        number of a layer and its errors, from the top down.
        """
        workspace = run.workspace if workspace is None else workspace
        gradient, cell = grad.new_empty(self.n_weights), self.kind
        gradients = self.split(gradient)
        self.readout_gradients(run, grad, gradients)
        top = run.layer_inputs(self.n_layers)
        unscored = len(top) - len(grad)
        errors = workspace("errors", *top.shape)
        errors[:unscored] = 0.0
        # dL/dh = V' dL/do
        rows = grad.reshape(-1, self.n_outputs)
        torch.mm(rows, run.weights["output_weights"], out=errors[unscored:].flatten(0, 1))
        for layer in range(self.n_layers - 1, -1, -1):
            tape, W_h = run.layers[layer], run.weights[f"recurrent_weights_{layer}"]
            if isinstance(tape, LayerRun):
                assert damping_terms is None and on_layer is None, "ask forward() for keep='tape'"
                errors = self._backward_by_torch(run, layer, tape, errors, gradients)
                continue
            damping_term = None if damping_terms is None else damping_terms[layer]
            delta_x, delta_h, start = cell.backward(
                tape, W_h, errors, damping_term, workspace.layer(layer)
            )
            of_layer = LayerErrors(errors, delta_x, delta_h, start)
            if on_layer is not None:
                on_layer(layer, of_layer)
            self.layer_gradients(run, layer, of_layer, gradients)
            if layer:
                # dL/dh of the layer below = W_x' dL/dzx
                W_x = run.weights[f"input_weights_{layer}"]
                torch.mm(delta_x.flatten(0, 1), W_x, out=errors.flatten(0, 1))
                if layer <= len(run.masks):
                    errors *= run.masks[layer - 1]
        return gradient

    def _backward_by_torch(
        self,
        run: ForwardPass,
        layer: int,
        layer_run: LayerRun,
        errors: Tensor,
        gradients: dict[str, Tensor],
    ) -> Tensor:
        """Fill in the gradients of a layer that torch ran; return the errors of that below."""
        assert layer_run.backward is not None, "ask forward() for keep='gradient'"
        found = layer_run.backward(errors)
        gradients[f"input_weights_{layer}"].copy_(found.input_weights)
        gradients[f"recurrent_weights_{layer}"].copy_(found.recurrent_weights)
        if self.hidden_bias:
            gradients[f"bias_{layer}"].copy_(found.bias)
        if self.learn_initial_state:
            gradients[f"initial_state_{layer}"][:] = _learned(found.start, run.from_start)
        if 0 < layer <= len(run.masks):
            return found.inputs * run.masks[layer - 1]
        return found.inputs

    def readout_gradients(
        self, run: ForwardPass, grad: Tensor, gradients: dict[str, Tensor]
    ) -> None:
        """Fill in the gradients of the readout, of dL/do of the last steps."""
        # dL/dV = sum dL/do h', dL/dU = sum dL/do x', dL/dc = sum dL/do
        rows, top = grad.reshape(-1, self.n_outputs), run.layer_inputs(self.n_layers)
        unscored = len(top) - len(grad)
        torch.mm(rows.t(), top[unscored:].flatten(0, 1), out=gradients["output_weights"])
        if self.skip:
            seen = run.inputs[unscored:].flatten(0, 1)
            torch.mm(rows.t(), seen, out=gradients["skip_weights"])
        torch.sum(rows, dim=0, out=gradients["output_bias"])

    def layer_gradients(
        self, run: ForwardPass, layer: int, errors: LayerErrors, gradients: dict[str, Tensor]
    ) -> None:
        """Fill in the gradients of the weights of one layer, of the errors there."""
        flat_x, flat_h = errors.delta_x.flatten(0, 1), errors.delta_h.flatten(0, 1)
        h_before = run.tapes[layer].recurrent[:-1].flatten(0, 1)
        # dL/dW_x = sum dL/dzx x', dL/dW_h = sum dL/dzh h[t-1]', dL/db = sum dL/dzx
        below = run.layer_inputs(layer).flatten(0, 1)
        torch.mm(below.t(), flat_x, out=gradients[f"input_weights_{layer}"].t())
        multiply_long(flat_h.t(), h_before, gradients[f"recurrent_weights_{layer}"])
        if self.hidden_bias:
            torch.sum(flat_x, dim=0, out=gradients[f"bias_{layer}"])
        if self.learn_initial_state:
            gradients[f"initial_state_{layer}"][:] = _learned(errors.start, run.from_start)

    def r_forward(
        self, run: ForwardPass, direction: Tensor, workspace: Workspace | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the derivative of the outputs along a direction in weight space, J v.

        None as workspace takes that of the forward pass. R o and R of every layer's
        pre-activations, (n_steps, batch, n_gates * n_units), are returned.
        """
        workspace = run.workspace if workspace is None else workspace
        v, weights, r_z, cell = self.split(direction), run.weights, [], self.kind
        r_below: Tensor | None = None
        for layer in range(self.n_layers):
            memory, tape = workspace.layer(layer), run.tapes[layer]
            # R zx = R(W_x) x + R b + W_x R x
            v_x, v_bias = v[f"input_weights_{layer}"], v.get(f"bias_{layer}")
            r_zx = _affine(run.layer_inputs(layer), v_x, v_bias, memory, "r_zx")
            if r_below is not None:
                W_x = weights[f"input_weights_{layer}"]
                r_zx.flatten(0, 1).addmm_(r_below.flatten(0, 1), W_x.t())
            if self.learn_initial_state and run.from_start:
                start = v[f"initial_state_{layer}"].expand(run.inputs.shape[1], -1)
            else:
                start = torch.zeros_like(tape.last)
            name = f"recurrent_weights_{layer}"
            r_below, r_pre = cell.r_forward(tape, weights[name], r_zx, v[name], start, memory)
            r_z.append(r_pre)
        assert r_below is not None  # there is at least one layer
        return self.r_outputs(run, v, r_below, workspace), r_z

    def r_outputs(
        self, run: ForwardPass, v: dict[str, Tensor], r_top: Tensor, workspace: Workspace
    ) -> Tensor:
        """Return R o = R(V) h + R(U) x + R c + V R h, of a direction and of R h of all steps."""
        unscored = len(r_top) - len(run.outputs)
        top, r_scored = run.layer_inputs(self.n_layers)[unscored:], r_top[unscored:]
        found = read_out(v, top, run.inputs[unscored:], workspace, "r_outputs")
        found.flatten(0, 1).addmm_(r_scored.flatten(0, 1), run.weights["output_weights"].t())
        return found


def _learned(start: Tensor, from_start: bool) -> Tensor | float:
    """Return the gradient of the learned state; one carried over is a constant instead."""
    return start.sum(dim=0) if from_start else 0.0


def read_out(
    weights: dict[str, Tensor],
    top: Tensor,
    inputs: Tensor,
    workspace: Workspace,
    name: str = "outputs",
) -> Tensor:
    """Return V h + U x + c, (n_steps, batch, n_outputs), in the memory of that name.

    `top` is h of the uppermost layer; of weights without U the second term is left out.
    """
    outputs = _affine(top, weights["output_weights"], weights["output_bias"], workspace, name)
    if "skip_weights" in weights:
        outputs.flatten(0, 1).addmm_(inputs.flatten(0, 1), weights["skip_weights"].t())
    return outputs


def _affine(
    rows: Tensor, weights: Tensor, bias: Tensor | None, workspace: Workspace, name: str
) -> Tensor:
    """Return rows @ weights' + bias, (n_steps, batch, width), in the memory of that name."""
    out = workspace(name, *rows.shape[:2], len(weights))
    flat = rows.flatten(0, 1)
    if bias is None:
        torch.mm(flat, weights.t(), out=out.flatten(0, 1))
    else:
        torch.addmm(bias, flat, weights.t(), out=out.flatten(0, 1))
    return out
