"""Recurrent cells: forward pass, back-propagation through time and R-forward pass, by hand.

A cell sees two sums of pre-activations, one from its input and one from its last state,

    zx[t] = W_x x[t] + b,   zh[t] = W_h h[t-1]

and turns them into the next state. Its three passes are

    forward    zx, state[0]      -> h and what the other passes need (the tape)
    backward   dL/dh[t]          -> dL/dzx[t], dL/dzh[t], dL/dstate[0]
    r_forward  R zx, R(W_h) h    -> R h[t], R(pre-activation)[t]

where R is the derivative along a direction in weight space (Pearlmutter 1994). All tensors are
time-major, (n_steps, batch, width); gates lie side by side along the width.

The loops over time are compiled ones (`trainers.kernel`) for small networks on the CPU, and torch's
elsewhere; tests hold them to each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from trainers.network.small import arrays, small


@dataclass(frozen=True)
class Tape:
    """What a forward pass leaves for the backward and R-forward passes.

    Attributes
    ----------
    hidden : (n_steps + 1, batch, n_units), h[0] first
    saved : what the cell keeps
    last : (batch, state_size), the state to go on from
    find_slopes : gives `slopes`
    """

    hidden: Tensor
    saved: tuple[Tensor, ...]
    last: Tensor
    find_slopes: Callable[[], Tensor]

    @cached_property
    def slopes(self) -> Tensor:
        """Derivatives of the activations by the pre-activations, (n_steps, batch, n_gates * n)."""
        return self.find_slopes()


Empty = Callable[..., Tensor]  # (name, *shape) -> memory to write to
Forward = Callable[[Tensor, Tensor, Tensor, Empty], Tape]
Backward = Callable[[Tape, Tensor, Tensor, "Tensor | None", Empty], tuple[Tensor, Tensor, Tensor]]
RForward = Callable[[Tape, Tensor, Tensor, Tensor, Tensor, Empty], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Cell:
    """A recurrent cell as three functions; each writes its results to the memory it is given.

    Attributes
    ----------
    n_gates : pre-activations per unit
    n_parts : parts of the state, each (batch, n_units): h alone, or h and c
    forward : (zx, W_h, state, empty) -> tape; zx is overwritten
    backward : (tape, W_h, dL/dh, extra, empty) -> dL/dzx, dL/dzh, dL/dstate[0]; dL/dh, that of the
        same step's outputs, is overwritten by the whole one, through all later steps; `extra` is
        added to the derivative of every pre-activation on the way (structural damping)
    r_forward : (tape, W_h, R zx, R W_h, R state[0], empty) -> R h, R pre-activation; R zx is
        overwritten
    """

    n_gates: int
    n_parts: int
    forward: Forward
    backward: Backward
    r_forward: RForward


@dataclass(frozen=True)
class Activation:
    """A hidden activation, in place, its slope as a function of its value, its number in kernel."""

    apply: Callable[[Tensor], object]
    slope: Callable[[Tensor], Tensor]
    number: int


ACTIVATIONS = {
    "tanh": Activation(torch.tanh_, lambda h: 1.0 - h * h, 0),
    "relu": Activation(torch.relu_, torch.sign, 1),
    "identity": Activation(lambda z: z, torch.ones_like, 2),
}


def _rnn_backward(
    tape: Tape, W_h: Tensor, grad: Tensor, extra: Tensor | None, empty: Empty
) -> tuple[Tensor, Tensor, Tensor]:
    (slopes,), delta = tape.saved, empty("delta", *grad.shape)
    after = torch.zeros_like(grad[0])
    if small(grad):
        from trainers.network import loops as kernel

        kernel.rnn_backward(*arrays(grad, slopes, W_h, extra, delta, after))
        return delta, delta, after
    for t in range(len(delta) - 1, -1, -1):
        grad[t] += after
        torch.mul(grad[t], slopes[t], out=delta[t])
        if extra is not None:
            delta[t] += extra[t]
        torch.mm(delta[t], W_h, out=after)
    return delta, delta, after


def _rnn_r_forward(
    tape: Tape, W_h: Tensor, r_zx: Tensor, r_W_h: Tensor, r_state: Tensor, empty: Empty
) -> tuple[Tensor, Tensor]:
    (slopes,), h, r_h = tape.saved, tape.hidden, empty("r_hidden", *r_zx.shape)
    weights, along = W_h.t(), r_W_h.t()
    if small(r_zx):
        from trainers.network import loops as kernel

        before = r_state.contiguous()
        kernel.rnn_r_forward(*arrays(r_zx, h, slopes, weights, along, before, r_h))
        return r_h, r_zx
    for t in range(len(r_zx)):
        r_zx[t].addmm_(h[t], along).addmm_(r_h[t - 1] if t else r_state, weights)
        torch.mul(r_zx[t], slopes[t], out=r_h[t])
    return r_h, r_zx


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

    def forward(zx: Tensor, W_h: Tensor, state: Tensor, empty: Empty) -> Tape:
        n_steps, batch, n = zx.shape
        hidden, slopes = empty("hidden", n_steps + 1, batch, n), zx  # they take its memory
        hidden[0], weights = state, W_h.t()
        if small(zx):
            from trainers.network import loops as kernel

            kernel.rnn_forward(*arrays(zx, weights, hidden), activation.number)
        else:
            for t in range(n_steps):
                torch.addmm(zx[t], hidden[t], weights, out=hidden[t + 1])
                activation.apply(hidden[t + 1])
            slopes.copy_(activation.slope(hidden[1:]))
        return Tape(hidden, (slopes,), hidden[-1], lambda: slopes)

    return Cell(1, 1, forward, _rnn_backward, _rnn_r_forward)


def _gate_slopes(gates: Tensor, n: int) -> Tensor:
    """Return s (1 - s) of every sigmoid gate and 1 - g^2 of gate 2, which is tanh."""
    slopes = gates * (1.0 - gates)
    tanh = gates[..., 2 * n : 3 * n]
    slopes[..., 2 * n : 3 * n] = 1.0 - tanh * tanh
    return slopes


def _lstm_forward(zx: Tensor, W_h: Tensor, state: Tensor, empty: Empty) -> Tape:
    n_steps, batch, n = zx.shape[0], zx.shape[1], W_h.shape[1]
    hidden, cells = (empty(name, n_steps + 1, batch, n) for name in ("hidden", "cells"))
    gains, decays = empty("gains", *zx.shape), empty("decays", n_steps, batch, n)
    hidden[0], cells[0], weights = state[:, :n], state[:, n:], W_h.t()
    if small(hidden):
        from trainers.network import loops as kernel

        work = empty("work", batch, 4 * n)
        kernel.lstm_forward(*arrays(zx, weights, hidden, cells, gains, decays, work))
    else:
        for t in range(n_steps):
            gates = zx[t].addmm_(hidden[t], weights)
            i, f, g, o = gates.chunk(4, dim=1)
            for sigmoid in (gates[:, : 2 * n], o):
                sigmoid.sigmoid_()
            g.tanh_()
            torch.mul(f, cells[t], out=cells[t + 1]).addcmul_(i, g)
            tanh_c = torch.tanh(cells[t + 1])
            torch.mul(o, tanh_c, out=hidden[t + 1])
            torch.mul(o, 1.0 - tanh_c * tanh_c, out=decays[t])
            others = torch.cat([g, cells[t], i, tanh_c], dim=1)
            torch.mul(_gate_slopes(gates, n), others, out=gains[t])
    last = torch.cat([hidden[-1], cells[-1]], dim=1)
    return Tape(hidden, (gains, zx, decays), last, lambda: _gate_slopes(zx, n))


def _lstm_backward(
    tape: Tape, W_h: Tensor, grad: Tensor, extra: Tensor | None, empty: Empty
) -> tuple[Tensor, Tensor, Tensor]:
    n_steps, batch, n = grad.shape
    gains, gates, decays = tape.saved
    delta = empty("delta", *gains.shape)
    dh, dc = torch.zeros_like(grad[0]), torch.zeros_like(grad[0])
    if small(grad):
        from trainers.network import loops as kernel

        kernel.lstm_backward(*arrays(grad, gains, gates, decays, W_h, extra, delta, dh, dc))
        return delta, delta, torch.cat([dh, dc], dim=1)
    for t in range(n_steps - 1, -1, -1):
        row, gain = delta[t].view(batch, 4, n), gains[t].view(batch, 4, n)
        grad[t] += dh
        dc.addcmul_(grad[t], decays[t])
        torch.mul(dc[:, None], gain[:, :3], out=row[:, :3])
        torch.mul(grad[t], gain[:, 3], out=row[:, 3])
        if extra is not None:
            delta[t] += extra[t]
        dc *= gates[t, :, n : 2 * n]
        torch.mm(delta[t], W_h, out=dh)
    return delta, delta, torch.cat([dh, dc], dim=1)


def _lstm_r_forward(
    tape: Tape, W_h: Tensor, r_zx: Tensor, r_W_h: Tensor, r_state: Tensor, empty: Empty
) -> tuple[Tensor, Tensor]:
    n, batch = W_h.shape[1], r_zx.shape[1]
    gains, gates, decays = tape.saved
    r_zx.flatten(0, 1).addmm_(tape.hidden[:-1].flatten(0, 1), r_W_h.t())
    out, weights = empty("r_hidden", *tape.hidden[1:].shape), W_h.t()
    r_h, r_c = r_state[:, :n].contiguous(), r_state[:, n:].contiguous()
    if small(out):
        from trainers.network import loops as kernel

        work = empty("work_r", batch, 4 * n)
        state = arrays(r_h.clone(), r_c.clone(), out, work)
        kernel.lstm_r_forward(*arrays(r_zx, gains, gates, decays, weights), *state)
        return out, r_zx
    for t in range(len(r_zx)):
        parts = r_zx[t].addmm_(r_h, weights) * gains[t]
        by_i, by_f, by_g, by_o = parts.chunk(4, dim=1)
        r_c = r_c * gates[t, :, n : 2 * n] + by_i + by_f + by_g
        r_h = torch.addcmul(by_o, decays[t], r_c, out=out[t])
    return out, r_zx


def lstm() -> Cell:
    """Return the long short-term memory cell; gates in the order i, f, g, o.

    c[t] = f c[t-1] + i g,   h[t] = o tanh(c[t]),   i, f, o = sigmoid(z), g = tanh(z)

    backward, with u[t] = dL/dc[t]:
        u[t] = dL/dh[t] o (1 - tanh^2 c[t]) + f[t+1] u[t+1]
        dL/dz = u g i(1-i), u c[t-1] f(1-f), u i (1-g^2), dL/dh tanh(c) o(1-o)
    r_forward:
        R c[t] = f R c[t-1] + c[t-1] f(1-f) R z_f + g i(1-i) R z_i + i (1-g^2) R z_g
        R h[t] = tanh(c) o(1-o) R z_o + o (1 - tanh^2 c) R c[t]

    The factors of u, dL/dh and R z are the same in both passes; the tape keeps them as `gains`.

    References
    ----------
    Hochreiter & Schmidhuber (1997); Gers, Schmidhuber & Cummins (2000) for the forget gate.
    """
    return Cell(4, 2, _lstm_forward, _lstm_backward, _lstm_r_forward)


def _gru_forward(zx: Tensor, W_h: Tensor, state: Tensor, empty: Empty) -> Tape:
    n_steps, batch, n = zx.shape[0], zx.shape[1], W_h.shape[1]
    hidden, gains = empty("hidden", n_steps + 1, batch, n), empty("gains", *zx.shape)
    hidden[0], weights = state, W_h.t()
    if small(hidden):
        from trainers.network import loops as kernel

        work = empty("work", batch, 3 * n)
        kernel.gru_forward(*arrays(zx, weights, hidden, gains, work))
    else:
        for t in range(n_steps):
            zh = hidden[t] @ weights
            gates, candidate, share = zx[t, :, : 2 * n], zx[t, :, 2 * n :], zh[:, 2 * n :]
            gates.add_(zh[:, : 2 * n]).sigmoid_()
            reset, update = gates.chunk(2, dim=1)
            candidate.addcmul_(reset, share).tanh_()
            ahead = hidden[t] - candidate
            others = torch.cat([share, ahead, 1.0 - update], dim=1)
            torch.mul(_gate_slopes(zx[t], n), others, out=gains[t])
            torch.addcmul(candidate, update, ahead, out=hidden[t + 1])
    return Tape(hidden, (gains, zx), hidden[-1], lambda: _gate_slopes(zx, n))


def _gru_backward(
    tape: Tape, W_h: Tensor, grad: Tensor, extra: Tensor | None, empty: Empty
) -> tuple[Tensor, Tensor, Tensor]:
    n_steps, batch, n = grad.shape
    gains, gates = tape.saved
    delta, delta_h = (empty(name, n_steps, batch, 3 * n) for name in ("delta", "delta_h"))
    after = torch.zeros_like(grad[0])
    if small(grad):
        from trainers.network import loops as kernel

        kernel.gru_backward(*arrays(grad, gains, gates, W_h, extra, delta, delta_h, after))
        return delta, delta_h, after
    for t in range(n_steps - 1, -1, -1):
        row, gain = delta[t].view(batch, 3, n), gains[t].view(batch, 3, n)
        grad[t] += after
        torch.mul(grad[t][:, None], gain[:, 1:], out=row[:, 1:])
        if extra is not None:
            delta[t, :, n:] += extra[t, :, n:]
        torch.mul(row[:, 2], gain[:, 0], out=row[:, 0])
        if extra is not None:
            delta[t, :, :n] += extra[t, :, :n]
        delta_h[t] = delta[t]
        delta_h[t, :, 2 * n :] *= gates[t, :, :n]
        torch.addcmul(delta_h[t] @ W_h, grad[t], gates[t, :, n : 2 * n], out=after)
    return delta, delta_h, after


def _gru_r_forward(
    tape: Tape, W_h: Tensor, r_zx: Tensor, r_W_h: Tensor, r_state: Tensor, empty: Empty
) -> tuple[Tensor, Tensor]:
    n, batch = W_h.shape[1], r_zx.shape[1]
    gains, gates = tape.saved
    r_zh, out = empty("r_zh", *r_zx.shape), empty("r_hidden", *tape.hidden[1:].shape)
    torch.mm(tape.hidden[:-1].flatten(0, 1), r_W_h.t(), out=r_zh.flatten(0, 1))
    r_h, weights = r_state.contiguous(), W_h.t()
    if small(out):
        from trainers.network import loops as kernel

        state = arrays(r_h.clone(), out, empty("work_r", batch, 3 * n))
        kernel.gru_r_forward(*arrays(r_zx, r_zh, gains, gates, weights), *state)
        return out, r_zx
    for t in range(len(r_zx)):
        r_zh[t].addmm_(r_h, weights)
        r_zx[t, :, : 2 * n] += r_zh[t, :, : 2 * n]
        candidate = r_zx[t, :, 2 * n :].addcmul_(gates[t, :, :n], r_zh[t, :, 2 * n :])
        candidate.addcmul_(r_zx[t, :, :n], gains[t, :, :n])
        _, by_u, by_g = (r_zx[t] * gains[t]).chunk(3, dim=1)
        r_h = torch.addcmul(by_u + by_g, gates[t, :, n : 2 * n], r_h, out=out[t])
    return out, r_zx


def gru() -> Cell:
    """Return the gated recurrent unit; gates in the order r, u, n, one bias each.

    r, u = sigmoid(zx + zh),  n = tanh(zx_n + r zh_n),  h[t] = u h[t-1] + (1 - u) n

    backward, with e = dL/dh[t]:
        dL/dz_u = e (h[t-1] - n) u(1-u),  dL/dz_n = e (1-u)(1-n^2),  dL/dz_r = dL/dz_n zh_n r(1-r)
        dL/dh[t-1] = e u + W_h' [dL/dz_r; dL/dz_u; r dL/dz_n]
    r_forward: the chain rule along the same lines, with the same factors.

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
