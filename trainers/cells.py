"""Recurrent cells: forward pass, back-propagation through time and R-forward pass, by hand.

A cell sees two sums of pre-activations, one from its input and one from its last state,

    zx[t] = W_x x[t] + b,   zh[t] = W_h h[t-1]

and turns them into the next state. Its three passes are

    forward    zx, state[0]      -> h and what the other passes need (the tape)
    backward   dL/dh[t]          -> dL/dzx[t], dL/dzh[t], dL/dstate[0]
    r_forward  R zx, R(W_h) h    -> R h[t], R(pre-activation)[t]

where R is the derivative along a direction in weight space (Pearlmutter 1994). All tensors are
time-major, (n_steps, batch, width); gates lie side by side along the width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


class Tape(NamedTuple):
    """What a forward pass leaves for the backward and R-forward passes.

    Attributes
    ----------
    hidden : (n_steps + 1, batch, n_units), h[0] first
    slopes : derivatives of the activations with respect to the pre-activations,
        (n_steps, batch, n_gates * n_units)
    saved : whatever else the cell keeps
    last : (batch, state_size), the state to go on from
    """

    hidden: Tensor
    slopes: Tensor
    saved: tuple[Tensor, ...]
    last: Tensor


Forward = Callable[[Tensor, Tensor, Tensor], Tape]
Backward = Callable[[Tape, Tensor, Tensor, "Tensor | None"], tuple[Tensor, Tensor, Tensor]]
RForward = Callable[[Tape, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Cell:
    """A recurrent cell as three functions.

    Attributes
    ----------
    n_gates : pre-activations per unit
    n_parts : parts of the state, each (batch, n_units): h alone, or h and c
    forward : (zx, W_h, state) -> tape; zx is overwritten
    backward : (tape, W_h, dL/dh, extra) -> dL/dzx, dL/dzh, dL/dstate[0]; `extra` is added to the
        derivative of every pre-activation on the way (structural damping)
    r_forward : (tape, W_h, R zx, R(W_h) h[t-1], R state[0]) -> R h, R pre-activation
    """

    n_gates: int
    n_parts: int
    forward: Forward
    backward: Backward
    r_forward: RForward


@dataclass(frozen=True)
class Activation:
    """A hidden activation, in place, and its derivative as a function of its value."""

    apply: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


ACTIVATIONS = {
    "tanh": Activation(torch.tanh_, lambda h: 1.0 - h * h),
    "relu": Activation(torch.relu_, lambda h: (h > 0).to(h.dtype)),
    "identity": Activation(lambda z: z, torch.ones_like),
}


def rnn(activation: Activation) -> Cell:
    """Return the vanilla cell h[t] = f(zx[t] + W_h h[t-1]).

    backward: d[t] = f'(z[t]) * (dL/dh[t] + W_h' d[t+1])
    r_forward: R z[t] = R zx[t] + R(W_h) h[t-1] + W_h R h[t-1],  R h[t] = f'(z[t]) * R z[t]

    Parameters
    ----------
    activation : f

    References
    ----------
    Werbos (1990), Backpropagation through time; Martens & Sutskever (2011) for the R-pass.
    """

    def forward(zx: Tensor, W_h: Tensor, state: Tensor) -> Tape:
        hidden = zx.new_empty(zx.shape[0] + 1, *zx.shape[1:])
        hidden[0] = state
        rows = hidden.unbind(0)
        weights = W_h.t()
        for t, z in enumerate(zx.unbind(0)):
            torch.addmm(z, rows[t], weights, out=rows[t + 1])
            activation.apply(rows[t + 1])
        return Tape(hidden, activation.slope(hidden[1:]), (), rows[-1])

    def backward(
        tape: Tape, W_h: Tensor, grad: Tensor, extra: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        delta = torch.empty_like(grad)
        rows, slopes, grads = delta.unbind(0), tape.slopes.unbind(0), grad.unbind(0)
        added = None if extra is None else extra.unbind(0)
        after = torch.zeros_like(grads[0])
        for t in range(len(rows) - 1, -1, -1):
            torch.mul(after.add_(grads[t]), slopes[t], out=rows[t])
            if added is not None:
                rows[t].add_(added[t])
            torch.mm(rows[t], W_h, out=after)
        return delta, delta, after

    def r_forward(
        tape: Tape, W_h: Tensor, r_zx: Tensor, r_zh: Tensor, r_state: Tensor
    ) -> tuple[Tensor, Tensor]:
        r_z = r_zx + r_zh
        r_hidden = torch.empty_like(r_z)
        before, weights = r_state, W_h.t()
        rows, sums, slopes = r_hidden.unbind(0), r_z.unbind(0), tape.slopes.unbind(0)
        for t, out in enumerate(rows):
            sums[t].addmm_(before, weights)
            before = torch.mul(sums[t], slopes[t], out=out)
        return r_hidden, r_z

    return Cell(1, 1, forward, backward, r_forward)


def _lstm_forward(zx: Tensor, W_h: Tensor, state: Tensor) -> Tape:
    n_steps, batch, n = zx.shape[0], zx.shape[1], W_h.shape[1]
    hidden, cells = zx.new_empty(2, n_steps + 1, batch, n).unbind(0)
    hidden[0], cells[0] = state[:, :n], state[:, n:]
    squashed = zx.new_empty(n_steps, batch, n)
    weights = W_h.t()
    h, c = hidden.unbind(0), cells.unbind(0)
    for t, z in enumerate(zx.unbind(0)):
        z.addmm_(h[t], weights)
        z[:, : 2 * n].sigmoid_()
        z[:, 2 * n : 3 * n].tanh_()
        z[:, 3 * n :].sigmoid_()
        i, f, g, o = z.chunk(4, dim=1)
        torch.addcmul(i * g, f, c[t], out=c[t + 1])
        torch.tanh(c[t + 1], out=squashed[t])
        torch.mul(o, squashed[t], out=h[t + 1])
    slopes = zx * (1.0 - zx)
    gate = zx[..., 2 * n : 3 * n]
    slopes[..., 2 * n : 3 * n] = 1.0 - gate * gate
    last = torch.cat([h[-1], c[-1]], dim=1)
    return Tape(hidden, slopes, (zx, cells, squashed), last)


def _lstm_backward(
    tape: Tape, W_h: Tensor, grad: Tensor, extra: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    gates, cells, squashed = tape.saved
    delta = torch.empty_like(gates)
    n = W_h.shape[1]
    dh, dc = torch.zeros_like(grad[0]), torch.zeros_like(grad[0])
    for t in range(len(gates) - 1, -1, -1):
        i, f, g, o = gates[t].chunk(4, dim=1)
        s_i, s_f, s_g, s_o = tape.slopes[t].chunk(4, dim=1)
        row = delta[t]
        dh.add_(grad[t])
        torch.mul(dh * squashed[t], s_o, out=row[:, 3 * n :])
        if extra is not None:  # the output gate's share reaches c only through h
            row[:, 3 * n :].add_(extra[t, :, 3 * n :])
        dc.add_(dh * o * (1.0 - squashed[t] * squashed[t]))
        torch.mul(dc * g, s_i, out=row[:, :n])
        torch.mul(dc * cells[t], s_f, out=row[:, n : 2 * n])
        torch.mul(dc * i, s_g, out=row[:, 2 * n : 3 * n])
        if extra is not None:
            row[:, : 3 * n].add_(extra[t, :, : 3 * n])
        dc.mul_(f)
        torch.mm(row, W_h, out=dh)
    return delta, delta, torch.cat([dh, dc], dim=1)


def _lstm_r_forward(
    tape: Tape, W_h: Tensor, r_zx: Tensor, r_zh: Tensor, r_state: Tensor
) -> tuple[Tensor, Tensor]:
    gates, cells, squashed = tape.saved
    n, weights = W_h.shape[1], W_h.t()
    r_z = r_zx + r_zh
    r_hidden = torch.empty_like(squashed)
    r_h, r_c = r_state[:, :n], r_state[:, n:]
    for t, row in enumerate(r_z.unbind(0)):
        row.addmm_(r_h, weights)
        r_i, r_f, r_g, r_o = (row * tape.slopes[t]).chunk(4, dim=1)
        i, f, g, o = gates[t].chunk(4, dim=1)
        r_c = f * r_c + cells[t] * r_f + g * r_i + i * r_g
        r_h = torch.add(
            squashed[t] * r_o, o * (1.0 - squashed[t] * squashed[t]) * r_c, out=r_hidden[t]
        )
    return r_hidden, r_z


def lstm() -> Cell:
    """Return the long short-term memory cell; gates in the order i, f, g, o.

    c[t] = f c[t-1] + i g,   h[t] = o tanh(c[t]),   i, f, o = sigmoid(z), g = tanh(z)

    backward, with u[t] = dL/dc[t]:
        u[t] = dL/dh[t] o (1 - tanh^2 c[t]) + f[t+1] u[t+1]
        dL/dz = u g i(1-i), u c[t-1] f(1-f), u i (1-g^2), dL/dh tanh(c) o(1-o)
    r_forward:
        R c[t] = f R c[t-1] + c[t-1] f(1-f) R z_f + g i(1-i) R z_i + i (1-g^2) R z_g
        R h[t] = tanh(c) o(1-o) R z_o + o (1 - tanh^2 c) R c[t]

    References
    ----------
    Hochreiter & Schmidhuber (1997); Gers, Schmidhuber & Cummins (2000) for the forget gate.
    """
    return Cell(4, 2, _lstm_forward, _lstm_backward, _lstm_r_forward)


def _gru_forward(zx: Tensor, W_h: Tensor, state: Tensor) -> Tape:
    n_steps, batch, n = zx.shape[0], zx.shape[1], W_h.shape[1]
    hidden = zx.new_empty(n_steps + 1, batch, n)
    products = zx.new_empty(n_steps, batch, n)
    hidden[0] = state
    weights = W_h.t()
    h = hidden.unbind(0)
    for t, z in enumerate(zx.unbind(0)):
        zh = h[t] @ weights
        gate, candidate = z[:, : 2 * n], z[:, 2 * n :]
        gate.add_(zh[:, : 2 * n]).sigmoid_()
        products[t] = zh[:, 2 * n :]
        candidate.addcmul_(gate[:, :n], products[t]).tanh_()
        torch.lerp(candidate, h[t], gate[:, n:], out=h[t + 1])
    slopes = zx * (1.0 - zx)
    slopes[..., 2 * n :] = 1.0 - zx[..., 2 * n :] ** 2
    return Tape(hidden, slopes, (zx, products), h[-1])


def _gru_backward(
    tape: Tape, W_h: Tensor, grad: Tensor, extra: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    gates, products = tape.saved
    n = W_h.shape[1]
    delta, delta_h = torch.empty_like(gates), torch.empty_like(gates)
    dh = torch.zeros_like(grad[0])
    for t in range(len(gates) - 1, -1, -1):
        r, u, candidate = gates[t].chunk(3, dim=1)
        s_r, s_u, s_n = tape.slopes[t].chunk(3, dim=1)
        row, row_h = delta[t], delta_h[t]
        dh.add_(grad[t])
        row[:, n : 2 * n] = dh * (tape.hidden[t] - candidate) * s_u
        row[:, 2 * n :] = dh * (1.0 - u) * s_n
        if extra is not None:
            row[:, n:].add_(extra[t, :, n:])
        row[:, :n] = row[:, 2 * n :] * products[t] * s_r
        if extra is not None:
            row[:, :n].add_(extra[t, :, :n])
        row_h[:, : 2 * n] = row[:, : 2 * n]
        row_h[:, 2 * n :] = row[:, 2 * n :] * r
        dh = torch.addmm(dh * u, row_h, W_h)
    return delta, delta_h, dh


def _gru_r_forward(
    tape: Tape, W_h: Tensor, r_zx: Tensor, r_zh: Tensor, r_state: Tensor
) -> tuple[Tensor, Tensor]:
    gates, products = tape.saved
    n, weights = W_h.shape[1], W_h.t()
    r_z, r_hidden = torch.empty_like(r_zx), torch.empty_like(products)
    r_h = r_state
    for t, row in enumerate(r_z.unbind(0)):
        r, u, candidate = gates[t].chunk(3, dim=1)
        from_h = torch.addmm(r_zh[t], r_h, weights)
        row[:, : 2 * n] = r_zx[t, :, : 2 * n] + from_h[:, : 2 * n]
        r_r, r_u = (row[:, : 2 * n] * tape.slopes[t, :, : 2 * n]).chunk(2, dim=1)
        row[:, 2 * n :] = r_zx[t, :, 2 * n :] + r * from_h[:, 2 * n :] + r_r * products[t]
        r_n = row[:, 2 * n :] * tape.slopes[t, :, 2 * n :]
        r_h = u * r_h + r_u * (tape.hidden[t] - candidate) + (1.0 - u) * r_n
        r_hidden[t] = r_h
    return r_hidden, r_z


def gru() -> Cell:
    """Return the gated recurrent unit; gates in the order r, u, n, one bias each.

    r, u = sigmoid(zx + zh),  n = tanh(zx_n + r zh_n),  h[t] = u h[t-1] + (1 - u) n

    backward, with e = dL/dh[t]:
        dL/dz_u = e (h[t-1] - n) u(1-u),  dL/dz_n = e (1-u)(1-n^2),  dL/dz_r = dL/dz_n zh_n r(1-r)
        dL/dh[t-1] = e u + W_h' [dL/dz_r; dL/dz_u; r dL/dz_n]
    r_forward: the chain rule along the same lines.

    References
    ----------
    Cho et al. (2014); the reset gate acts after the product with W_h, as in cuDNN.
    """
    return Cell(3, 1, _gru_forward, _gru_backward, _gru_r_forward)


CELLS: dict[str, Callable[[Activation], Cell]] = {
    "rnn": rnn,
    "lstm": lambda _: lstm(),
    "gru": lambda _: gru(),
}
