"""The operations of a loop over time, by NumPy or by torch.

A step of a small network is a product of two small matrices and a few passes over its result. NumPy
starts such an operation in less time than torch, and its tanh is two to six times as fast: a
gradient of 64 units, 20 steps and 32 series takes 0.3 ms instead of 0.6 ms. Its matrix products run
on one thread (`one_thread`), for two spinning pools of threads would wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

SMALL = 256  # units up to which NumPy on one thread wins


@dataclass(frozen=True)
class Operations:
    """Elementwise operations and a matrix product, all with `out`.

    Attributes
    ----------
    view : tensor -> what the others work on, the same memory; None stays None
    dot, multiply, add, subtract : (a, b, out) -> out
    tanh, sign : (a, out) -> out
    relu_, fill : (a), (a, number), in place
    """

    view: Callable[[Tensor | None], Any]
    dot: Callable[..., Any]
    multiply: Callable[..., Any]
    add: Callable[..., Any]
    subtract: Callable[..., Any]
    tanh: Callable[..., Any]
    sign: Callable[..., Any]
    relu_: Callable[..., Any]
    fill: Callable[..., Any]


NUMPY = Operations(
    lambda tensor: None if tensor is None else tensor.numpy(),
    np.dot, np.multiply, np.add, np.subtract, np.tanh, np.sign,
    lambda z: np.maximum(z, 0.0, out=z), np.ndarray.fill,
)  # fmt: skip
TORCH = Operations(
    lambda tensor: tensor, torch.mm, torch.mul, torch.add, torch.sub, torch.tanh, torch.sign,
    torch.relu_, torch.Tensor.fill_,
)  # fmt: skip


def operations(tensor: Tensor) -> Operations:
    """Return NumPy's operations for a small network on the CPU, else torch's.

    Parameters
    ----------
    tensor : any, (n_steps, batch, width)
    """
    small = tensor.device.type == "cpu" and tensor.shape[-1] <= 4 * SMALL
    return NUMPY if small else TORCH


def product(a: Tensor, b: Tensor) -> Tensor:
    """Return a @ b for matrices of many rows.

    Where torch has one thread anyway, on the CPU, NumPy multiplies: on AMD processors it takes
    two thirds of the time in float64.

    Parameters
    ----------
    a, b : (n, m) and (m, k)
    """
    if a.device.type == "cpu" and torch.get_num_threads() == 1:
        return torch.from_numpy(np.dot(a.numpy(), b.numpy()))
    return a @ b


@cache
def _thread_pools() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread(n_units: int) -> Iterator[None]:
    """Keep NumPy's products on one thread, and torch's too where a network is small.

    Other threads hardly help there; beside other work they wait for each other, and ten epochs of
    20 ms take minutes. Nor do results depend on how many there are. Overflow is reported by the
    caller, as of torch.

    Parameters
    ----------
    n_units : of the network
    """
    threads = torch.get_num_threads()
    alone = n_units <= SMALL and threads > 1
    if alone:
        torch.set_num_threads(1)
    try:
        with (
            _thread_pools().limit(limits=1, user_api="blas"),
            np.errstate(over="ignore", invalid="ignore"),
        ):
            yield
    finally:
        if alone:
            torch.set_num_threads(threads)
