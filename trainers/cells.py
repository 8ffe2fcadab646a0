"""Recurrent cells: forward pass, back-propagation through time and R-forward pass, by hand.

A cell sees two sums of pre-activations, one from its input and one from its last state,

    zx[t] = W_x x[t] + b,   zh[t] = W_h h[t-1]

and turns them into the next state. Its three passes are

    forward    zx, state[0]      -> h and what the other passes need (the tape)
    backward   dL/dh[t]          -> dL/dzx[t], dL/dzh[t], dL/dstate[0]
    r_forward  R zx, R(W_h) h    -> R h[t], R(pre-activation)[t]

where R is the derivative along a direction in weight space (Pearlmutter 1994). All tensors are
time-major, (n_steps, batch, width); gates lie side by side along the width.

The loops over time are written in the few operations of `trainers.operations`, which are NumPy's
for small networks on the CPU and torch's elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from trainers.operations import Operations, operations


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
    """A hidden activation, in place, and its derivative as a function of its value, with `out`."""

    apply: Callable[[Operations, Any], object]
    slope: Callable[[Operations, Any, Any], object]


def _one_minus_square(ops: Operations, h: Any, out: Any) -> None:
    """Compute 1 - h^2, the slope of tanh as a function of its value."""
    ops.multiply(h, h, out=out)
    ops.subtract(1.0, out, out=out)


ACTIVATIONS = {
    "tanh": Activation(lambda ops, z: ops.tanh(z, out=z), _one_minus_square),
    "relu": Activation(lambda ops, z: ops.relu_(z), lambda ops, h, out: ops.sign(h, out=out)),
    "identity": Activation(lambda ops, z: z, lambda ops, h, out: ops.fill(out, 1.0)),
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

    def forward(zx: Tensor, W_h: Tensor, state: Tensor, empty: Empty) -> Tape:
        n_steps, batch, n = zx.shape
        hidden, slopes = empty("hidden", n_steps + 1, batch, n), empty("slopes", *zx.shape)
        hidden[0], ops = state, operations(zx)
        h, slope, z = map(ops.view, (hidden, slopes, zx))
        weights = ops.view(W_h.t().contiguous())
        for t in range(n_steps):
            row = h[t + 1]
            ops.dot(h[t], weights, out=row)
            ops.add(row, z[t], out=row)
            activation.apply(ops, row)
            activation.slope(ops, row, slope[t])  # while the row is in the cache
        return Tape(hidden, (slopes,), hidden[-1], lambda: slopes)

    def backward(
        tape: Tape, W_h: Tensor, grad: Tensor, extra: Tensor | None, empty: Empty
    ) -> tuple[Tensor, Tensor, Tensor]:
        delta, after, ops = empty("delta", *grad.shape), torch.zeros_like(grad[0]), operations(grad)
        d, dh, weights = ops.view(delta), ops.view(after), ops.view(W_h)
        e, slope, added = map(ops.view, (grad, tape.saved[0], extra))
        for t in range(len(delta) - 1, -1, -1):
            ops.add(dh, e[t], out=e[t])
            ops.multiply(e[t], slope[t], out=d[t])
            if added is not None:
                ops.add(d[t], added[t], out=d[t])
            ops.dot(d[t], weights, out=dh)
        return delta, delta, after

    def r_forward(
        tape: Tape, W_h: Tensor, r_zx: Tensor, r_W_h: Tensor, r_state: Tensor, empty: Empty
    ) -> tuple[Tensor, Tensor]:
        r_hidden, ops = empty("r_hidden", *r_zx.shape), operations(r_zx)
        r_h, r_z, slope, h = map(ops.view, (r_hidden, r_zx, tape.saved[0], tape.hidden))
        before, weights = ops.view(r_state.contiguous()), ops.view(W_h.t().contiguous())
        along = ops.view(r_W_h.t().contiguous())
        for t in range(len(r_zx)):
            for left, right in ((h[t], along), (before, weights)):
                ops.dot(left, right, out=r_h[t])
                ops.add(r_z[t], r_h[t], out=r_z[t])
            before = ops.multiply(r_z[t], slope[t], out=r_h[t])
        return r_hidden, r_zx

    return Cell(1, 1, forward, backward, r_forward)


def _halved(zx: Tensor, W_h: Tensor, tanh_gate: int) -> tuple[Tensor, Tensor]:
    """Return the factor 1/2 of every sigmoid gate, 1 of the tanh gate, and W_h' times it.

    sigmoid(z) = 1/2 + 1/2 tanh(z/2), so that one tanh serves all gates; zx is scaled in place.
    """
    half = zx.new_full((len(W_h),), 0.5)
    n = W_h.shape[1]
    half[tanh_gate * n : (tanh_gate + 1) * n] = 1.0
    zx.mul_(half)
    return half, (W_h * half[:, None]).t().contiguous()


def _gate_slopes(gates: Tensor, n: int) -> Tensor:
    """Return s (1 - s) of every sigmoid gate and 1 - g^2 of gate 2, which is tanh."""
    slopes = gates * (1.0 - gates)
    tanh = gates[..., 2 * n : 3 * n]
    slopes[..., 2 * n : 3 * n] = 1.0 - tanh * tanh
    return slopes


def _lstm_forward(zx: Tensor, W_h: Tensor, state: Tensor, empty: Empty) -> Tape:
    n_steps, batch, n, ops = zx.shape[0], zx.shape[1], W_h.shape[1], operations(zx)
    hidden, cells = (empty(name, n_steps + 1, batch, n) for name in ("hidden", "cells"))
    decays, work = empty("decays", n_steps, batch, n), empty("work", batch, 4 * n)
    gains, squashed = empty("gains", *zx.shape), empty("squashed", batch, n)
    hidden[0], cells[0] = state[:, :n], state[:, n:]
    factor, scaled = _halved(zx, W_h, 2)
    h, c, z, gain, decay = map(ops.view, (hidden, cells, zx, gains, decays))
    product, tanh_c, weights, half, shift = map(
        ops.view, (work, squashed, scaled, factor, 1.0 - factor)
    )
    for t in range(n_steps):
        gates, slope = z[t], gain[t]
        ops.dot(h[t], weights, out=product)
        ops.add(gates, product, out=gates)
        ops.tanh(gates, out=gates)
        ops.multiply(gates, half, out=gates)
        ops.add(gates, shift, out=gates)
        i, f, g, o = (gates[:, k * n : (k + 1) * n] for k in range(4))
        ops.multiply(f, c[t], out=c[t + 1])
        share = ops.multiply(i, g, out=product[:, :n])
        ops.add(c[t + 1], share, out=c[t + 1])
        ops.tanh(c[t + 1], out=tanh_c)
        ops.multiply(o, tanh_c, out=h[t + 1])
        ops.multiply(gates, gates, out=slope)  # the slopes, while the gates are in the cache
        ops.subtract(gates, slope, out=slope)
        _one_minus_square(ops, g, slope[:, 2 * n : 3 * n])
        for k, other in enumerate((g, c[t], i, tanh_c)):
            part = slope[:, k * n : (k + 1) * n]
            ops.multiply(part, other, out=part)
        _one_minus_square(ops, tanh_c, decay[t])
        ops.multiply(decay[t], o, out=decay[t])
    last, forget = torch.cat([hidden[-1], cells[-1]], dim=1), zx[..., n : 2 * n]
    return Tape(hidden, (gains, forget, decays), last, lambda: _gate_slopes(zx, n))


def _lstm_backward(
    tape: Tape, W_h: Tensor, grad: Tensor, extra: Tensor | None, empty: Empty
) -> tuple[Tensor, Tensor, Tensor]:
    n_steps, batch, n, ops = *grad.shape, operations(grad)
    delta, work = empty("delta", *tape.saved[0].shape), empty("work", batch, n)
    start_h, start_c = torch.zeros_like(grad[0]), torch.zeros_like(grad[0])
    gain, forget, decay = map(ops.view, tape.saved)
    gain = gain.reshape(n_steps, batch, 4, n)
    d, e, added, share = map(ops.view, (delta, grad, extra, work))
    dh, dc, weights = map(ops.view, (start_h, start_c, W_h))
    for t in range(n_steps - 1, -1, -1):
        row = d[t].reshape(batch, 4, n)
        ops.add(dh, e[t], out=e[t])
        ops.add(dc, ops.multiply(e[t], decay[t], out=share), out=dc)
        ops.multiply(dc[:, None], gain[t, :, :3], out=row[:, :3])
        ops.multiply(e[t], gain[t, :, 3], out=row[:, 3])
        if added is not None:
            ops.add(d[t], added[t], out=d[t])
        ops.multiply(dc, forget[t], out=dc)
        ops.dot(d[t], weights, out=dh)
    return delta, delta, torch.cat([start_h, start_c], dim=1)


def _lstm_r_forward(
    tape: Tape, W_h: Tensor, r_zx: Tensor, r_W_h: Tensor, r_state: Tensor, empty: Empty
) -> tuple[Tensor, Tensor]:
    n, ops = W_h.shape[1], operations(r_zx)
    r_zx.flatten(0, 1).addmm_(tape.hidden[:-1].flatten(0, 1), r_W_h.t())
    r_hidden, work = empty("r_hidden", *tape.hidden[1:].shape), empty("work_r", *r_zx.shape[1:])
    gain, forget, decay = map(ops.view, tape.saved)
    out, r_z, share, weights = map(ops.view, (r_hidden, r_zx, work, W_h.t().contiguous()))
    r_h, r_c = ops.view(r_state[:, :n].contiguous()), ops.view(r_state[:, n:].clone())
    for t in range(len(r_zx)):
        ops.dot(r_h, weights, out=share)
        ops.add(r_z[t], share, out=r_z[t])
        ops.multiply(r_z[t], gain[t], out=share)
        ops.multiply(r_c, forget[t], out=r_c)
        for gate in range(3):
            ops.add(r_c, share[:, gate * n : (gate + 1) * n], out=r_c)
        r_h = ops.multiply(decay[t], r_c, out=out[t])
        ops.add(r_h, share[:, 3 * n :], out=r_h)
    return r_hidden, r_zx


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
    n_steps, batch, n, ops = zx.shape[0], zx.shape[1], W_h.shape[1], operations(zx)
    hidden, gains = empty("hidden", n_steps + 1, batch, n), empty("gains", *zx.shape)
    sums, work = empty("sums", batch, 3 * n), empty("work", batch, n)
    hidden[0] = state
    _, scaled = _halved(zx, W_h, 2)
    h, z, gain, zh, share, weights = map(ops.view, (hidden, zx, gains, sums, work, scaled))
    for t in range(n_steps):
        row, slope = z[t], gain[t]
        gates, candidate = row[:, : 2 * n], row[:, 2 * n :]
        reset, update = gates[:, :n], gates[:, n:]
        ops.dot(h[t], weights, out=zh)
        ops.add(gates, zh[:, : 2 * n], out=gates)
        ops.tanh(gates, out=gates)
        ops.multiply(gates, 0.5, out=gates)
        ops.add(gates, 0.5, out=gates)
        ops.multiply(reset, zh[:, 2 * n :], out=share)
        ops.add(candidate, share, out=candidate)
        ops.tanh(candidate, out=candidate)
        by_gates, by_candidate = slope[:, : 2 * n], slope[:, 2 * n :]
        by_reset, by_update = by_gates[:, :n], by_gates[:, n:]
        ops.multiply(gates, gates, out=by_gates)
        ops.subtract(gates, by_gates, out=by_gates)
        _one_minus_square(ops, candidate, by_candidate)
        ops.multiply(by_reset, zh[:, 2 * n :], out=by_reset)
        ops.subtract(1.0, update, out=share)
        ops.multiply(by_candidate, share, out=by_candidate)
        ops.subtract(h[t], candidate, out=share)
        ops.multiply(by_update, share, out=by_update)
        ops.multiply(share, update, out=share)
        ops.add(candidate, share, out=h[t + 1])
    reset, update, _ = zx.chunk(3, dim=-1)
    return Tape(hidden, (gains, reset, update), hidden[-1], lambda: _gate_slopes(zx, n))


def _gru_backward(
    tape: Tape, W_h: Tensor, grad: Tensor, extra: Tensor | None, empty: Empty
) -> tuple[Tensor, Tensor, Tensor]:
    n_steps, batch, n, ops = *grad.shape, operations(grad)
    delta, delta_h = (empty(name, n_steps, batch, 3 * n) for name in ("delta", "delta_h"))
    start, work = torch.zeros_like(grad[0]), empty("work", batch, n)
    gain, reset, update = map(ops.view, tape.saved)
    dh, e, added, share, weights = map(ops.view, (start, grad, extra, work, W_h))
    d, d_h = ops.view(delta), ops.view(delta_h)
    gain = gain.reshape(n_steps, batch, 3, n)
    for t in range(n_steps - 1, -1, -1):
        row, row_h = d[t], d_h[t]
        parts = row.reshape(batch, 3, n)
        ops.add(dh, e[t], out=e[t])
        ops.multiply(e[t][:, None], gain[t, :, 1:], out=parts[:, 1:])
        if added is not None:
            ops.add(row[:, n:], added[t, :, n:], out=row[:, n:])
        ops.multiply(parts[:, 2], gain[t, :, 0], out=parts[:, 0])
        if added is not None:
            ops.add(row[:, :n], added[t, :, :n], out=row[:, :n])
        row_h[:, : 2 * n] = row[:, : 2 * n]
        ops.multiply(row[:, 2 * n :], reset[t], out=row_h[:, 2 * n :])
        ops.multiply(e[t], update[t], out=share)
        ops.dot(row_h, weights, out=dh)
        ops.add(dh, share, out=dh)
    return delta, delta_h, start


def _gru_r_forward(
    tape: Tape, W_h: Tensor, r_zx: Tensor, r_W_h: Tensor, r_state: Tensor, empty: Empty
) -> tuple[Tensor, Tensor]:
    n, ops, shape = W_h.shape[1], operations(r_zx), r_zx.shape
    r_zh, r_hidden = empty("r_zh", *shape), empty("r_hidden", *shape[:2], n)
    torch.mm(tape.hidden[:-1].flatten(0, 1), r_W_h.t(), out=r_zh.flatten(0, 1))
    gain, reset, update = map(ops.view, tape.saved)
    out, r_z, zh, weights = map(ops.view, (r_hidden, r_zx, r_zh, W_h.t().contiguous()))
    r_h = ops.view(r_state.contiguous())
    share = ops.view(empty("work_r", *shape[1:]))
    for t in range(len(r_zx)):
        row, candidate = r_z[t], r_z[t][:, 2 * n :]
        ops.add(zh[t], ops.dot(r_h, weights, out=share), out=zh[t])
        ops.add(row[:, : 2 * n], zh[t][:, : 2 * n], out=row[:, : 2 * n])
        ops.add(candidate, ops.multiply(reset[t], zh[t][:, 2 * n :], out=out[t]), out=candidate)
        ops.add(candidate, ops.multiply(row[:, :n], gain[t][:, :n], out=out[t]), out=candidate)
        ops.multiply(row, gain[t], out=share)
        r_h = ops.multiply(update[t], r_h, out=out[t])
        ops.add(r_h, share[:, n : 2 * n], out=r_h)
        ops.add(r_h, share[:, 2 * n :], out=r_h)
    return r_hidden, r_zx


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
