"""The loops over time of the cells, compiled. Arrays in, arrays written over.

What torch does in a call per operation and step is one pass over a row here, while it is in the
cache: both loops of a gradient of 64 units, 20 steps and 32 series take 0.14 ms, by calls of NumPy
0.35 ms. `trainers.cells` has the equations, and the same loops in torch for large networks and
other devices.

Import it inside functions: numba takes a tenth of a second to load.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reservoirs.compiled.simd import compiled, tanh

# numba's disk cache watches this file only; what it is written in: simd.py, storage.py 16c92eab

TANH, RELU, IDENTITY = range(3)


@compiled
def _sigmoid(row: Any) -> None:
    """Replace a row by its logistic function, 1/2 + 1/2 tanh(x/2)."""
    half = row.dtype.type(0.5)
    for j in range(len(row)):
        row[j] = half * tanh(half * row[j]) + half


@compiled
def _add(row: Any, other: Any) -> None:
    for j in range(len(row)):
        row[j] += other[j]


@compiled
def _scale(row: Any, other: Any) -> None:
    for j in range(len(row)):
        row[j] *= other[j]


@compiled
def _multiply(row: Any, other: Any, out: Any) -> None:
    """Compute row * other, `out` being neither: else the compiler can not use vectors."""
    for j in range(len(row)):
        out[j] = row[j] * other[j]


@compiled
def _tanh(row: Any) -> None:
    for j in range(len(row)):
        row[j] = tanh(row[j])


@compiled
def _activate(row: Any, slope: Any, activation: int) -> None:
    """Replace a row by its activation, and fill in the slope there."""
    zero, one = row.dtype.type(0.0), row.dtype.type(1.0)
    if activation == TANH:
        for j in range(len(row)):
            h = tanh(row[j])
            row[j] = h
            slope[j] = one - h * h
    elif activation == RELU:
        for j in range(len(row)):
            h = row[j]
            row[j] = zero if h < zero else h  # written so that NaN passes
            slope[j] = one if h > zero else zero
    else:
        slope[:] = one


@compiled
def rnn_forward(z: Any, weights: Any, hidden: Any, activation: int) -> None:
    """Run h[t] = f(z[t] + h[t-1] W_h'); z becomes the slopes of f.

    Parameters
    ----------
    z : (n_steps, batch, n)
    weights : (n, n), W_h'
    hidden : (n_steps + 1, batch, n), the first row given
    activation : of f
    """
    for t in range(len(z)):
        np.dot(hidden[t], weights, hidden[t + 1])
        row, pre = hidden[t + 1].reshape(-1), z[t].reshape(-1)
        _add(row, pre)
        _activate(row, pre, activation)


@compiled
def rnn_backward(
    errors: Any, slopes: Any, weights: Any, extra: Any, delta: Any, after: Any
) -> None:
    """Carry the error back; `after` is dL/dh of the step before, zero at first."""
    for t in range(len(errors) - 1, -1, -1):
        e, d = errors[t].reshape(-1), delta[t].reshape(-1)
        _add(e, after.reshape(-1))
        _multiply(e, slopes[t].reshape(-1), d)
        if extra is not None:
            _add(d, extra[t].reshape(-1))
        np.dot(delta[t], weights, after)


@compiled
def rnn_r_forward(
    r_z: Any, hidden: Any, slopes: Any, weights: Any, along: Any, before: Any, r_hidden: Any
) -> None:
    """Carry derivatives forward; `along` is R(W_h)', `before` R h[0]."""
    work = np.empty_like(before)
    for t in range(len(r_z)):
        np.dot(hidden[t], along, work)
        np.dot(r_hidden[t - 1] if t else before, weights, r_hidden[t])
        z, h = r_z[t].reshape(-1), r_hidden[t].reshape(-1)
        _add(z, work.reshape(-1))
        _add(z, h)
        _multiply(z, slopes[t].reshape(-1), h)


@compiled
def lstm_forward(
    z: Any, weights: Any, hidden: Any, cells: Any, gains: Any, decays: Any, work: Any
) -> None:
    """Run the cell; z becomes the gates i, f, g, o, side by side."""
    n = hidden.shape[2]
    one = hidden.dtype.type(1.0)
    for t in range(len(z)):
        np.dot(hidden[t], weights, work)
        for k in range(z.shape[1]):
            row, gain = z[t, k], gains[t, k]
            _add(row, work[k])
            _sigmoid(row[: 2 * n])
            _sigmoid(row[3 * n :])
            i, f, g, o = row[:n], row[n : 2 * n], row[2 * n : 3 * n], row[3 * n :]
            before, c, h, decay = cells[t, k], cells[t + 1, k], hidden[t + 1, k], decays[t, k]
            _tanh(g)
            for j in range(n):
                c[j] = f[j] * before[j] + i[j] * g[j]
            h[:] = c
            _tanh(h)
            by_i, by_f, by_g, by_o = gain[:n], gain[n : 2 * n], gain[2 * n : 3 * n], gain[3 * n :]
            for j in range(n):
                by_i[j] = i[j] * (one - i[j]) * g[j]
            for j in range(n):
                by_f[j] = f[j] * (one - f[j]) * before[j]
            for j in range(n):
                by_g[j] = i[j] * (one - g[j] * g[j])
            for j in range(n):
                by_o[j] = o[j] * (one - o[j]) * h[j]
                decay[j] = o[j] * (one - h[j] * h[j])
            _scale(h, o)


@compiled
def lstm_backward(
    errors: Any, gains: Any, gates: Any, decays: Any, weights: Any, extra: Any, delta: Any,
    after: Any, after_c: Any,
) -> None:  # fmt: skip
    """Carry the errors of h and c back."""
    n = errors.shape[2]
    for t in range(len(errors) - 1, -1, -1):
        for k in range(errors.shape[1]):
            e, a, c, decay = errors[t, k], after[k], after_c[k], decays[t, k]
            f = gates[t, k, n : 2 * n]
            row, gain = delta[t, k], gains[t, k]
            for j in range(n):
                e[j] += a[j]
                c[j] += e[j] * decay[j]
            for gate in range(3):
                part, factor = row[gate * n : (gate + 1) * n], gain[gate * n : (gate + 1) * n]
                _multiply(c, factor, part)
            _multiply(e, gain[3 * n :], row[3 * n :])
            _scale(c, f)
            if extra is not None:
                _add(row, extra[t, k])
        np.dot(delta[t], weights, after)


@compiled
def lstm_r_forward(
    r_z: Any, gains: Any, gates: Any, decays: Any, weights: Any, r_h: Any, r_c: Any, out: Any,
    work: Any,
) -> None:  # fmt: skip
    """Carry derivatives forward; r_h and r_c are those of the start, written over."""
    n = out.shape[2]
    for t in range(len(r_z)):
        np.dot(r_h, weights, work)
        for k in range(out.shape[1]):
            row, gain, c, f = r_z[t, k], gains[t, k], r_c[k], gates[t, k, n : 2 * n]
            decay, h, last = decays[t, k], r_h[k], out[t, k]
            _add(row, work[k])
            _scale(c, f)
            for gate in range(3):
                part, factor = row[gate * n : (gate + 1) * n], gain[gate * n : (gate + 1) * n]
                for j in range(n):
                    c[j] += part[j] * factor[j]
            part, factor = row[3 * n :], gain[3 * n :]
            for j in range(n):
                h[j] = decay[j] * c[j] + part[j] * factor[j]
            last[:] = h


@compiled
def gru_forward(z: Any, weights: Any, hidden: Any, gains: Any, work: Any) -> None:
    """Run the cell; z becomes the gates r, u and the candidate, side by side."""
    n = hidden.shape[2]
    one = hidden.dtype.type(1.0)
    for t in range(len(z)):
        np.dot(hidden[t], weights, work)
        for k in range(z.shape[1]):
            row, gain, zh = z[t, k], gains[t, k], work[k]
            r, u, g, share = row[:n], row[n : 2 * n], row[2 * n :], zh[2 * n :]
            _add(row[: 2 * n], zh[: 2 * n])
            _sigmoid(row[: 2 * n])
            for j in range(n):
                g[j] = tanh(g[j] + r[j] * share[j])
            before, h = hidden[t, k], hidden[t + 1, k]
            by_r, by_u, by_g = gain[:n], gain[n : 2 * n], gain[2 * n :]
            for j in range(n):
                by_r[j] = r[j] * (one - r[j]) * share[j]
            for j in range(n):
                by_g[j] = (one - u[j]) * (one - g[j] * g[j])
            for j in range(n):
                by_u[j] = u[j] * (one - u[j]) * (before[j] - g[j])
            for j in range(n):
                h[j] = g[j] + u[j] * (before[j] - g[j])


@compiled
def gru_backward(
    errors: Any, gains: Any, gates: Any, weights: Any, extra: Any, delta: Any, delta_h: Any,
    after: Any,
) -> None:  # fmt: skip
    """Carry the error back; delta_h is what reaches W_h, delta what reaches W_x."""
    n = errors.shape[2]
    for t in range(len(errors) - 1, -1, -1):
        for k in range(errors.shape[1]):
            e, a, gain = errors[t, k], after[k], gains[t, k]
            row, row_h, r = delta[t, k], delta_h[t, k], gates[t, k, :n]
            d_r, d_u, d_g = row[:n], row[n : 2 * n], row[2 * n :]
            by_r, by_u, by_g = gain[:n], gain[n : 2 * n], gain[2 * n :]
            _add(e, a)
            _multiply(e, by_u, d_u)
            _multiply(e, by_g, d_g)
            if extra is not None:
                _add(row[n:], extra[t, k, n:])
            _multiply(d_g, by_r, d_r)
            if extra is not None:
                _add(d_r, extra[t, k, :n])
            row_h[: 2 * n] = row[: 2 * n]
            _multiply(d_g, r, row_h[2 * n :])
        np.dot(delta_h[t], weights, after)
        for k in range(errors.shape[1]):
            e, a, u = errors[t, k], after[k], gates[t, k, n : 2 * n]
            for j in range(n):
                a[j] += e[j] * u[j]


@compiled
def gru_r_forward(
    r_z: Any, r_zh: Any, gains: Any, gates: Any, weights: Any, r_h: Any, out: Any, work: Any
) -> None:  # fmt: skip
    """Carry derivatives forward; r_zh is R(W_h) h, r_h that of the start, written over."""
    n = out.shape[2]
    for t in range(len(r_z)):
        np.dot(r_h, weights, work)
        for k in range(out.shape[1]):
            row, gain, zh, share = r_z[t, k], gains[t, k], r_zh[t, k], work[k]
            r, u, h, last = gates[t, k, :n], gates[t, k, n : 2 * n], r_h[k], out[t, k]
            _add(zh, share)
            _add(row[: 2 * n], zh[: 2 * n])
            z_r, z_u, z_g, zh_g = row[:n], row[n : 2 * n], row[2 * n :], zh[2 * n :]
            by_r, by_u, by_g = gain[:n], gain[n : 2 * n], gain[2 * n :]
            for j in range(n):
                z_g[j] += r[j] * zh_g[j] + z_r[j] * by_r[j]
            for j in range(n):
                h[j] = u[j] * h[j] + z_u[j] * by_u[j]
            for j in range(n):
                h[j] += z_g[j] * by_g[j]
                last[j] = h[j]
