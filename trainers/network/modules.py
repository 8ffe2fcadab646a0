"""A network whose cells are modules of torch: differentiated by autograd, step by step.

Where a `Cell` brings its passes, a module brings its equations alone, and torch records them. The
readout, the losses and the solvers are those of all networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from reservoirs.parallel import ComputedOnce
from reservoirs.sequences import Array
from trainers.network.cell import Jacobians, Tape
from trainers.network.passes import ForwardPass, LayerErrors
from trainers.network.stack import Network, read_out
from trainers.network.torch_layers import Keep, LayerRun
from trainers.network.workspace import Workspace

MakeCell = Callable[[int, int], torch.nn.Module]  # (n_inputs, n_units) -> a cell


class Unrolled(torch.nn.Module):
    """A cell run along a series.

    Parameters
    ----------
    cell : torch.nn.Module
        Takes a row, (batch, width), and a state, and returns the next state: a tensor (batch,
        n_units), or a tuple of them of which the first is what the readout sees.
    n_parts : int
        How many tensors the state has; of 1 it is no tuple.
    """

    def __init__(self, cell: torch.nn.Module, n_parts: int) -> None:
        super().__init__()
        self.cell, self.n_parts = cell, n_parts

    def forward(self, rows: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Return h of every step, (n_steps, batch, n_units), and the last state.

        Rows are (n_steps, batch, width), start and last state (batch, n_parts * n_units).
        """
        parts, hidden = start.chunk(self.n_parts, dim=1), []
        for row in rows.unbind(0):
            state = self.cell(row, parts if self.n_parts > 1 else parts[0])
            parts = tuple(state) if self.n_parts > 1 else (state,)
            hidden.append(parts[0])
        return torch.stack(hidden), torch.cat(parts, dim=1)


class Recorded:
    """What torch has recorded of a forward pass.

    Attributes
    ----------
    leaf : (n_recurrent_weights,) torch.Tensor
        The weights before the readout's.
    states : list of (n_steps, batch, n_units) torch.Tensor
        h of every layer.
    """

    def __init__(self, leaf: Tensor, states: list[Tensor]) -> None:
        self.leaf, self.states = leaf, states

    def backward(self, errors: list[Tensor]) -> Tensor:
        """Return sum_k J_k' e_k, of the errors dL/dh of every layer."""
        with recording():
            (gradient,) = torch.autograd.grad(
                *(self.states, self.leaf, errors), retain_graph=True, materialize_grads=True
            )
        return gradient

    def r_forward(self, direction: Tensor) -> list[Tensor]:
        """Return J_k v of every layer, the derivative of J' e by e times v."""
        errors, transposed = self._transposed
        with recording():
            products = torch.autograd.grad(
                *(transposed, errors, direction), retain_graph=True, materialize_grads=True
            )
        return list(products)

    @ComputedOnce
    def _transposed(self) -> tuple[list[Tensor], Tensor]:
        """Errors of all layers, and J' e as a function of them."""
        with recording():
            errors = [torch.zeros_like(h, requires_grad=True) for h in self.states]
            (gradient,) = torch.autograd.grad(
                *(self.states, self.leaf, errors), create_graph=True, materialize_grads=True
            )
        return errors, gradient


@contextmanager
def recording() -> Iterator[None]:
    """Let autograd record, inside inference mode too, in which training goes on."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


@dataclass(frozen=True)
class ModulePass(ForwardPass):
    """A forward pass of modules.

    Attributes
    ----------
    recorded : Recorded or None, default=None
        What the other passes need; None where nothing was kept.
    """

    recorded: Recorded | None = None

    def jacobians(self) -> list[Jacobians]:
        """Return none: a module does not say them."""
        return []

    @ComputedOnce
    def slopes(self) -> list[Tensor]:
        """Ones: structural damping is of the states, as pre-activations are not known."""
        return [torch.ones_like(layer.states) for layer in self.layers]

    @property
    def graph(self) -> Recorded:
        """What was recorded, of a pass that kept it."""
        assert self.recorded is not None, "ask forward() for keep='tape'"
        return self.recorded


@dataclass(frozen=True)
class ModuleNetwork(Network):
    """o[t] = V h[t] + U x[t] + c on top of stacked cells that are modules of torch.

    The names of the weights of a layer are those of the parameters of its module, numbered. The
    field `cell` is a function (n_inputs, n_units) -> torch.nn.Module, such as `torch.nn.GRUCell`.
    """

    @property
    def runs_without_torch(self) -> bool:
        """Whether the loops of the cell run row by row without torch: not those of a module."""
        return False

    def __getstate__(self) -> dict[str, object]:
        """Return the fields: no module is pickled."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Take the fields."""
        vars(self).update(state)

    @ComputedOnce
    def layers(self) -> list[Unrolled]:
        """The modules, whose own parameters are not used but for their names and shapes."""
        return self._make(0)

    def _make(self, seed: int) -> list[Unrolled]:
        """Return modules as their constructors draw them."""
        widths = [self.n_inputs, *[self.n_units] * (self.n_layers - 1)]
        make = self.cell
        assert callable(make)  # not a name
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return [_checked(make, width, self.n_units) for width in widths]

    @property
    def layer_state_size(self) -> int:
        """Numbers in the state of one layer and series."""
        return self.layers[0].n_parts * self.n_units

    @ComputedOnce
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the weights, in the order of the flat vector."""
        shapes: dict[str, tuple[int, ...]] = {}
        for layer, unrolled in enumerate(self.layers):
            for name, parameter in unrolled.cell.named_parameters():
                shapes[f"{name}_{layer}"] = tuple(parameter.shape)
            if self.learn_initial_state:
                shapes[f"initial_state_{layer}"] = (self.layer_state_size,)
        shapes.update(self.readout_shapes)
        return shapes

    def drawn(self, rng: np.random.Generator) -> dict[str, Array]:
        """Return first weights: of the cells as their modules draw them, of the readout as torch's.

        Parameters
        ----------
        rng : numpy.random.Generator
            Seeds torch's generator for the while.
        """
        bound = 1.0 / np.sqrt(self.n_units)
        weights: dict[str, Array] = {
            name: np.zeros(shape)
            if name.startswith("initial_state")
            else rng.uniform(-bound, bound, shape)
            for name, shape in self.shapes.items()
        }
        for layer, unrolled in enumerate(self._make(int(rng.integers(2**31)))):
            for name, parameter in unrolled.cell.named_parameters():
                weights[f"{name}_{layer}"] = parameter.detach().double().numpy()
        return weights

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
        """Run the network; torch records it unless nothing is to be kept."""
        workspace = Workspace(theta) if workspace is None else workspace
        weights, recorded = self.split(theta), None
        if keep == "nothing":
            with torch.no_grad():
                states, ends = self._unroll(theta[: self.n_recurrent_weights], inputs, state, masks)
        else:
            with recording():
                leaf = theta[: self.n_recurrent_weights].clone().requires_grad_()
                # copies, since nothing made in inference mode can be recorded
                start = None if state is None else state.clone()
                copied = [mask.clone() for mask in masks]
                states, ends = self._unroll(leaf, inputs.clone(), start, copied)
            recorded = Recorded(leaf, states)
        layers: list[Tape | LayerRun] = [
            LayerRun(h.detach(), (end.detach()[None],), None)
            for h, end in zip(states, ends, strict=True)
        ]
        first = 0 if n_outputs is None else len(inputs) - n_outputs
        outputs = read_out(weights, layers[-1].states[first:], inputs[first:], Workspace(theta))
        known = inputs, outputs, layers, weights, state is None, workspace, masks
        return ModulePass(None, *known, recorded=recorded)

    def _unroll(
        self, recurrent: Tensor, below: Tensor, state: Tensor | None, masks: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return h of every layer, and their last states."""
        batch, size, first = below.shape[1], self.layer_state_size, 0
        states, ends = [], []
        for layer, unrolled in enumerate(self.layers):
            unrolled = unrolled.to(recurrent.device, recurrent.dtype)
            parameters: dict[str, Tensor] = {}
            for name, parameter in unrolled.cell.named_parameters():
                piece = recurrent[first : first + parameter.numel()]
                parameters[f"cell.{name}"] = piece.view(parameter.shape)
                first += parameter.numel()
            start = below.new_zeros(batch, size)
            if self.learn_initial_state:
                learned, first = recurrent[first : first + size], first + size
                start = learned.expand(batch, -1)
            if state is not None:
                start = state[:, layer * size : (layer + 1) * size]
            hidden, end = functional_call(unrolled, parameters, (below, start))
            states.append(hidden)
            ends.append(end)
            below = hidden * masks[layer] if layer < len(masks) else hidden
        return states, ends

    def backward(
        self,
        run: ForwardPass,
        grad: Tensor,
        damping_terms: list[Tensor] | None = None,
        workspace: Workspace | None = None,
        on_layer: Callable[[int, LayerErrors], None] | None = None,
    ) -> Tensor:
        """Return the gradient by autograd; the damping terms are those of the states."""
        assert isinstance(run, ModulePass)
        assert on_layer is None  # refused before
        gradient = grad.new_empty(self.n_weights)
        self.readout_gradients(run, grad, self.split(gradient))
        terms = [torch.zeros_like(layer.states) for layer in run.layers]
        terms = terms if damping_terms is None else damping_terms
        top = terms[-1]
        # dL/dh = V' dL/do
        top[len(top) - len(grad) :] += grad @ run.weights["output_weights"]
        gradient[: self.n_recurrent_weights] = run.graph.backward(terms)
        return gradient

    def r_forward(
        self, run: ForwardPass, direction: Tensor, workspace: Workspace | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Return J v, and the derivatives of the states in the place of pre-activations."""
        assert isinstance(run, ModulePass)
        r_states = run.graph.r_forward(direction[: self.n_recurrent_weights].contiguous())
        return self.r_outputs(run, self.split(direction), r_states[-1], Workspace(direction)), (
            r_states
        )


def _checked(make: MakeCell, n_inputs: int, n_units: int) -> Unrolled:
    """Return a cell that was made, refusing what cannot be one."""
    name = getattr(make, "__qualname__", repr(make))
    cell = make(n_inputs, n_units)
    if not isinstance(cell, torch.nn.Module):
        raise TypeError(
            f"cell={name} must return a torch.nn.Module of (n_inputs, n_units), got "
            f"{type(cell).__name__}"
        )
    fixed = [key for key, weight in cell.named_parameters() if not weight.requires_grad]
    if fixed:
        raise ValueError(
            f"cell={name} has parameters that are not to be trained, {', '.join(fixed)}; make "
            "constants of them, by register_buffer"
        )
    n_parts = getattr(cell, "n_parts", 2 if isinstance(cell, torch.nn.LSTMCell) else 1)
    unrolled = Unrolled(cell.eval(), n_parts)
    with torch.no_grad():
        like = next(cell.parameters(), torch.zeros(0))
        row, start = like.new_zeros(1, 2, n_inputs), like.new_zeros(2, n_parts * n_units)
        shapes = [tuple(found.shape) for found in unrolled(row, start)]
    if shapes != [(1, 2, n_units), tuple(start.shape)]:
        raise ValueError(
            f"cell={name} must return a state of {n_parts} tensors (batch, {n_units}), as it takes "
            f"one, got shapes {shapes} of h and of all its tensors side by side; its attribute "
            "n_parts says how many there are"
        )
    return unrolled
