"""Whole layers run by torch, where its kernels are faster than the loops of the cells.

torch's LSTM of float32 is oneDNN's, which packs the weights once for all steps. What torch keeps of
a run serves a gradient and nothing else: products with the curvature need the tape of a cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from trainers.network.small import SMALL

Keep = Literal["tape", "gradient", "nothing"]  # what a forward pass leaves for other passes

LSTM_MODE = 2  # torch's number for it
NARROW = 64  # units whose weights the compiled loops read fast
FEW, FEW_NARROW = 1024, 2049  # states of all series below which those loops win
LONG = 6400  # states of all series and steps from which packing the weights is soon made up for
RUNNERS: dict[str, Callable[..., tuple[Tensor, ...]]] = {
    name: getattr(torch._VF, name) for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")
}


class LayerGradients(NamedTuple):
    """Derivatives of a loss by what a layer was run on.

    Attributes
    ----------
    input_weights, recurrent_weights, bias : torch.Tensor
        By the weights; by the bias also where the layer has none.
    start : (batch, n_parts * n_units) torch.Tensor
        By the state before the first step.
    inputs : (n_steps, batch, width) torch.Tensor
        By the inputs.
    """

    input_weights: Tensor
    recurrent_weights: Tensor
    bias: Tensor
    start: Tensor
    inputs: Tensor


@dataclass(frozen=True)
class LayerRun:
    """A run of a layer by torch.

    Attributes
    ----------
    states : (n_steps, batch, n_units) torch.Tensor
        h[t].
    ends : tuple of (1, batch, n_units) torch.Tensor
        Parts of the state after the last step.
    backward : callable or None
        From dL/dh[t] through the outputs to the derivatives; None where nothing was kept.
    """

    states: Tensor
    ends: tuple[Tensor, ...]
    backward: Callable[[Tensor], LayerGradients] | None

    @property
    def last(self) -> Tensor:
        """The state after the last step, (batch, n_parts * n_units)."""
        return torch.cat(self.ends, dim=2)[0]


def is_faster(name: str, keep: Keep, inputs: Tensor, n_units: int) -> bool:
    """Tell whether torch runs a layer faster than the loops of its cell.

    `name` is a key of `RUNNERS`, "" for a cell that torch does not have; inputs are (n_steps,
    batch, width). On devices other than the CPU the cells run.
    """
    if not name or keep == "tape" or inputs.device.type != "cpu":
        return False
    n_states, large = inputs.shape[1] * n_units, n_units > SMALL
    if name == "lstm" and inputs.dtype == torch.float32 and _has_onednn():
        is_long = keep == "nothing" and n_states * inputs.shape[0] > LONG
        return large or n_states > SMALL or is_long
    few = FEW_NARROW if n_units <= NARROW else FEW
    return keep == "nothing" and (large or n_states >= few)


@cache
def _has_onednn() -> bool:
    available: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return available and hasattr(torch.ops.aten, "mkldnn_rnn_layer_backward")


def run_layer(
    name: str,
    keep: Keep,
    inputs: Tensor,
    weights: tuple[Tensor, Tensor, Tensor | None],
    start: Tensor | None,
    n_parts: int,
) -> LayerRun:
    """Run a layer by torch.

    Parameters
    ----------
    name : str
        A key of `RUNNERS`.
    keep : {"gradient", "nothing"}
        What for.
    inputs : (n_steps, batch, width) torch.Tensor
        x[t].
    weights : tuple of torch.Tensor
        W_x, W_h and the bias or None.
    start : (batch, n_parts * n_units) torch.Tensor or None
        The state before the first step; None for zeros.
    n_parts : int
        Parts of the state, h alone or h and c.
    """
    W_x, W_h, bias = weights
    bias = W_h.new_zeros(len(W_h)) if bias is None else bias
    tensors = [W_x, W_h, bias, torch.zeros_like(bias)]  # torch adds two biases
    batch, n = inputs.shape[1], W_h.shape[1]
    if start is None:
        parts = inputs.new_zeros(n_parts, 1, batch, n)
    else:
        parts = start.view(batch, n_parts, 1, n).permute(1, 2, 0, 3).contiguous()
    if keep == "gradient":
        return _run_onednn(inputs, tensors, parts)
    state = parts[0] if n_parts == 1 else (parts[0], parts[1])
    # has biases, one layer, no dropout, not in training, one direction, time first
    states, *ends = RUNNERS[name](inputs, state, tensors, True, 1, 0.0, False, False, False)
    return LayerRun(states, tuple(ends), None)


def _run_onednn(inputs: Tensor, tensors: list[Tensor], start: Tensor) -> LayerRun:
    """Run an LSTM by oneDNN, with what its gradient needs."""
    inputs, h, c = inputs.contiguous(), start[0, 0], start[1, 0]  # the only layout it reads
    settings = (LSTM_MODE, h.shape[1], 1, True)  # one layer, with biases
    with torch.enable_grad():  # else torch leaves out what the gradient needs
        states, h_last, c_last, memory = torch.ops.aten.mkldnn_rnn_layer(
            inputs, *tensors, h, c, False, [], *settings, False, False, True
        )
    known = (inputs, *tensors, h, c, states, h_last, c_last)

    def backward(errors: Tensor) -> LayerGradients:
        found = torch.ops.aten.mkldnn_rnn_layer_backward(
            *known,
            errors.contiguous(),
            None,
            None,
            False,
            *settings,
            True,
            False,
            [],
            False,
            memory,
        )
        by_inputs, by_W_x, by_W_h, by_bias, _, by_h, by_c = found
        by_start = torch.cat([by_h.view_as(h), by_c.view_as(c)], dim=1)
        return LayerGradients(by_W_x, by_W_h, by_bias, by_start, by_inputs)

    return LayerRun(states, (h_last.view(start[0].shape), c_last.view(start[0].shape)), backward)
