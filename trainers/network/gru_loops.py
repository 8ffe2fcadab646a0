"""The compiled passes of the GRU: its loops over time. Arrays in, arrays written over.

`gru.py` has the equations, and the same loops in torch for large networks and other devices. All
arrays are time-major as there; `weights` is W_h', or W_h in the backward pass.
"""

from __future__ import annotations

import numpy as np

from reservoirs.compiled.simd import compiled, tanh
from reservoirs.sequences import Array
from trainers.network.loops import add, logistic_row, multiply


@compiled
def gru_forward(z: Array, weights: Array, hidden: Array, gate_factors: Array, zh: Array) -> None:
    """Run the cell; z becomes the gates r, u and the candidate, side by side."""
    n = hidden.shape[2]
    one = hidden.dtype.type(1.0)
    for t in range(len(z)):
        np.dot(hidden[t], weights, zh)
        for k in range(z.shape[1]):
            row, factors = z[t, k], gate_factors[t, k]
            r, u, g, zh_n = row[:n], row[n : 2 * n], row[2 * n :], zh[k, 2 * n :]
            add(row[: 2 * n], zh[k, : 2 * n])
            logistic_row(row[: 2 * n])
            for j in range(n):
                g[j] = tanh(g[j] + r[j] * zh_n[j])
            h_before, h = hidden[t, k], hidden[t + 1, k]
            # each gate's slope times what it is multiplied by
            by_r, by_u, by_g = factors[:n], factors[n : 2 * n], factors[2 * n :]
            for j in range(n):
                by_r[j] = r[j] * (one - r[j]) * zh_n[j]
            for j in range(n):
                by_g[j] = (one - u[j]) * (one - g[j] * g[j])
            for j in range(n):
                by_u[j] = u[j] * (one - u[j]) * (h_before[j] - g[j])
            for j in range(n):
                h[j] = g[j] + u[j] * (h_before[j] - g[j])


@compiled
def gru_backward(
    errors: Array,
    gate_factors: Array,
    gates: Array,
    weights: Array,
    damping_term: Array | None,
    delta: Array,
    delta_h: Array,
    from_next: Array,
) -> None:
    """Carry the errors back; delta is what reaches W_x, delta_h what reaches W_h."""
    n = errors.shape[2]
    for t in range(len(errors) - 1, -1, -1):
        for k in range(errors.shape[1]):
            e, a, factors = errors[t, k], from_next[k], gate_factors[t, k]
            row, row_h, r = delta[t, k], delta_h[t, k], gates[t, k, :n]
            d_r, d_u, d_g = row[:n], row[n : 2 * n], row[2 * n :]
            by_r, by_u, by_g = factors[:n], factors[n : 2 * n], factors[2 * n :]
            add(e, a)
            # dL/dz of u and n by e = dL/dh, of r by dL/dz_n, damped already
            multiply(e, by_u, d_u)
            multiply(e, by_g, d_g)
            if damping_term is not None:
                add(row[n:], damping_term[t, k, n:])
            multiply(d_g, by_r, d_r)
            if damping_term is not None:
                add(d_r, damping_term[t, k, :n])
            for j in range(2 * n):
                row_h[j] = row[j]
            multiply(d_g, r, row_h[2 * n :])
        np.dot(delta_h[t], weights, from_next)
        # dL/dh[t-1] = W_h' dL/dzh[t] + e u
        for k in range(errors.shape[1]):
            e, a, u = errors[t, k], from_next[k], gates[t, k, n : 2 * n]
            for j in range(n):
                a[j] += e[j] * u[j]


@compiled
def gru_r_forward(
    r_z: Array,
    r_zh: Array,
    gate_factors: Array,
    gates: Array,
    weights: Array,
    r_h: Array,
    r_hidden: Array,
    by_weights: Array,
) -> None:
    """Carry derivatives forward; r_zh is R(W_h) h, r_h that of the start, written over."""
    n = r_hidden.shape[2]
    for t in range(len(r_z)):
        np.dot(r_h, weights, by_weights)  # W_h R h[t-1]
        for k in range(r_hidden.shape[1]):
            row, factors, zh = r_z[t, k], gate_factors[t, k], r_zh[t, k]
            r, u, h, written = gates[t, k, :n], gates[t, k, n : 2 * n], r_h[k], r_hidden[t, k]
            add(zh, by_weights[k])
            add(row[: 2 * n], zh[: 2 * n])
            z_r, z_u, z_g, zh_g = row[:n], row[n : 2 * n], row[2 * n :], zh[2 * n :]
            by_r, by_u, by_g = factors[:n], factors[n : 2 * n], factors[2 * n :]
            # R z_n = R zx_n + r R zh_n + zh_n r(1-r) R z_r
            for j in range(n):
                z_g[j] += r[j] * zh_g[j] + z_r[j] * by_r[j]
            # R h[t] = u R h[t-1] + (h[t-1] - n) u(1-u) R z_u + (1-u)(1-n^2) R z_n
            for j in range(n):
                h[j] = u[j] * h[j] + z_u[j] * by_u[j]
            for j in range(n):
                h[j] += z_g[j] * by_g[j]
                written[j] = h[j]
