"""The compiled passes of a network that is fed its own outputs: its loops over time, per series.

Of every step the derivatives of `Cell.jacobians` are given; what the weights do by themselves is a
matter of large products, before or after. All arrays are of one series and of one dtype: by_x, by_h
(n_layers, n_steps, n_parts, n_gates, n), by_state (n_layers, n_steps, n_parts, n_parts, n), W_h
(n_layers, n_gates * n, n_seen), where it multiplies the first n_seen numbers of the state, W_x
(n_gates * n, n_inputs) of the lowest layer, W_below (n_layers - 1, n_gates * n, n), V (n_outputs,
n), V_x (n_outputs, n_inputs), of zeros without it, and B (n_inputs, n_outputs), by which o[t-1]
enters x[t].
"""

from __future__ import annotations

import numpy as np

from reservoirs.compiled.simd import compiled
from reservoirs.sequences import Array


@compiled
def _spread(by: Array, errors: Array, delta: Array) -> None:
    """Carry the errors of the parts of the state, (n_parts, n), to those of the gates."""
    n_parts, n_gates, n = by.shape
    for gate in range(n_gates):
        for i in range(n):
            total = errors.dtype.type(0.0)
            for part in range(n_parts):
                total += by[part, gate, i] * errors[part, i]
            delta[gate * n + i] = total


@compiled
def backward(
    by_x: Array,
    by_h: Array,
    by_state: Array,
    W_h: Array,
    W_x: Array,
    W_below: Array,
    V: Array,
    V_x: Array,
    B: Array,
    grad: Array,
    errors: Array,
    delta_x: Array,
    delta_h: Array,
    start: Array,
) -> None:
    """Carry the errors back.

    grad, (n_steps, n_outputs), is dL/do through the loss and becomes that through all later steps
    too. errors, (n_layers, n_steps, n), takes dL/dh, delta_x and delta_h, (n_layers, n_steps,
    n_gates * n), take dL/dzx and dL/dzh, start, (n_layers, n_parts, n), zero before, dL/dstate[0].
    """
    n_layers, n_steps = by_x.shape[:2]
    from_next, from_state, dx = (
        np.zeros_like(grad[0]),
        np.zeros_like(start[0]),
        np.zeros_like(W_x[0]),
    )
    from_above, from_h = np.zeros_like(V[0]), np.zeros_like(W_h[0, 0])
    for t in range(n_steps - 1, -1, -1):
        grad[t] += from_next
        np.dot(grad[t], V, from_above)
        for k in range(n_layers - 1, -1, -1):
            carried = start[k]
            carried[0] += from_above
            errors[k, t] = carried[0]
            _spread(by_x[k, t], carried, delta_x[k, t])
            _spread(by_h[k, t], carried, delta_h[k, t])
            # dL/dstate[t-1] = J_s' dL/dstate[t], and W_h' dL/dzh in what W_h multiplies
            _spread(by_state[k, t], carried, from_state.reshape(-1))
            np.dot(delta_h[k, t], W_h[k], from_h)
            carried[:] = from_state
            carried.reshape(-1)[: len(from_h)] += from_h
            if k:
                np.dot(delta_x[k, t], W_below[k - 1], from_above)
        np.dot(delta_x[0, t], W_x, dx)
        dx += np.dot(grad[t], V_x)
        np.dot(dx, B, from_next)


@compiled
def r_forward(
    by_x: Array,
    by_h: Array,
    by_state: Array,
    W_h: Array,
    W_x: Array,
    W_below: Array,
    V: Array,
    V_x: Array,
    B: Array,
    r_zx: Array,
    r_zh: Array,
    r_outputs: Array,
    state: Array,
) -> None:
    """Carry derivatives forward.

    r_zx, r_zh, (n_layers, n_steps, n_gates * n), and r_outputs, (n_steps, n_outputs), are what the
    direction of the weights does by itself and become R zx, R zh and R o; state, (n_layers,
    n_parts, n), is R state[0], overwritten.
    """
    n_layers, n_steps, n_parts, n_gates, n = by_x.shape
    last, new = np.zeros_like(r_outputs[0]), np.zeros_like(state[0])
    for t in range(n_steps):
        dx = np.dot(B, last)
        for k in range(n_layers):
            zx, zh = r_zx[k, t], r_zh[k, t]
            zx += np.dot(W_below[k - 1], state[k - 1, 0]) if k else np.dot(W_x, dx)
            zh += np.dot(W_h[k], state[k].reshape(-1)[: W_h.shape[2]])
            for part in range(n_parts):
                for i in range(n):
                    total = zx.dtype.type(0.0)
                    for gate in range(n_gates):
                        total += by_x[k, t, part, gate, i] * zx[gate * n + i]
                        total += by_h[k, t, part, gate, i] * zh[gate * n + i]
                    for other in range(n_parts):
                        total += by_state[k, t, part, other, i] * state[k, other, i]
                    new[part, i] = total
            state[k] = new
        last = r_outputs[t]
        last += np.dot(V, state[n_layers - 1, 0])
        last += np.dot(V_x, dx)
