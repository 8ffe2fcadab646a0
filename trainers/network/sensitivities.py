"""The derivatives of a network's outputs by its weights, all at once: the matrix J itself."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reservoirs.sequences import Array
from trainers.network.cell import Jacobians, compiled_loops
from trainers.network.passes import ForwardPass
from trainers.network.stack import READOUT, Network
from trainers.network.workspace import Workspace


def output_jacobian(network: Network, run: ForwardPass, n_columns: int) -> Tensor:
    """Return the derivatives of the outputs by the first weights of the flat vector.

    Parameters
    ----------
    network : Network
        The network.
    run : ForwardPass
        Its forward pass, from the start of the series, in float64 on the CPU.
    n_columns : int
        By how many weights: all, or those before the readout's.

    Returns
    -------
    (n_scored, batch, n_outputs, n_columns) torch.Tensor
        J of the steps that have outputs.

    """
    parts = run.jacobians()
    if not parts:
        return _one_by_one(network, run, n_columns)
    return _at_once(network, run, parts, n_columns)


def _one_by_one(network: Network, run: ForwardPass, n_columns: int) -> Tensor:
    """Return J by a pass for every weight."""
    columns, workspace = [], Workspace(run.outputs)
    for number in range(n_columns):
        direction = run.outputs.new_zeros(network.n_weights)
        direction[number] = 1.0
        columns.append(network.r_forward(run, direction, workspace)[0].clone())
    return torch.stack(columns, dim=-1)


def _at_once(
    network: Network,
    run: ForwardPass,
    parts: list[Jacobians],
    n_columns: int,
) -> Tensor:
    """Return J by the compiled recursion, series after series."""
    by_x, by_h, by_state, *weights, V, V_x = linearised(run, parts)
    fed = np.empty((network.n_inputs, 0)) if network.feedback is None else network.feedback.numpy()
    hidden = torch.stack([tape.recurrent for tape in run.tapes]).numpy()
    first, first_out, starts = _columns(network, n_columns)
    n_scored, batch = run.outputs.shape[:2]
    jacobian = np.empty((batch, n_scored, network.n_outputs, n_columns))
    for i in range(batch):
        state = np.zeros((network.n_layers, network.layer_state_size, n_columns))
        for k, start in enumerate(starts):
            if start >= 0 and run.from_start:
                columns = np.arange(network.layer_state_size)
                state[k, columns, start + columns] = 1.0
        compiled_loops("sensitivity").sensitivities(
            *(by_x[i], by_h[i], by_state[i], *weights),
            np.ascontiguousarray(run.inputs[:, i].numpy()),
            np.ascontiguousarray(hidden[:, :, i]),
            *(V, V_x, fed, first, first_out, state, jacobian[i]),
        )
    return torch.from_numpy(jacobian).transpose(0, 1)


def linearised(run: ForwardPass, parts: list[Jacobians]) -> tuple[Array, ...]:
    """Return a forward pass as the compiled loops take it.

    `parts` are the derivatives of every layer. by_x and by_h, (batch, n_layers, n_steps, n_parts,
    n_gates, n), by_state, (batch, n_layers, n_steps, n_parts, n_parts, n), W_h, (n_layers, n_gates
    * n, n_recurrent_parts * n), W_x of the lowest layer, W_x of those above, V, and V_x, of no rows
    without it, are returned.
    """
    W, layers = run.weights, range(len(parts))
    tensors = [part.x for part in parts], [part.h for part in parts], [part.state for part in parts]
    by = [np.ascontiguousarray(torch.stack(t).movedim(2, 0).numpy()) for t in tensors]
    above = [W[f"input_weights_{k}"].numpy() for k in layers[1:]]
    W_h = np.stack([W[f"recurrent_weights_{k}"].numpy() for k in layers])
    W_below = np.stack(above) if above else np.empty((0, *W_h.shape[1:]), W_h.dtype)
    n_inputs = run.inputs.shape[2]
    V_x = W["skip_weights"].numpy() if "skip_weights" in W else np.empty((0, n_inputs), W_h.dtype)
    ends = (np.ascontiguousarray(a) for a in (W["output_weights"].numpy(), V_x))
    return *by, W_h, np.ascontiguousarray(W["input_weights_0"].numpy()), W_below, *ends


def _columns(network: Network, n_columns: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Return where the weights of every layer, of the readout, and the start states begin.

    -1 for weights that there are not, or that are not among the first columns.
    """
    ends = np.cumsum([np.prod(shape) for shape in network.shapes.values()])
    begins = dict(zip(network.shapes, [0, *ends[:-1].tolist()], strict=True))

    def first(name: str) -> int:
        begin = begins.get(name, n_columns)
        return int(begin) if begin < n_columns else -1

    of_layers = [
        [first(f"{name}_{k}") for name in ("input_weights", "recurrent_weights", "bias")]
        for k in range(network.n_layers)
    ]
    of_readout = [first(name) for name in READOUT]
    starts = [first(f"initial_state_{k}") for k in range(network.n_layers)]
    return np.array(of_layers), np.array(of_readout), starts
