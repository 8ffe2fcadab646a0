"""The derivatives of a network's outputs by its weights, all at once: the matrix J itself."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from trainers.network.cell import Jacobians
from trainers.network.stack import READOUT, ForwardPass, Network
from trainers.network.workspace import Workspace


def output_jacobian(
    network: Network, run: ForwardPass, n_columns: int, feedback: Tensor | None = None
) -> Tensor:
    """Return the derivatives of the outputs by the first weights of the flat vector.

    Parameters
    ----------
    network : Network
        The network.
    run : ForwardPass
        Its forward pass, from the start of the series, in float64 on the CPU.
    n_columns : int
        By how many weights: all, or those before the readout's.
    feedback : (n_inputs, n_outputs) torch.Tensor or None, default=None
        The part of the inputs that the last outputs make up, x[t] = ... + B o[t-1]; None for none.

    Returns
    -------
    (n_scored, batch, n_outputs, n_columns) torch.Tensor
        J of the steps that have outputs.

    Raises
    ------
    ValueError
        For feedback to a cell without `jacobians`.
    """
    parts = [run.cell.jacobians(tape) for tape in run.tapes]
    if any(part is None for part in parts):
        if feedback is not None:
            raise ValueError(
                f"teacher_forcing below 1 needs Cell.jacobians, which {type(run.cell).__name__} "
                "does not have; write it, or set teacher_forcing=1"
            )
        return _one_by_one(network, run, n_columns)
    return _at_once(network, run, [part for part in parts if part is not None], n_columns, feedback)


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
    feedback: Tensor | None,
) -> Tensor:
    """Return J by the compiled recursion, series after series."""
    from trainers.network.sensitivity_loops import sensitivities  # numba takes its time to load

    layers, W = range(network.n_layers), run.weights
    V_x = W["skip_weights"].numpy() if network.skip else np.empty((0, network.n_inputs))
    above = [W[f"input_weights_{k}"].numpy() for k in layers[1:]]
    weights = (
        np.stack([W[f"recurrent_weights_{k}"].numpy() for k in layers]),
        np.ascontiguousarray(W["input_weights_0"].numpy()),
        np.stack(above) if above else np.empty((0, *W["recurrent_weights_0"].shape)),
    )
    fed = np.empty((network.n_inputs, 0)) if feedback is None else feedback.numpy()
    by_x, by_h, by_state, hidden = (
        torch.stack(tensors).numpy()
        for tensors in (
            [part.x for part in parts],
            [part.h for part in parts],
            [part.state for part in parts],
            [tape.hidden for tape in run.tapes],
        )
    )
    first, first_out, starts = _columns(network, n_columns)
    n_scored, batch = run.outputs.shape[:2]
    jacobian = np.empty((batch, n_scored, network.n_outputs, n_columns))
    for i in range(batch):
        state = np.zeros((network.n_layers, network.layer_state_size, n_columns))
        for k, start in enumerate(starts):
            if start >= 0 and run.from_start:
                columns = np.arange(network.layer_state_size)
                state[k, columns, start + columns] = 1.0
        series = (np.ascontiguousarray(a[:, :, i]) for a in (by_x, by_h, by_state))
        sensitivities(
            *series,
            *weights,
            np.ascontiguousarray(run.inputs[:, i].numpy()),
            np.ascontiguousarray(hidden[:, :, i]),
            *(np.ascontiguousarray(W["output_weights"].numpy()), np.ascontiguousarray(V_x)),
            *(np.ascontiguousarray(fed), first, first_out, state, jacobian[i]),
        )
    return torch.from_numpy(jacobian).transpose(0, 1)


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
