"""Operations of torch whose backward pass is differentiated at no more than its cost.

The derivative of a backward pass J' u by u is J v. Where torch derives the backward pass of a
convolution it computes the derivatives by its input and weights beside, asked or not: two more
convolutions, of the size of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.autograd import Function
from torch.overrides import TorchFunctionMode

from trainers.second_order.recurrences import CELLS, run_layers

CONVOLUTIONS = {torch.conv1d: 1, torch.conv2d: 2, torch.conv3d: 3}  # and their dimensions


class Layout(NamedTuple):
    """The settings of a convolution, in the order of torch.convolution."""

    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]
    transposed: bool
    output_padding: Sequence[int]
    groups: int


class LeanDerivatives(TorchFunctionMode):
    """Within it, convolutions are those of this file, and recurrent layers run by our cells.

    `recurrences` says whether the latter do.

    Their results and gradients are torch's own, of any order. Only backward passes run within
    `linear` have a graph of their own, which knows the derivative by u alone.
    """

    def __init__(self, recurrences: bool = True) -> None:
        super().__init__()
        self.is_linear, self.recurrences, self.has_recurrences = False, recurrences, False

    @contextmanager
    def linear(self) -> Iterator[None]:
        """Record backward passes as functions of the errors that come in, and of nothing else."""
        self.is_linear = True
        try:
            yield
        finally:
            self.is_linear = False

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        """Call a function of torch, or what takes its place here."""
        given = {} if kwargs is None else kwargs
        if func in CONVOLUTIONS and torch.is_grad_enabled():
            read: Callable[..., tuple[object, ...] | None] = _arguments
            arguments = read(CONVOLUTIONS[func], *args, **given)
            if arguments is not None:
                return Convolution.apply(self, *arguments)  # type: ignore[no-untyped-call]
        if func in CELLS and self.recurrences and torch.is_grad_enabled():
            run: Callable[..., tuple[object, ...] | None] = run_layers
            found = run(self, CELLS[func], *args, **given)
            if found is not None:
                self.has_recurrences = True
                return found
        return func(*args, **given)


def _arguments(
    n_dimensions: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | str | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> tuple[Layout, Tensor, Tensor, Tensor | None] | None:
    """Return what `Convolution` takes, or None where torch goes ways of its own."""
    autocast = torch.is_autocast_enabled(input.device.type)
    if isinstance(padding, str) or input.dim() != n_dimensions + 2 or autocast:
        return None

    def each(setting: int | Sequence[int]) -> Sequence[int]:
        several = [setting] if isinstance(setting, int) else list(setting)
        return several * n_dimensions if len(several) == 1 else several

    layout = Layout(each(stride), each(padding), each(dilation), False, each(0), groups)
    return layout, input, weight, bias


class _Context(Protocol):
    """What torch keeps between the two passes of a function of one's own."""

    mode: LeanDerivatives
    layout: Layout
    bias_sizes: list[int] | None
    shape: torch.Size
    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors."""

    def set_materialize_grads(self, value: bool) -> None:
        """Choose whether errors that are not there come as zeros."""


class Convolution(Function):
    """z = x * w + b, torch.convolution."""

    @staticmethod
    def forward(
        ctx: _Context,
        mode: LeanDerivatives,
        layout: Layout,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
    ) -> Tensor:
        """Return z."""
        ctx.mode, ctx.layout = mode, layout
        ctx.bias_sizes = None if bias is None else list(bias.shape)
        ctx.save_for_backward(x, weight)
        return torch.convolution(x, weight, bias, *layout)

    @staticmethod
    def backward(ctx: _Context, error: Tensor) -> tuple[Tensor | None, ...]:
        """Return the derivatives by x, w and b for an error, that by z."""
        x, weight = ctx.saved_tensors
        asked = list(ctx.needs_input_grad[2:])
        if ctx.mode.is_linear:
            rows = _BackwardOfConvolution.apply(  # type: ignore[no-untyped-call]
                ctx.layout, ctx.bias_sizes, asked, x, weight, error
            )
        else:
            rows = torch.ops.aten.convolution_backward(
                error, x, weight, ctx.bias_sizes, *ctx.layout, asked
            )
        return None, None, *rows


class _BackwardOfConvolution(Function):
    """The backward pass of a convolution, as a linear function of the error alone."""

    @staticmethod
    def forward(
        ctx: _Context,
        layout: Layout,
        bias_sizes: list[int] | None,
        asked: list[bool],
        x: Tensor,
        weight: Tensor,
        error: Tensor,
    ) -> tuple[Tensor | None, ...]:
        ctx.layout, ctx.shape = layout, error.shape
        ctx.save_for_backward(x, weight)
        ctx.set_materialize_grads(False)
        rows: tuple[Tensor | None, ...] = torch.ops.aten.convolution_backward(
            error, x, weight, bias_sizes, *layout, asked
        )
        return rows

    @staticmethod
    def backward(
        ctx: _Context, v_x: Tensor | None, v_weight: Tensor | None, v_bias: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        # J v = v_x * w + x * v_w + v_b
        Jv = None if v_x is None else torch.convolution(v_x, weight, None, *ctx.layout)
        if v_weight is not None:
            term = torch.convolution(x, v_weight, v_bias, *ctx.layout)
            Jv = term if Jv is None else Jv.add_(term)
        elif v_bias is not None:
            term = v_bias.view(-1, *[1] * (len(ctx.shape) - 2)).expand(ctx.shape)
            Jv = term if Jv is None else Jv.add_(term)
        return None, None, None, None, None, Jv
