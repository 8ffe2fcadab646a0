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

    e and d are (n_steps, batch, n_units), W_h and the derivative (n_units, n_units).

    References
    ----------
    Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks,
    eqs. 9-10.
    """
    e, d = errors[1:], delta[1:]  # the signal that leaves step 0 reaches no trained state
    d_back = d @ W_h  # W_h' d[t] of every series, as a row
    e_norm = e.norm(dim=-1, keepdim=True)
    d_back_norm = d_back.norm(dim=-1, keepdim=True)
    has_signal = (e_norm > TINY) & (d_back_norm > TINY)
    ratio = torch.where(has_signal, d_back_norm / e_norm, torch.ones_like(e_norm))
    batch = errors.shape[1]
    # dOmega/d(W_h' d) = 2 (ratio - 1) / |e| times the unit vector along W_h' d
    slope = torch.where(has_signal, 2.0 * (ratio - 1.0) / (d_back_norm * e_norm) / batch, 0.0)
    value = float((ratio - 1.0).square().sum()) / batch
    return value, d.flatten(0, 1).t() @ (slope * d_back).flatten(0, 1)
