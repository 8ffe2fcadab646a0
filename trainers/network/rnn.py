"""The vanilla cell: h[t] = f(zx[t] + W_h h[t-1])."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from reservoirs.sequences import Array
from trainers.network.cell import Cell, Jacobians, Tape, compiled_loops, state_memory
from trainers.network.small import as_arrays, is_small
from trainers.network.workspace import Workspace


@dataclass(frozen=True)
class Activation:
    """A hidden activation f.

    Attributes
    ----------
    apply : (Tensor) -> Tensor
        f, in place.
    slope : (Tensor) -> Tensor
        f' as a function of the value of f.
    number : int
        Its number in `rnn_loops`.
    """

    apply: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    number: int


ACTIVATIONS = {
    "tanh": Activation(torch.tanh_, lambda h: 1.0 - h * h, 0),
    "relu": Activation(torch.relu_, torch.sign, 1),
    "identity": Activation(lambda z: z, torch.ones_like, 2),
}


@dataclass(frozen=True)
class RNN(Cell):
    """The vanilla cell with an activation f of one's choice.

    forward:    z[t] = zx[t] + W_h h[t-1],   h[t] = f(z[t])
    backward:   e[t] = dL/dh[t] + W_h' d[t+1],   d[t] = f'(z[t]) * e[t]
    r_forward:  R z[t] = R zx[t] + R(W_h) h[t-1] + W_h R h[t-1],   R h[t] = f'(z[t]) * R z[t]

    Attributes
    ----------
    activation : str, default="tanh"
        A key of `ACTIVATIONS`.

    References
    ----------
    Werbos (1990), Backpropagation through time; Martens & Sutskever (2011) for the R-pass.
    """

    activation: str = "tanh"

    recurs_through_weights_only: ClassVar[bool] = True

    @property
    def torch_name(self) -> str:
        """Its name in torch, which has no linear layer."""
        return "" if self.activation == "identity" else f"rnn_{self.activation}"

    def forward(self, zx: Tensor, W_h: Tensor, state: Tensor, workspace: Workspace) -> Tape:
        """Run the cell; the tape keeps the slopes f'(z[t]), in the memory of zx."""
        n_steps, batch, n = zx.shape
        hidden, slopes = workspace("hidden", n_steps + 1, batch, n), zx
        hidden[0], weights, activation = state, W_h.t(), ACTIVATIONS[self.activation]
        if is_small(zx):
            compiled_loops("rnn").rnn_forward(*as_arrays(zx, weights, hidden), activation.number)
        else:
            for t in range(n_steps):
                torch.addmm(zx[t], hidden[t], weights, out=hidden[t + 1])  # z[t]
                activation.apply(hidden[t + 1])
            slopes.copy_(activation.slope(hidden[1:]))
        return Tape(hidden, (slopes,), hidden[-1])

    def backward(
        self,
        tape: Tape,
        W_h: Tensor,
        grad: Tensor,
        damping_term: Tensor | None,
        workspace: Workspace,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Carry the errors back; both pre-activations have the derivative d[t]."""
        (slopes,), delta = tape.saved, workspace("delta", *grad.shape)
        from_next = torch.zeros_like(grad[0])  # W_h' d[t+1]
        if is_small(grad):
            compiled_loops("rnn").rnn_backward(
                *as_arrays(grad, slopes, W_h, damping_term, delta, from_next)
            )
            return delta, delta, from_next
        for t in range(len(delta) - 1, -1, -1):
            # e[t] = dL/dh[t] + W_h' d[t+1]
            grad[t] += from_next
            # d[t] = f'(z[t]) * e[t]
            torch.mul(grad[t], slopes[t], out=delta[t])
            if damping_term is not None:
                delta[t] += damping_term[t]
            torch.mm(delta[t], W_h, out=from_next)
        return delta, delta, from_next

    def r_forward(
        self,
        tape: Tape,
        W_h: Tensor,
        r_zx: Tensor,
        r_W_h: Tensor,
        r_state: Tensor,
        workspace: Workspace,
    ) -> tuple[Tensor, Tensor]:
        """Carry derivatives forward; R z takes the memory of R zx."""
        (slopes,), h, r_h = tape.saved, tape.hidden, workspace("r_hidden", *r_zx.shape)
        weights, direction = W_h.t(), r_W_h.t()
        if is_small(r_zx):
            start = r_state.contiguous()
            compiled_loops("rnn").rnn_r_forward(
                *as_arrays(r_zx, h, slopes, weights, direction, start, r_h)
            )
            return r_h, r_zx
        for t in range(len(r_zx)):
            # R z[t] = R zx[t] + R(W_h) h[t-1] + W_h R h[t-1]; h[t] stands in row t + 1
            r_zx[t].addmm_(h[t], direction).addmm_(r_h[t - 1] if t else r_state, weights)
            # R h[t] = f'(z[t]) * R z[t]
            torch.mul(r_zx[t], slopes[t], out=r_h[t])
        return r_h, r_zx

    def slopes(self, tape: Tape) -> Tensor:
        """Return f'(z[t]), which the tape keeps."""
        return tape.saved[0]

    def jacobians(self, tape: Tape) -> Jacobians:
        """Return f'(z[t]), by both sums."""
        slopes = tape.saved[0][:, :, None, None]
        return Jacobians(slopes, slopes, torch.zeros_like(slopes))

    def run_series(self, zx: Array, weights: Array, start: Array) -> tuple[Array, Array]:
        """Run one series in the compiled loop."""
        (hidden,) = state_memory(zx, start[None])
        compiled_loops("rnn").rnn_forward(zx, weights, hidden, ACTIVATIONS[self.activation].number)
        return hidden[1:, 0], hidden[-1, 0]

    def with_activation(self, activation: str) -> Cell:
        """Return the cell with another f."""
        return RNN(activation)
