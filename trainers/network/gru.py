"""The gated recurrent unit."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from reservoirs.sequences import Array
from trainers.network.cell import Cell, Jacobians, Tape, compiled_loops, gate_slopes, state_memory
from trainers.network.small import as_arrays, is_small
from trainers.network.workspace import Workspace


class GRU(Cell):
    """Gated recurrent unit; gates in the order r, u, n, one bias each.

    r, u = sigmoid(zx + zh),  n = tanh(zx_n + r zh_n),  h[t] = u h[t-1] + (1 - u) n

    backward, with e = dL/dh[t]:
        dL/dz_u = e (h[t-1] - n) u(1-u),  dL/dz_n = e (1-u)(1-n^2),  dL/dz_r = dL/dz_n zh_n r(1-r)
        dL/dh[t-1] = e u + W_h' [dL/dz_r; dL/dz_u; r dL/dz_n]
    r_forward: the chain rule along the same lines, with the same factors, which the tape keeps as
    `gate_factors`: zh_n r(1-r), (h[t-1] - n) u(1-u), (1-u)(1-n^2), side by side.

    References
    ----------
    Cho et al. (2014); the reset gate acts after the product with W_h, as in cuDNN.
    """

    n_gates: ClassVar[int] = 3
    largest_slopes: ClassVar[tuple[float, ...]] = (0.25, 0.25, 1.0)

    @property
    def torch_name(self) -> str:
        """Its name in torch."""
        return "gru"

    def forward(self, zx: Tensor, W_h: Tensor, state: Tensor, workspace: Workspace) -> Tape:
        """Run the cell; zx becomes the gates r and u and the candidate n."""
        n_steps, batch, n = zx.shape[0], zx.shape[1], W_h.shape[1]
        hidden = workspace("hidden", n_steps + 1, batch, n)
        gate_factors = workspace("gate_factors", *zx.shape)
        hidden[0], weights = state, W_h.t()
        if is_small(hidden):
            zh = workspace("zh", batch, 3 * n)
            compiled_loops("gru").gru_forward(*as_arrays(zx, weights, hidden, gate_factors, zh))
        else:
            for t in range(n_steps):
                zh = hidden[t] @ weights
                gates, candidate, zh_n = zx[t, :, : 2 * n], zx[t, :, 2 * n :], zh[:, 2 * n :]
                gates.add_(zh[:, : 2 * n]).sigmoid_()
                reset, update = gates.chunk(2, dim=1)
                candidate.addcmul_(reset, zh_n).tanh_()
                difference = hidden[t] - candidate
                partners = torch.cat([zh_n, difference, 1.0 - update], dim=1)
                torch.mul(gate_slopes(zx[t], n), partners, out=gate_factors[t])
                # h[t] = n + u (h[t-1] - n)
                torch.addcmul(candidate, update, difference, out=hidden[t + 1])
        return Tape(hidden, (gate_factors, zx), hidden[-1])

    def backward(
        self,
        tape: Tape,
        W_h: Tensor,
        grad: Tensor,
        damping_term: Tensor | None,
        workspace: Workspace,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Carry the errors back; dL/dzh has the candidate's part times r."""
        n_steps, batch, n = grad.shape
        gate_factors, gates = tape.saved
        delta, delta_h = (workspace(name, n_steps, batch, 3 * n) for name in ("delta", "delta_h"))
        from_next = torch.zeros_like(grad[0])  # dL/dh[t] through step t + 1
        if is_small(grad):
            compiled_loops("gru").gru_backward(
                *as_arrays(grad, gate_factors, gates, W_h, damping_term, delta, delta_h, from_next)
            )
            return delta, delta_h, from_next
        for t in range(n_steps - 1, -1, -1):
            row, factors = delta[t].view(batch, 3, n), gate_factors[t].view(batch, 3, n)
            grad[t] += from_next
            # dL/dz_u and dL/dz_n by e, then dL/dz_r by dL/dz_n, damped already
            torch.mul(grad[t][:, None], factors[:, 1:], out=row[:, 1:])
            if damping_term is not None:
                delta[t, :, n:] += damping_term[t, :, n:]
            torch.mul(row[:, 2], factors[:, 0], out=row[:, 0])
            if damping_term is not None:
                delta[t, :, :n] += damping_term[t, :, :n]
            delta_h[t] = delta[t]
            delta_h[t, :, 2 * n :] *= gates[t, :, :n]
            # dL/dh[t-1] = W_h' dL/dzh[t] + e u
            torch.addcmul(delta_h[t] @ W_h, grad[t], gates[t, :, n : 2 * n], out=from_next)
        return delta, delta_h, from_next

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
        gate_factors, gates = tape.saved
        r_zh = workspace("r_zh", *r_zx.shape)
        r_hidden = workspace("r_hidden", *tape.hidden[1:].shape)
        # R(W_h) h[t-1] of all steps at once
        torch.mm(tape.hidden[:-1].flatten(0, 1), r_W_h.t(), out=r_zh.flatten(0, 1))
        r_h, weights = r_state.contiguous(), W_h.t()
        if is_small(r_hidden):
            memory = as_arrays(r_h.clone(), r_hidden, workspace("W_h r_h", batch, 3 * n))
            compiled_loops("gru").gru_r_forward(
                *as_arrays(r_zx, r_zh, gate_factors, gates, weights), *memory
            )
            return r_hidden, r_zx
        for t in range(len(r_zx)):
            # R zh[t] = R(W_h) h[t-1] + W_h R h[t-1]
            r_zh[t].addmm_(r_h, weights)
            r_zx[t, :, : 2 * n] += r_zh[t, :, : 2 * n]
            # R z_n = R zx_n + r R zh_n + zh_n r(1-r) R z_r
            candidate = r_zx[t, :, 2 * n :].addcmul_(gates[t, :, :n], r_zh[t, :, 2 * n :])
            candidate.addcmul_(r_zx[t, :, :n], gate_factors[t, :, :n])
            # R h[t] = u R h[t-1] + (h[t-1] - n) u(1-u) R z_u + (1-u)(1-n^2) R z_n
            _, by_u, by_n = (r_zx[t] * gate_factors[t]).chunk(3, dim=1)
            r_h = torch.addcmul(by_u + by_n, gates[t, :, n : 2 * n], r_h, out=r_hidden[t])
        return r_hidden, r_zx

    def slopes(self, tape: Tape) -> Tensor:
        """Return the slopes of the gates and of the candidate."""
        return gate_slopes(tape.saved[1], tape.hidden.shape[-1])

    def jacobians(self, tape: Tape) -> Jacobians:
        """Return the factors of R z; the candidate's part by zh has the factor r."""
        gate_factors, gates = tape.saved
        n_steps, batch, n = tape.hidden[1:].shape
        by_x = gate_factors.view(n_steps, batch, 3, n).clone()
        by_x[:, :, 0] *= by_x[:, :, 2]  # r acts through the candidate
        by_h = by_x.clone()
        by_h[:, :, 2] *= gates[..., :n]
        update = gates[..., n : 2 * n]
        return Jacobians(by_x[:, :, None], by_h[:, :, None], update[:, :, None, None])

    def run_series(self, zx: Array, weights: Array, start: Array) -> tuple[Array, Array]:
        """Run one series in the compiled loop."""
        (hidden,) = state_memory(zx, start[None])
        gate_factors, zh = np.empty_like(zx), np.empty_like(zx[0])
        compiled_loops("gru").gru_forward(zx, weights, hidden, gate_factors, zh)
        return hidden[1:, 0], hidden[-1, 0]
