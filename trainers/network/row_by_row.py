"""One row after the other through a small network: a closed loop without torch's calls.

A step of a few dozen units costs microseconds, the forty calls of torch around it 0.4 ms. The loops
over time are those of the cells; tests hold the rest to `Network.forward`.
"""

from __future__ import annotations

import numpy as np

from reservoirs.sequences import Array
from trainers.network.stack import Network, RowRunner


def row_runner(network: Network, weights: dict[str, Array]) -> RowRunner:
    """Return a function that runs one series through a network.

    Of more than `small.SMALL` units it is slower than torch. The weights go by the names of the
    network's shapes, in the dtype to compute in. The function takes rows, (n_steps, n_inputs), and
    a state, (state_size,) or None for the start of a series; it returns the outputs after the last
    row, (n_outputs,), and the state there.
    """
    run_series = network.kind.run_series
    V, c = weights["output_weights"].T, weights["output_bias"]
    U = weights["skip_weights"].T if network.skip else None
    layers, starts = [], []
    for k in range(network.n_layers):
        W_x, W_h = (weights[f"{name}_weights_{k}"].T for name in ("input", "recurrent"))
        layers.append((W_x, W_h, weights.get(f"bias_{k}", 0.0)))
        zero = np.zeros(network.layer_state_size, c.dtype)
        starts.append(weights.get(f"initial_state_{k}", zero))
    initial = np.concatenate(starts)

    def run(rows: Array, state: Array | None) -> tuple[Array, Array]:
        states = (initial if state is None else state).reshape(network.n_layers, -1)
        seen = c if U is None else c + np.dot(rows[-1], U)
        last_states = np.empty_like(states)
        for k, (W_x, W_h, bias) in enumerate(layers):
            zx = np.dot(rows, W_x)
            zx += bias
            rows, last_states[k] = run_series(zx[:, None], W_h, states[k])
        return np.dot(rows[-1], V) + seen, last_states.reshape(-1)

    return network.mixing(run, c.dtype)
