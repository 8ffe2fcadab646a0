"""Teacher forcing: which networks a training goes through, and what does not go with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.forecasting import Loop
from reservoirs.sequences import Array
from trainers.network.forcing import ForcedNetwork
from trainers.network.heads import Head
from trainers.network.stack import Network
from trainers.rnn.settings import NetworkSettings
from trainers.training.hessian_free import HessianFreeSolver
from trainers.training.solvers import resolve


def check_shares(teacher_forcing: ArrayLike) -> list[float]:
    """Return the shares of the stages.

    Raises
    ------
    ValueError
        For none, or one that is not above 0 and at most 1.
    """
    try:
        shares = np.atleast_1d(np.asarray(teacher_forcing, dtype=np.float64))
    except (TypeError, ValueError):
        shares = np.empty((0, 0))
    if shares.ndim != 1 or not len(shares) or not ((0 < shares) & (shares <= 1)).all():
        raise ValueError(
            "teacher_forcing must be a number above 0 and at most 1, or a list of them, one a "
            f"stage, such as [1, 0.5, 0.2]; got {teacher_forcing!r}"
        )
    return [float(share) for share in shares]


def check_forcing(network: NetworkSettings, head: Head, n_ahead: int) -> None:
    """Refuse settings that do not go with a network that is fed its own outputs.

    Raises
    ------
    ValueError
        For a window, another device than the CPU, several outputs a target or steps ahead, dropout,
        structural damping, and the penalty on vanishing gradients.
    """
    solver, remedy = resolve(network.solver), "; or set teacher_forcing=1"
    structural = isinstance(solver, HessianFreeSolver) and solver.structural_damping
    for fault, says in [
        (network.window is not None, "carries a state from row to row: set window=None"),
        (network.device != "cpu", "runs on the CPU: set device='cpu'"),
        (head.width > 1, "feeds one output per target back: take another loss"),
        (n_ahead > 1, "feeds the next step back: take the targets of one step"),
        (network.dropout, "has no dropout: set dropout=0"),
        (network.vanishing_penalty, "recurs through its outputs too: set vanishing_penalty=0"),
        (structural, "has no structural damping: take HessianFreeSolver(structural_damping=0)"),
    ]:
        if fault:
            raise ValueError(f"a network with teacher_forcing below 1 {says}{remedy}")


def forced_networks(
    network: Network,
    shares: list[float],
    loop: Loop | None,
    *,
    inputs: tuple[Array, Array],
    targets: tuple[Array, Array],
) -> list[Network]:
    """Return the network of every stage, fed a share of the data and the rest of itself.

    `loop` makes a target the next input; inputs and targets are their means and scales inside the
    network.

    Raises
    ------
    ValueError
        If a share is below 1 and the loop cannot close.
    """
    if loop is None:
        raise ValueError(
            "teacher_forcing below 1 feeds predictions back, and this y is not the next row of X; "
            "build both by next_step, or set teacher_forcing=1"
        )
    (to_input, offset), n = loop, network.n_outputs
    (input_mean, input_scale), (target_mean, target_scale) = inputs, targets
    scale = to_input * target_scale / input_scale[:n]
    shift = (to_input * target_mean + offset - input_mean[:n]) / input_scale[:n]
    return [
        network if share == 1.0 else ForcedNetwork.of(network, share, scale, shift)
        for share in shares
    ]
