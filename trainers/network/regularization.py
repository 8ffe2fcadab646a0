"""The regulariser of Pascanu, Mikolov & Bengio (2013) against vanishing gradients."""

from __future__ import annotations

import torch
from torch import Tensor

TINY = 1e-30  # steps without any error signal (after the last target) are left out


def vanishing_penalty(errors: Tensor, delta: Tensor, W_h: Tensor) -> tuple[float, Tensor]:
    """Return the penalty on error signals that change their norm from step to step.

    Omega = sum_t (|W_h' d[t]| / |e[t]| - 1)^2,   e[t] = dL/dh[t],   d[t] = f'(z[t]) * e[t]

    averaged over the sequences, and the immediate part of its derivative by W_h: e and d, which
    depend on W_h too, count as constants, as in the paper.

    Parameters
    ----------
    errors : e, (n_steps, batch, n_units)
    delta : d, (n_steps, batch, n_units)
    W_h : (n_units, n_units)

    Returns
    -------
    Omega and its derivative (n_units, n_units)

    References
    ----------
    Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks,
    eqs. 9-10.
    """
    later, d = errors[1:], delta[1:]  # the signal that leaves step 0 reaches no trained state
    passed = d @ W_h
    norm = later.norm(dim=-1, keepdim=True)
    passed_norm = passed.norm(dim=-1, keepdim=True)
    alive = (norm > TINY) & (passed_norm > TINY)
    ratio = torch.where(alive, passed_norm / norm, torch.ones_like(norm))
    batch = errors.shape[1]
    slope = torch.where(alive, 2.0 * (ratio - 1.0) / (passed_norm * norm) / batch, 0.0)
    by_passed = slope * passed
    value = float((ratio - 1.0).square().sum()) / batch
    return value, d.flatten(0, 1).t() @ by_passed.flatten(0, 1)
