"""The compiled passes of coupled oscillators: loops over time. Arrays in, arrays written over.

`oscillator.py` has the equations, and the same loops in torch. All arrays are time-major as there;
the state of a series is a row [h; v] of 2 n numbers, `weights` is W_h', (2 n, n), or W_h in the
backward pass, and dt, gamma, epsilon are the numbers of the equations.
"""

from __future__ import annotations

import numpy as np

from reservoirs.compiled.simd import compiled, tanh
from reservoirs.sequences import Array
from trainers.network.loops import add


@compiled
def _advance(
    force: Array, before: Array, after: Array, dt: float, gamma: float, epsilon: float
) -> None:
    """Write the state of one series after a step under a force: dv = force - gamma h - epsilon v.

    `before` may be `after`.
    """
    n = len(force)
    step = force.dtype.type(dt)
    pull, kept = force.dtype.type(dt * gamma), force.dtype.type(1.0 - dt * epsilon)
    for j in range(n):
        h, v = before[j], before[n + j]
        v = kept * v - pull * h + step * force[j]
        after[n + j] = v
        after[j] = h + step * v


@compiled
def oscillator_forward(
    z: Array, weights: Array, states: Array, dt: float, gamma: float, epsilon: float
) -> None:
    """Run the oscillators; z, W_x x[t] + b of (n_steps, batch, n), becomes the slopes of tanh.

    The first row of states, (n_steps + 1, batch, 2 n), is the start; the others are written.
    """
    one, pre = z.dtype.type(1.0), np.empty_like(z[0])
    for t in range(len(z)):
        np.dot(states[t], weights, pre)
        force, slope = pre.reshape(-1), z[t].reshape(-1)
        for j in range(len(force)):
            f = tanh(force[j] + slope[j])
            force[j] = f
            slope[j] = one - f * f
        for i in range(len(pre)):
            _advance(pre[i], states[t, i], states[t + 1, i], dt, gamma, epsilon)


@compiled
def oscillator_backward(
    errors: Array,
    slopes: Array,
    weights: Array,
    damping_term: Array | None,
    delta: Array,
    carried: Array,
    dt: float,
    gamma: float,
    epsilon: float,
) -> None:
    """Carry the errors back.

    errors, slopes, damping_term and delta are (n_steps, batch, n). errors, dL/dh[t] through the
    outputs, become those through all later steps too; delta takes dL/dz. carried, (batch, 2 n), is
    the derivative by the state through step t + 1, zero at first; at the end that by the start.
    """
    n, back = errors.shape[2], np.empty_like(carried)
    step = errors.dtype.type(dt)
    pull, kept = errors.dtype.type(dt * gamma), errors.dtype.type(1.0 - dt * epsilon)
    for t in range(len(errors) - 1, -1, -1):
        for i in range(len(carried)):
            row = carried[i]
            for j in range(n):
                e = errors[t, i, j] + row[j]
                errors[t, i, j] = e
                u = row[n + j] + step * e
                delta[t, i, j] = step * slopes[t, i, j] * u
                row[j] = e - pull * u
                row[n + j] = kept * u
        if damping_term is not None:
            add(delta[t].reshape(-1), damping_term[t].reshape(-1))
        np.dot(delta[t], weights, back)  # W_h' dL/dz[t]
        add(carried.reshape(-1), back.reshape(-1))


@compiled
def oscillator_r_forward(
    r_z: Array,
    states: Array,
    slopes: Array,
    weights: Array,
    direction: Array,
    r_start: Array,
    r_states: Array,
    dt: float,
    gamma: float,
    epsilon: float,
) -> None:
    """Carry derivatives forward.

    r_z, (n_steps, batch, n), is R zx[t] and becomes R z[t]; weights and direction are W_h' and
    R(W_h)', slopes those of tanh, r_start is R of the start, and r_states, (n_steps, batch, 2 n),
    takes R of the states.
    """
    pre, before = np.empty_like(r_z[0]), r_start
    for t in range(len(r_z)):
        z, row = r_z[t].reshape(-1), pre.reshape(-1)
        np.dot(states[t], direction, pre)
        add(z, row)
        np.dot(before, weights, pre)
        add(z, row)
        slope = slopes[t].reshape(-1)
        for j in range(len(z)):
            row[j] = slope[j] * z[j]
        for i in range(len(pre)):
            _advance(pre[i], before[i], r_states[t, i], dt, gamma, epsilon)
        before = r_states[t]
