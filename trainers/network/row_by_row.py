"""One row after the other through a small network: a closed loop without torch's calls.

A step of a few dozen units costs microseconds, the forty calls of torch around it 0.4 ms. The loops
over time are those of training (`trainers.kernel`); tests hold the rest to `Network.forward`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reservoirs.sequences import Array
from trainers.network.cell import ACTIVATIONS
from trainers.network.stack import Network

Loop = Callable[[Array, Array, Array], tuple[Array, Array]]


def stepper(network: Network, weights: dict[str, Array]) -> Callable[..., tuple[Array, Array]]:
    """Return a function that runs one series through a network.

    Parameters
    ----------
    network : of at most `operations.SMALL` units
    weights : by the names of the network's shapes, in the dtype to compute in

    Returns
    -------
    (rows, state) -> outputs after the last row, (n_outputs,), and the state there. Rows are
    (n_steps, n_inputs); a state is (state_size,), None for the start of a series.
    """
    loop = LOOPS[network.cell](network)
    V, c = weights["output_weights"].T, weights["output_bias"]
    layers, start = [], []
    for k in range(network.n_layers):
        W_x, W_h = (weights[f"{name}_weights_{k}"].T for name in ("input", "recurrent"))
        layers.append((W_x, W_h, weights.get(f"bias_{k}", 0.0)))
        width = network.state_size // network.n_layers
        start.append(weights.get(f"initial_state_{k}", np.zeros(width, c.dtype)))
    first = np.concatenate(start)

    def run(rows: Array, state: Array | None) -> tuple[Array, Array]:
        parts = (first if state is None else state).reshape(network.n_layers, -1)
        ends = np.empty_like(parts)
        for k, (W_x, W_h, bias) in enumerate(layers):
            zx = np.dot(rows, W_x)
            zx += bias
            rows, ends[k] = loop(zx[:, None], W_h, parts[k])
        return np.dot(rows[-1], V) + c, ends.reshape(-1)

    return run


def _rnn(network: Network) -> Loop:
    from trainers.network import loops as kernel

    number = ACTIVATIONS[network.activation].number

    def run(zx: Array, W_h: Array, start: Array) -> tuple[Array, Array]:
        (hidden,) = _empty(zx, start[None])
        kernel.rnn_forward(zx, W_h, hidden, number)
        return hidden[1:, 0], hidden[-1, 0]

    return run


def _lstm(_: Network) -> Loop:
    from trainers.network import loops as kernel

    def run(zx: Array, W_h: Array, start: Array) -> tuple[Array, Array]:
        hidden, cells = _empty(zx, start.reshape(2, -1))
        gains, work = np.empty_like(zx), np.empty_like(zx[0])
        decays = np.empty_like(hidden[1:])
        kernel.lstm_forward(zx, W_h, hidden, cells, gains, decays, work)
        return hidden[1:, 0], np.concatenate([hidden[-1, 0], cells[-1, 0]])

    return run


def _gru(_: Network) -> Loop:
    from trainers.network import loops as kernel

    def run(zx: Array, W_h: Array, start: Array) -> tuple[Array, Array]:
        (hidden,) = _empty(zx, start[None])
        gains, work = np.empty_like(zx), np.empty_like(zx[0])
        kernel.gru_forward(zx, W_h, hidden, gains, work)
        return hidden[1:, 0], hidden[-1, 0]

    return run


def _empty(zx: Array, start: Array) -> Array:
    """Return memory for every part of the state, (n_parts, n_steps + 1, 1, n), begun."""
    parts = np.empty((len(start), len(zx) + 1, 1, start.shape[1]), zx.dtype)
    parts[:, 0, 0] = start
    return parts


LOOPS: dict[str, Callable[[Network], Loop]] = {"rnn": _rnn, "lstm": _lstm, "gru": _gru}
