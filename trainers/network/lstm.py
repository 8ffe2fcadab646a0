"""The long short-term memory cell."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from reservoirs.sequences import Array
from trainers.network.cell import Cell, Jacobians, Tape, compiled_loops, gate_slopes, state_memory
from trainers.network.small import as_arrays, is_small
from trainers.network.workspace import Workspace

FORGET_BIAS = 1.0  # without it the cell forgets half of c at every step


class LSTM(Cell):
    """Long short-term memory; gates in the order i, f, g, o, the state [h, c].

    c[t] = f c[t-1] + i g,   h[t] = o tanh(c[t]),   i, f, o = sigmoid(z), g = tanh(z)

    backward, with u[t] = dL/dc[t]:
        u[t] = dL/dh[t] o (1 - tanh^2 c[t]) + f[t+1] u[t+1]
        dL/dz = u g i(1-i), u c[t-1] f(1-f), u i (1-g^2), dL/dh tanh(c) o(1-o)
    r_forward:
        R c[t] = f R c[t-1] + c[t-1] f(1-f) R z_f + g i(1-i) R z_i + i (1-g^2) R z_g
        R h[t] = tanh(c) o(1-o) R z_o + o (1 - tanh^2 c) R c[t]

    The factors of u, dL/dh and R z are the same in both passes. The tape keeps them: `gate_factors`
    those of the four gates, side by side, `cell_factors` those of c, o (1 - tanh^2 c).

    References
    ----------
    Hochreiter & Schmidhuber (1997); Gers, Schmidhuber & Cummins (2000) for the forget gate.
    """

    n_gates: ClassVar[int] = 4
    n_parts: ClassVar[int] = 2
    largest_slopes: ClassVar[tuple[float, ...]] = (0.25, 0.25, 1.0, 0.25)

    @property
    def torch_name(self) -> str:
        """Its name in torch."""
        return "lstm"

    def forward(self, zx: Tensor, W_h: Tensor, state: Tensor, workspace: Workspace) -> Tape:
        """Run the cell; zx becomes the gates."""
        n_steps, batch, n = zx.shape[0], zx.shape[1], W_h.shape[1]
        hidden, cells = (workspace(name, n_steps + 1, batch, n) for name in ("hidden", "cells"))
        gate_factors = workspace("gate_factors", *zx.shape)
        cell_factors = workspace("cell_factors", n_steps, batch, n)
        hidden[0], cells[0], weights = state[:, :n], state[:, n:], W_h.t()
        if is_small(hidden):
            zh = workspace("zh", batch, 4 * n)
            compiled_loops("lstm").lstm_forward(
                *as_arrays(zx, weights, hidden, cells, gate_factors, cell_factors, zh)
            )
        else:
            for t in range(n_steps):
                gates = zx[t].addmm_(hidden[t], weights)
                i, f, g, o = gates.chunk(4, dim=1)
                for logistic in (gates[:, : 2 * n], o):
                    logistic.sigmoid_()
                g.tanh_()
                # c[t] = f c[t-1] + i g;  h[t] = o tanh(c[t])
                torch.mul(f, cells[t], out=cells[t + 1]).addcmul_(i, g)
                tanh_c = torch.tanh(cells[t + 1])
                torch.mul(o, tanh_c, out=hidden[t + 1])
                torch.mul(o, 1.0 - tanh_c * tanh_c, out=cell_factors[t])
                # each gate's slope times what it is multiplied by: g, c[t-1], i, tanh c
                partners = torch.cat([g, cells[t], i, tanh_c], dim=1)
                torch.mul(gate_slopes(gates, n), partners, out=gate_factors[t])
        last = torch.cat([hidden[-1], cells[-1]], dim=1)
        return Tape(hidden, (gate_factors, zx, cell_factors), last)

    def backward(
        self,
        tape: Tape,
        W_h: Tensor,
        grad: Tensor,
        damping_term: Tensor | None,
        workspace: Workspace,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Carry the errors of h and c back."""
        n_steps, batch, n = grad.shape
        gate_factors, gates, cell_factors = tape.saved
        delta = workspace("delta", *gate_factors.shape)
        dh, dc = torch.zeros_like(grad[0]), torch.zeros_like(grad[0])  # from step t + 1
        if is_small(grad):
            compiled_loops("lstm").lstm_backward(
                *as_arrays(
                    grad, gate_factors, gates, cell_factors, W_h, damping_term, delta, dh, dc
                )
            )
            return delta, delta, torch.cat([dh, dc], dim=1)
        for t in range(n_steps - 1, -1, -1):
            row, factors = delta[t].view(batch, 4, n), gate_factors[t].view(batch, 4, n)
            grad[t] += dh
            # u[t] = dL/dh[t] o (1 - tanh^2 c[t]) + f[t+1] u[t+1]
            dc.addcmul_(grad[t], cell_factors[t])
            # dL/dz of i, f, g by u, of o by dL/dh
            torch.mul(dc[:, None], factors[:, :3], out=row[:, :3])
            torch.mul(grad[t], factors[:, 3], out=row[:, 3])
            if damping_term is not None:
                delta[t] += damping_term[t]
            # f[t] u[t] and W_h' dL/dz[t], for step t - 1
            dc *= gates[t, :, n : 2 * n]
            torch.mm(delta[t], W_h, out=dh)
        return delta, delta, torch.cat([dh, dc], dim=1)

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
        n, batch = W_h.shape[1], r_zx.shape[1]
        gate_factors, gates, cell_factors = tape.saved
        # R zx[t] + R(W_h) h[t-1] of all steps at once
        r_zx.flatten(0, 1).addmm_(tape.hidden[:-1].flatten(0, 1), r_W_h.t())
        r_hidden, weights = workspace("r_hidden", *tape.hidden[1:].shape), W_h.t()
        r_h, r_c = r_state[:, :n].contiguous(), r_state[:, n:].contiguous()
        if is_small(r_hidden):
            r_zh = workspace("r_zh", batch, 4 * n)
            memory = as_arrays(r_h.clone(), r_c.clone(), r_hidden, r_zh)
            compiled_loops("lstm").lstm_r_forward(
                *as_arrays(r_zx, gate_factors, gates, cell_factors, weights), *memory
            )
            return r_hidden, r_zx
        for t in range(len(r_zx)):
            # R z[t] = ... + W_h R h[t-1], times the factors
            terms = r_zx[t].addmm_(r_h, weights) * gate_factors[t]
            by_i, by_f, by_g, by_o = terms.chunk(4, dim=1)
            r_c = r_c * gates[t, :, n : 2 * n] + by_i + by_f + by_g
            r_h = torch.addcmul(by_o, cell_factors[t], r_c, out=r_hidden[t])
        return r_hidden, r_zx

    def slopes(self, tape: Tape) -> Tensor:
        """Return the slopes of the gates."""
        return gate_slopes(tape.saved[1], tape.hidden.shape[-1])

    def jacobians(self, tape: Tape) -> Jacobians:
        """Return the factors of R z and of R c in both parts, h and c."""
        gate_factors, gates, cell_factors = tape.saved
        n_steps, batch, n = cell_factors.shape
        of_c = gate_factors.view(n_steps, batch, 4, n).clone()
        of_h = of_c * cell_factors[:, :, None]
        of_h[:, :, 3] = of_c[:, :, 3]  # o reaches h alone
        of_c[:, :, 3] = 0.0
        by_z = torch.stack([of_h, of_c], dim=2)
        by_state = by_z.new_zeros(n_steps, batch, 2, 2, n)
        forget = gates[..., n : 2 * n]
        by_state[:, :, 0, 1], by_state[:, :, 1, 1] = cell_factors * forget, forget
        return Jacobians(by_z, by_z, by_state)

    def run_series(self, zx: Array, weights: Array, start: Array) -> tuple[Array, Array]:
        """Run one series in the compiled loop."""
        hidden, cells = state_memory(zx, start.reshape(2, -1))
        gate_factors, zh = np.empty_like(zx), np.empty_like(zx[0])
        cell_factors = np.empty_like(hidden[1:])
        compiled_loops("lstm").lstm_forward(
            zx, weights, hidden, cells, gate_factors, cell_factors, zh
        )
        return hidden[1:, 0], np.concatenate([hidden[-1, 0], cells[-1, 0]])

    def initial_bias(self, drawn: Array) -> Array:
        """Return the bias as drawn, that of the forget gates 1."""
        bias, n = drawn.copy(), len(drawn) // self.n_gates
        bias[n : 2 * n] = FORGET_BIAS
        return bias
