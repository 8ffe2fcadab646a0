"""The compiled passes of the vanilla cell: its loops over time. Arrays in, arrays written over.

`rnn.py` has the equations, and the same loops in torch for large networks and other devices. All
arrays are time-major as there; `weights` is W_h', or W_h in the backward pass.
"""

from __future__ import annotations

import numpy as np

from reservoirs.compiled.simd import compiled, tanh
from reservoirs.sequences import Array
from trainers.network.loops import add, multiply

TANH, RELU, IDENTITY = range(3)


@compiled
def _activate(row: Array, slope: Array, activation: int) -> None:
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
def rnn_forward(z: Array, weights: Array, hidden: Array, activation: int) -> None:
    """Run h[t] = f(z[t] + h[t-1] W_h'); z becomes the slopes of f.

    z is W_x x[t] + b, (n_steps, batch, n), weights W_h', and f goes by its number. The first row of
    hidden, (n_steps + 1, batch, n), is the start; the others are written.
    """
    for t in range(len(z)):
        np.dot(hidden[t], weights, hidden[t + 1])
        row, pre = hidden[t + 1].reshape(-1), z[t].reshape(-1)
        add(row, pre)
        _activate(row, pre, activation)


@compiled
def rnn_backward(
    errors: Array,
    slopes: Array,
    weights: Array,
    damping_term: Array | None,
    delta: Array,
    from_next: Array,
) -> None:
    """Carry the errors back.

    errors, slopes, damping_term and delta are (n_steps, batch, n). errors, dL/dh[t] through the
    outputs, become those through all later steps too; slopes are f'(z[t]); damping_term is added to
    dL/dz, which delta takes. from_next, (batch, n), is dL/dh[t] through step t + 1, zero at first;
    at the end that of the start.
    """
    for t in range(len(errors) - 1, -1, -1):
        e, d = errors[t].reshape(-1), delta[t].reshape(-1)
        add(e, from_next.reshape(-1))
        multiply(e, slopes[t].reshape(-1), d)
        if damping_term is not None:
            add(d, damping_term[t].reshape(-1))
        np.dot(delta[t], weights, from_next)  # W_h' dL/dz[t]


@compiled
def rnn_r_forward(
    r_z: Array,
    hidden: Array,
    slopes: Array,
    weights: Array,
    direction: Array,
    r_start: Array,
    r_hidden: Array,
) -> None:
    """Carry derivatives forward.

    r_z, (n_steps, batch, n), is R zx[t] and becomes R z[t]. hidden, (n_steps + 1, batch, n), is h,
    that of the start first; slopes are f'(z[t]), weights and direction W_h' and R(W_h)', r_start is
    R h[0], and r_hidden takes R h[t].
    """
    by_weights = np.empty_like(r_start)
    for t in range(len(r_z)):
        np.dot(hidden[t], direction, by_weights)  # R(W_h) h[t-1]
        np.dot(r_hidden[t - 1] if t else r_start, weights, r_hidden[t])  # W_h R h[t-1]
        z, h = r_z[t].reshape(-1), r_hidden[t].reshape(-1)
        add(z, by_weights.reshape(-1))
        add(z, h)
        multiply(z, slopes[t].reshape(-1), h)
