"""Threading and matrix products for small networks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import torch
from torch import Tensor

from reservoirs.parallel import one_blas_thread, thread_pools
from reservoirs.sequences import Array

SMALL = 256  # units up to which compiled loops on one thread win
MAX_UNPACKED = 1_000_000  # multiplications up to which OpenBLAS leaves a product unpacked
MIN_ROWS = 64  # rows that such a product needs to be worth its call
PACKING_ARCHITECTURES = ("Haswell", "Zen")  # those of AVX2: OpenBLAS packs every product there


def is_small(states: Tensor) -> bool:
    """Tell whether the compiled loops run a network.

    They do on the CPU, with at most `SMALL` units; `states` is (n_steps, batch, n_units) of one
    layer.
    """
    return states.device.type == "cpu" and states.shape[-1] <= SMALL


def as_arrays(*tensors: Tensor | None) -> tuple[Array | None, ...]:
    """Return tensors as NumPy arrays of the same memory; None stays None."""
    return tuple(None if tensor is None else tensor.numpy() for tensor in tensors)


def multiply_long(a: Tensor, b: Tensor, out: Tensor) -> None:
    """Compute a @ b, summed over many columns of a.

    Where torch has one thread anyway, on the CPU, NumPy multiplies: 100 units, 10,000 rows,
    float64, 5 ms instead of 7. With AVX-512 its BLAS takes pieces as they are that it packs first
    when they are larger.

    a is (n, m), b (m, k); `out` is written to.
    """
    if a.device.type != "cpu" or torch.get_num_threads() > 1:
        torch.mm(a, b, out=out)
        return
    left, right, total = a.numpy(), b.numpy(), out.numpy()
    size = MAX_UNPACKED // total.size
    if size < MIN_ROWS or _blas_packs():
        size = len(right)
    np.dot(left[:, :size], right[:size], out=total)
    for first in range(size, len(right), size):
        rows = slice(first, first + size)
        total += np.dot(left[:, rows], right[rows])


@cache
def _blas_packs() -> bool:
    """Tell whether NumPy's BLAS packs every product, whatever its size."""
    libraries = thread_pools().info()
    return any(library.get("architecture") in PACKING_ARCHITECTURES for library in libraries)


@contextmanager
def one_thread(n_units: int) -> Iterator[None]:
    """Keep NumPy's products on one thread, and torch's too where a network is small.

    Other threads hardly help there; beside other work they wait for each other, and ten epochs of
    the sine took 3 s instead of 0.2 s. Nor do results depend on how many there are. Overflow is
    reported by the caller, as of torch.
    """
    n_threads = torch.get_num_threads()
    limit_torch = n_units <= SMALL and n_threads > 1
    if limit_torch:
        torch.set_num_threads(1)
    try:
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            yield
    finally:
        if limit_torch:
            torch.set_num_threads(n_threads)
