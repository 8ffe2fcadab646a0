"""The compiled recursion of the sensitivities: derivatives of the states by all weights at once.

With s[t] the state of a layer, its parts one below the other, and S[t] = ds[t]/dtheta,

    S[t] = J_h (W_h S_h[t-1] + dW_h h[t-1]) + J_x (W_x U[t] + dW_x x[t] + db) + J_s S[t-1]

where U[t] = dx[t]/dtheta: of the layer below, or of what is fed back of the last output,

    U[t] = B dy[t-1],   dy[t] = V S_h[t] + dV h[t] + V_x U[t] + dV_x x[t] + dc

References
----------
Williams & Zipser (1989), A learning algorithm for continually running fully recurrent neural
networks.
"""

from __future__ import annotations

import numpy as np

from reservoirs.compiled.simd import compiled
from reservoirs.sequences import Array


@compiled
def _add_scaled(row: Array, factor: float, other: Array) -> None:
    """Add a multiple of another row to a row."""
    for k in range(len(row)):
        row[k] += factor * other[k]


@compiled
def _set_scaled(row: Array, factor: float, other: Array) -> None:
    """Write a multiple of another row over a row."""
    for k in range(len(row)):
        row[k] = factor * other[k]


@compiled
def _add_direct(
    row: Array, by_x: float, by_h: float, x: Array, h: Array, unit: int, first: Array
) -> None:
    """Add what the weights of one gate of one unit do by themselves at this step.

    `unit` counts through the gates; `first` has the first columns of the layer's input weights,
    recurrent weights and bias, -1 without a bias.
    """
    start = first[0] + unit * len(x)
    for j in range(len(x)):
        row[start + j] += by_x * x[j]
    start = first[1] + unit * len(h)
    for j in range(len(h)):
        row[start + j] += by_h * h[j]
    if first[2] >= 0:
        row[first[2] + unit] += by_x


@compiled
def _one_layer(
    by_x: Array,
    by_h: Array,
    by_state: Array,
    old: Array,
    new: Array,
    from_h: Array,
    from_x: Array,
    x: Array,
    h: Array,
    first: Array,
) -> None:
    """Carry the sensitivities of one layer over one step.

    by_x and by_h are (n_parts, n_gates, n), by_state (n_parts, n_parts, n); old and new are
    (n_parts * n, n_columns), from_h = W_h S_h and from_x = W_x U (n_gates * n, n_columns), from_x
    of no rows where x is given; x and h are what the weights meet.
    """
    n_parts, n_gates, n = by_x.shape
    for part in range(n_parts):
        for i in range(n):
            row = new[part * n + i]
            _set_scaled(row, by_h[part, 0, i], from_h[i])
            for gate in range(n_gates):
                unit, a, b = gate * n + i, by_x[part, gate, i], by_h[part, gate, i]
                if gate and b != 0.0:
                    _add_scaled(row, b, from_h[unit])
                if len(from_x) and a != 0.0:
                    _add_scaled(row, a, from_x[unit])
                _add_direct(row, a, b, x, h, unit, first)
            for other in range(n_parts):
                factor = by_state[part, other, i]
                if factor != 0.0:
                    _add_scaled(row, factor, old[other * n + i])


@compiled
def _add_readout(dy: Array, h: Array, x: Array, first: Array) -> None:
    """Add what the weights of the readout do by themselves: dV h + dV_x x + dc.

    `first` has the first columns of V, V_x and c, -1 without V_x.
    """
    for o in range(len(dy)):
        dy[o, first[0] + o * len(h) : first[0] + (o + 1) * len(h)] += h
        if first[1] >= 0:
            dy[o, first[1] + o * len(x) : first[1] + (o + 1) * len(x)] += x
        dy[o, first[2] + o] += 1.0


@compiled
def sensitivities(
    by_x: Array,
    by_h: Array,
    by_state: Array,
    W_h: Array,
    W_x: Array,
    W_below: Array,
    inputs: Array,
    hidden: Array,
    V: Array,
    V_x: Array,
    feedback: Array,
    first: Array,
    first_out: Array,
    state: Array,
    jacobian: Array,
) -> None:
    """Fill in the derivatives of the last outputs of one series.

    by_x, by_h are (n_layers, n_steps, n_parts, n_gates, n), by_state (n_layers, n_steps, n_parts,
    n_parts, n); W_h is (n_layers, n_gates * n, n_seen), where it multiplies the first n_seen
    numbers of the state, W_x (n_gates * n, n_inputs) of the lowest layer, W_below (n_layers - 1,
    n_gates * n, n) of those above; inputs are (n_steps, n_inputs), hidden (n_layers, n_steps + 1,
    n_seen), that of the start first. V is (n_outputs, n), V_x (n_outputs,
    n_inputs), of no rows without it; feedback, (n_inputs, n_outputs), has no columns where nothing
    is fed back. `first`, (n_layers, 3), and `first_out`, (3,), are the first columns of the weights
    of every layer, and of V, V_x and c; -1 for those that are not columns. state, (n_layers,
    n_parts * n, n_columns), is S of the start, overwritten; jacobian, (n_scored, n_outputs,
    n_columns), takes dy of the last steps.
    """
    n_layers, n_steps, _, n_gates, n = by_x.shape
    n_columns, n_outputs, feeds = state.shape[2], len(V), feedback.shape[1] > 0
    new = np.zeros_like(state)
    from_h = np.zeros((n_gates * n, n_columns))
    from_x, nothing = np.zeros((n_gates * n, n_columns)), np.zeros((0, n_columns))
    dy, dx = np.zeros((n_outputs, n_columns)), np.zeros((inputs.shape[1], n_columns))
    for t in range(n_steps):
        below = inputs[t]
        if feeds:
            np.dot(feedback, dy, dx)
        for k in range(n_layers):
            np.dot(W_h[k], state[k, : W_h.shape[2]], from_h)
            if k:
                np.dot(W_below[k - 1], new[k - 1, :n], from_x)
            elif feeds:
                np.dot(W_x, dx, from_x)
            given = nothing if k == 0 and not feeds else from_x
            h = hidden[k, t]
            _one_layer(
                *(by_x[k, t], by_h[k, t], by_state[k, t]),
                *(state[k], new[k], from_h, given, below, h, first[k]),
            )
            below = hidden[k, t + 1, :n]
        state, new = new, state
        scored = t - (n_steps - len(jacobian))
        if not feeds and scored < 0:
            continue
        np.dot(V, state[n_layers - 1, :n], dy)
        if feeds and len(V_x):
            dy += np.dot(V_x, dx)
        if first_out[0] >= 0:
            _add_readout(dy, below, inputs[t], first_out)
        if scored >= 0:
            jacobian[scored] = dy
