"""What the passes through a network leave for each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from reservoirs.parallel import ComputedOnce
from trainers.network.cell import Cell, Jacobians, Tape
from trainers.network.torch_layers import LayerRun
from trainers.network.workspace import Workspace


class LayerErrors(NamedTuple):
    """Derivatives of the loss that the backward pass finds in one layer.

    Attributes
    ----------
    errors : (n_steps, batch, n_units) torch.Tensor
        dL/dh, through all later steps.
    delta_x, delta_h : (n_steps, batch, n_gates * n_units) torch.Tensor
        dL/dzx and dL/dzh.
    start : (batch, layer's state size) torch.Tensor
        dL/dstate[0].
    """

    errors: Tensor
    delta_x: Tensor
    delta_h: Tensor
    start: Tensor


@dataclass(frozen=True)
class ForwardPass:
    """A forward pass, with all that the other passes need.

    Attributes
    ----------
    cell : Cell or None
        The cell of every layer; None of modules of torch.
    inputs : (n_steps, batch, n_inputs) torch.Tensor
        What the network was run on.
    outputs : (n_outputs, batch, n_outputs) torch.Tensor
        Of the last steps, or of all.
    layers : list of Tape or LayerRun
        What every layer left, from the bottom up.
    weights : dict of torch.Tensor
        By name.
    from_start : bool
        Whether the series started here: from the zero or learned state, not from one carried over.
    workspace : Workspace
        The memory used.
    masks : sequence of (n_steps, batch, n_units) torch.Tensor, default=()
        Dropout: what the outputs of every layer but the last were multiplied by; none without.
    said : (batch, n_outputs) torch.Tensor or None, default=None
        The last outputs, which the state ends with where they are fed back.
    """

    cell: Cell | None
    inputs: Tensor
    outputs: Tensor
    layers: list[Tape | LayerRun]
    weights: dict[str, Tensor]
    from_start: bool
    workspace: Workspace
    masks: Sequence[Tensor] = ()
    said: Tensor | None = None

    def layer_inputs(self, layer: int) -> Tensor:
        """Return the inputs of a layer, (n_steps, batch, width); of n_layers those of the readout.

        Layers count from 0, the bottom.
        """
        if layer == 0:
            return self.inputs
        hidden = self.layers[layer - 1].states
        return hidden if layer > len(self.masks) else hidden * self.masks[layer - 1]

    @property
    def last(self) -> Tensor:
        """The state after the last step, (batch, state_size)."""
        parts = [layer.last for layer in self.layers]
        return torch.cat(parts if self.said is None else [*parts, self.said], dim=1)

    @property
    def tapes(self) -> list[Tape]:
        """Tapes of the layers, of a pass that kept them."""
        tapes = [layer for layer in self.layers if isinstance(layer, Tape)]
        assert len(tapes) == len(self.layers), "ask forward() for keep='tape'"
        return tapes

    def jacobians(self) -> list[Jacobians]:
        """Return the derivatives of one step of every layer; none where the cell does not say."""
        assert self.cell is not None
        found = [self.cell.jacobians(tape) for tape in self.tapes]
        return [of_layer for of_layer in found if of_layer is not None]

    @ComputedOnce
    def slopes(self) -> list[Tensor]:
        """Slopes of the activations, (n_steps, batch, n_gates * n_units) of every layer."""
        assert self.cell is not None
        return [self.cell.slopes(tape) for tape in self.tapes]
