"""Which networks are small, and what is done differently for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reservoirs.parallel import one_blas_thread, thread_pools

SMALL = 256  # units up to which compiled loops on one thread win
UNPACKED, WORTHWHILE = 1_000_000, 64  # multiplications of an unpacked product; rows that it needs
PACKS = ("Haswell", "Zen")  # kernels of OpenBLAS without unpacked products: those of AVX2


def small(states: Tensor) -> bool:
    """Tell whether the compiled loops run a network.

    Parameters
    ----------
    states : (n_steps, batch, n_units)
    """
    return states.device.type == "cpu" and states.shape[-1] <= SMALL


def arrays(*tensors: Tensor | None) -> tuple[Any, ...]:
    """Return tensors as NumPy arrays of the same memory; None stays None."""
    return tuple(None if tensor is None else tensor.numpy() for tensor in tensors)


def product(a: Tensor, b: Tensor, out: Tensor) -> None:
    """Compute a @ b, summed over many columns of a.

    Where torch has one thread anyway, on the CPU, NumPy multiplies: 100 units, 10,000 rows,
    float64, 5 ms instead of 7. With AVX-512 its BLAS takes pieces as they are that it packs first
    when they are larger.

    Parameters
    ----------
    a, b : (n, m) and (m, k)
    out : (n, k), written to
    """
    if a.device.type != "cpu" or torch.get_num_threads() > 1:
        torch.mm(a, b, out=out)
        return
    left, right, total = arrays(a, b, out)
    size = UNPACKED // total.size
    if size < WORTHWHILE or _packs():
        size = len(right)
    np.dot(left[:, :size], right[:size], out=total)
    for first in range(size, len(right), size):
        piece = slice(first, first + size)
        total += np.dot(left[:, piece], right[piece])


@cache
def _packs() -> bool:
    """Tell whether NumPy's BLAS packs every product, whatever its size."""
    return any(lib.get("architecture") in PACKS for lib in thread_pools().info())


@contextmanager
def one_thread(n_units: int) -> Iterator[None]:
    """Keep NumPy's products on one thread, and torch's too where a network is small.

    Other threads hardly help there; beside other work they wait for each other, and ten epochs of
    the sine took 3 s instead of 0.2 s. Nor do results depend on how many there are. Overflow is
    reported by the caller, as of torch.

    Parameters
    ----------
    n_units : of the network
    """
    threads = torch.get_num_threads()
    alone = n_units <= SMALL and threads > 1
    if alone:
        torch.set_num_threads(1)
    try:
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            yield
    finally:
        if alone:
            torch.set_num_threads(threads)
