"""Recurrent layers of torch by the passes of our cells, in the graph that products take.

torch's graph of a layer has a dozen nodes for every step and unit of time; here it has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import linear

from reservoirs.parallel import one_blas_thread
from trainers.network.cell import Cell, Tape
from trainers.network.lstm import LSTM
from trainers.network.rnn import RNN
from trainers.network.workspace import Workspace

CELLS: dict[object, Cell] = {  # by the function of torch; its GRU has a bias that ours has not
    torch.lstm: LSTM(),
    torch.rnn_tanh: RNN("tanh"),
    torch.rnn_relu: RNN("relu"),
}
DTYPES = (torch.float32, torch.float64)


class Linear(Protocol):
    """Whether backward passes are recorded as functions of their errors alone."""

    is_linear: bool


class _Context(Protocol):
    mode: Linear
    cell: Cell
    tape: Tape
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors."""

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Tell which results have no derivative."""

    def set_materialize_grads(self, value: bool) -> None:
        """Choose whether errors that are not there come as zeros."""


def run_layers(
    mode: Linear,
    cell: Cell,
    inputs: Tensor,
    state: Tensor | tuple[Tensor, Tensor],
    weights: Sequence[Tensor],
    has_biases: bool,
    n_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[Tensor, ...] | None:
    """Return what torch's function of the layer returns, or None where it is left to torch.

    The arguments are those of torch.lstm and torch.rnn_tanh after the mode and the cell.
    """
    directions, each = 1 + bidirectional, 4 if has_biases else 2
    known = inputs.dim() == 3 and inputs.dtype in DTYPES and not isinstance(weights, Tensor)
    autocast = torch.is_autocast_enabled(inputs.device.type)
    # A projection has one more weight, dropout other masks, a packed batch a tensor of sizes.
    if not known or autocast or (dropout and train):
        return None
    if len(weights) != n_layers * directions * each:
        return None
    parts = state if isinstance(state, tuple) else (state,)
    below, ends = inputs.transpose(0, 1) if batch_first else inputs, []
    for layer in range(n_layers):
        outputs = []
        for direction in range(directions):
            number = layer * directions + direction
            W_x, W_h, *biases = weights[number * each : (number + 1) * each]
            x = below.flip(0) if direction else below
            zx = linear(x, W_x, biases[0] + biases[1] if biases else None)
            start = torch.cat([part[number] for part in parts], dim=1)
            hidden, last = Recurrence.apply(mode, cell, zx, W_h, start)  # type: ignore[no-untyped-call]
            ends.append((hidden[-1], LastCell.apply(hidden, last)))  # type: ignore[no-untyped-call]
            outputs.append(hidden.flip(0) if direction else hidden)
        below = torch.cat(outputs, dim=2)
    last_states = [torch.stack(column) for column in zip(*ends, strict=True)][: len(parts)]
    return below.transpose(0, 1) if batch_first else below, *last_states


class LastCell(Function):
    """The last c of an LSTM, whose derivative only torch's own layer has."""

    @staticmethod
    def forward(ctx: _Context, hidden: Tensor, last: Tensor) -> Tensor:
        """Return c of the state [h, c]."""
        return last[:, hidden.shape[2] :].clone()

    @staticmethod
    def backward(ctx: _Context, error: Tensor) -> tuple[Tensor | None, ...]:
        """Fail: `reaches_last_cell` is to be asked before."""
        raise NotImplementedError("the last c of this LSTM has no derivative")


def reaches_last_cell(ends: Sequence[Tensor]) -> bool:
    """Tell whether tensors follow from the last c of an LSTM that `run_layers` ran."""
    nodes = [end.grad_fn for end in ends if end.grad_fn is not None]
    seen = set(nodes)
    while nodes:
        node = nodes.pop()
        if node.name() == "LastCellBackward":
            return True
        for below, _ in node.next_functions:
            if below is not None and below not in seen:
                seen.add(below)
                nodes.append(below)
    return False


class Recurrence(Function):
    """All steps of a cell, from zx and the start to h and the last state."""

    @staticmethod
    def forward(
        ctx: _Context, mode: Linear, cell: Cell, zx: Tensor, W_h: Tensor, start: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return h of every step, and the last state."""
        drive = zx.detach().clone(memory_format=torch.contiguous_format)
        with one_blas_thread():
            tape = cell.forward(drive, _plain(W_h), _plain(start), Workspace(drive))
        ctx.mode, ctx.cell, ctx.tape = mode, cell, tape
        ctx.save_for_backward(zx, W_h, start)
        ctx.mark_non_differentiable(tape.last)
        return tape.states, tape.last

    @staticmethod
    def backward(ctx: _Context, error: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """Return the derivatives by zx, W_h and the start."""
        zx, W_h, start = ctx.saved_tensors
        if ctx.mode.is_linear:
            rows = _BackwardOfRecurrence.apply(ctx.cell, ctx.tape, W_h, error)  # type: ignore[no-untyped-call]
        elif torch.is_grad_enabled():
            rows = _differentiable(ctx.cell, (zx, W_h, start), error)
        else:
            rows = _carry_back(ctx.cell, ctx.tape, W_h, error)
        return None, None, *rows


class _BackwardOfRecurrence(Function):
    """The backward pass of a recurrence, as a linear function of the error alone."""

    @staticmethod
    def forward(
        ctx: _Context, cell: Cell, tape: Tape, W_h: Tensor, error: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.cell, ctx.tape = cell, tape
        ctx.save_for_backward(W_h)
        return _carry_back(cell, tape, W_h, error)

    @staticmethod
    def backward(
        ctx: _Context, v_zx: Tensor, v_W_h: Tensor, v_start: Tensor
    ) -> tuple[Tensor | None, ...]:
        (W_h,) = ctx.saved_tensors
        # J v is R h along the directions
        along = v_zx.clone(memory_format=torch.contiguous_format)
        with one_blas_thread():
            Jv, _ = ctx.cell.r_forward(
                ctx.tape, _plain(W_h), along, _plain(v_W_h), _plain(v_start), Workspace(along)
            )
        return None, None, None, Jv


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().contiguous()


def _carry_back(
    cell: Cell, tape: Tape, W_h: Tensor, error: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the derivatives by zx, W_h and the start for errors of h."""
    errors = error.clone(memory_format=torch.contiguous_format)
    with one_blas_thread():
        by_zx, by_zh, by_start = cell.backward(tape, _plain(W_h), errors, None, Workspace(errors))
    by_W_h = by_zh.flatten(0, 1).t() @ tape.hidden[:-1].flatten(0, 1)
    return by_zx, by_W_h, by_start


def _differentiable(
    cell: Cell, arguments: tuple[Tensor, Tensor, Tensor], error: Tensor
) -> list[Tensor | None]:
    """Return the derivatives by zx, W_h and the start, with a graph for further ones."""
    wanted = [argument for argument in arguments if argument.requires_grad]
    hidden = _by_steps(cell, *arguments)
    found = iter(torch.autograd.grad(hidden, wanted, error, create_graph=True, allow_unused=True))
    return [next(found) if argument.requires_grad else None for argument in arguments]


def _by_steps(cell: Cell, zx: Tensor, W_h: Tensor, start: Tensor) -> Tensor:
    """Return h of every step by operations of torch, which have derivatives of any order."""
    n, outputs = W_h.shape[1], []
    h, c = start[:, :n], start[:, n:]
    for row in zx:
        z = row + h @ W_h.t()
        if isinstance(cell, LSTM):
            i, f, g, o = z.chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        else:
            h = torch.relu(z) if cell == RNN("relu") else torch.tanh(z)
        outputs.append(h)
    return torch.stack(outputs)
