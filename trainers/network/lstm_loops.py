"""The compiled passes of the LSTM: its loops over time. Arrays in, arrays written over.

`lstm.py` has the equations, and the same loops in torch for large networks and other devices. All
arrays are time-major as there; `weights` is W_h', or W_h in the backward pass.
"""

from __future__ import annotations

import numpy as np

from reservoirs.compiled.simd import compiled
from reservoirs.sequences import Array
from trainers.network.loops import add, logistic_row, multiply, scale, tanh_row


@compiled
def lstm_forward(
    z: Array,
    weights: Array,
    hidden: Array,
    cells: Array,
    gate_factors: Array,
    cell_factors: Array,
    zh: Array,
) -> None:
    """Run the cell; z becomes the gates i, f, g, o, side by side."""
    n = hidden.shape[2]
    one = hidden.dtype.type(1.0)
    for t in range(len(z)):
        np.dot(hidden[t], weights, zh)
        for k in range(z.shape[1]):
            row, factors = z[t, k], gate_factors[t, k]
            add(row, zh[k])
            logistic_row(row[: 2 * n])
            logistic_row(row[3 * n :])
            i, f, g, o = row[:n], row[n : 2 * n], row[2 * n : 3 * n], row[3 * n :]
            c_before, c = cells[t, k], cells[t + 1, k]
            h, cell_factor = hidden[t + 1, k], cell_factors[t, k]
            tanh_row(g)
            for j in range(n):
                c[j] = f[j] * c_before[j] + i[j] * g[j]
                h[j] = c[j]
            tanh_row(h)
            # each gate's slope times what it is multiplied by
            by_i, by_f = factors[:n], factors[n : 2 * n]
            by_g, by_o = factors[2 * n : 3 * n], factors[3 * n :]
            for j in range(n):
                by_i[j] = i[j] * (one - i[j]) * g[j]
            for j in range(n):
                by_f[j] = f[j] * (one - f[j]) * c_before[j]
            for j in range(n):
                by_g[j] = i[j] * (one - g[j] * g[j])
            for j in range(n):
                by_o[j] = o[j] * (one - o[j]) * h[j]
                cell_factor[j] = o[j] * (one - h[j] * h[j])
            scale(h, o)


@compiled
def lstm_backward(
    errors: Array,
    gate_factors: Array,
    gates: Array,
    cell_factors: Array,
    weights: Array,
    damping_term: Array | None,
    delta: Array,
    h_from_next: Array,
    c_from_next: Array,
) -> None:
    """Carry the errors of h and c back; those from step t + 1 are zero at first, written over."""
    n = errors.shape[2]
    for t in range(len(errors) - 1, -1, -1):
        for k in range(errors.shape[1]):
            e, a, u = errors[t, k], h_from_next[k], c_from_next[k]
            f, cell_factor = gates[t, k, n : 2 * n], cell_factors[t, k]
            row, factors = delta[t, k], gate_factors[t, k]
            for j in range(n):
                e[j] += a[j]
                u[j] += e[j] * cell_factor[j]
            # dL/dz of i, f, g by u = dL/dc, of o by dL/dh
            for gate in range(3):
                columns = slice(gate * n, (gate + 1) * n)
                multiply(u, factors[columns], row[columns])
            multiply(e, factors[3 * n :], row[3 * n :])
            scale(u, f)
            if damping_term is not None:
                add(row, damping_term[t, k])
        np.dot(delta[t], weights, h_from_next)  # W_h' dL/dz[t]


@compiled
def lstm_r_forward(
    r_z: Array,
    gate_factors: Array,
    gates: Array,
    cell_factors: Array,
    weights: Array,
    r_h: Array,
    r_c: Array,
    r_hidden: Array,
    r_zh: Array,
) -> None:
    """Carry derivatives forward; r_h and r_c are those of the start, written over."""
    n = r_hidden.shape[2]
    for t in range(len(r_z)):
        np.dot(r_h, weights, r_zh)  # W_h R h[t-1]
        for k in range(r_hidden.shape[1]):
            row, factors = r_z[t, k], gate_factors[t, k]
            c, f = r_c[k], gates[t, k, n : 2 * n]
            cell_factor, h, written = cell_factors[t, k], r_h[k], r_hidden[t, k]
            add(row, r_zh[k])
            # R c[t] = f R c[t-1] + the parts of i, f and g
            scale(c, f)
            for gate in range(3):
                z, factor = row[gate * n : (gate + 1) * n], factors[gate * n : (gate + 1) * n]
                for j in range(n):
                    c[j] += z[j] * factor[j]
            z, factor = row[3 * n :], factors[3 * n :]
            for j in range(n):
                h[j] = cell_factor[j] * c[j] + z[j] * factor[j]
                written[j] = h[j]
