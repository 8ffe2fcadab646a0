"""Weights in the layouts that the compiled loops read."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse

from reservoirs.sequences import Array

LANES = 16  # rows summed side by side, of 8, 16 and 32 the fastest; see `lanes.py` before a change
CACHE_LINE = 64  # bytes
DENSE_SHARE = 0.2  # of nonzeros, above which a plain matrix product is faster
MOST_SHIFTS = 32


class Blocks(NamedTuple):
    """Sparse weights for sixteen rows at a time ("SELL-16").

    A block of sixteen rows is padded to its longest row, and its nonzeros lie one column of sixteen
    after the other.

    Attributes
    ----------
    values : (n_stored, 16), a nonzero of each of the sixteen rows of a block, padded with zeros
    columns : (n_stored, 16) where they stand, uint16 or uint32 (narrow: fewer loads; signed ones
        cost a fifth more)
    pointers : (n_blocks + 1,), block b owns the stored rows pointers[b] to pointers[b + 1]
    """

    values: Array
    columns: Array
    pointers: Array


class Shifts(NamedTuple):
    """Circulant weights: row i reads the columns (i + offset_j) mod n_units.

    Attributes
    ----------
    values : (n_blocks * n_shifts, 16), of every block of sixteen rows the weights at each offset
    offsets : (n_shifts,) in [0, n_units)
    n_units : without padding
    """

    values: Array
    offsets: Array
    n_units: int


class Dense(NamedTuple):
    """Dense weights.

    Attributes
    ----------
    values : (n_padded, n_padded), W
    """

    values: Array


Recurrent = Blocks | Shifts | Dense


class Reservoir(NamedTuple):
    """All weights of a reservoir, padded to a multiple of sixteen units, which no other unit reads.

    Attributes
    ----------
    recurrent : W
    input_weights : (n_features, n_padded), W_in transposed
    bias : (n_padded,)
    leak_rate : a in (0, 1]
    n_units : units without padding
    linear : whether the activation is the identity instead of tanh
    """

    recurrent: Recurrent
    input_weights: Array
    bias: Array
    leak_rate: float
    n_units: int
    linear: bool = False


def pack(weights: Any, dtype: Any) -> Recurrent:
    """Store W in the layout that suits its nonzeros.

    Parameters
    ----------
    weights : (n_units, n_units), sparse or dense
    dtype : of the stored values

    Returns
    -------
    `Shifts` where all nonzeros lie on few circulant diagonals (cycles and delay lines too),
    `Dense` where a fifth or more are nonzero, else `Blocks`
    """
    csr = scipy.sparse.csr_array(weights)
    if not csr.has_canonical_format:  # an entry may be stored in parts
        csr = csr.copy()
        csr.sum_duplicates()
    n_units, rows = csr.shape[0], np.repeat(np.arange(csr.shape[0]), np.diff(csr.indptr))
    offsets = np.unique((csr.indices - rows) % n_units)
    if 0 < len(offsets) <= MOST_SHIFTS and 0.9 * len(offsets) * n_units <= csr.nnz:
        values = np.zeros((len(offsets), n_units))
        values[np.searchsorted(offsets, (csr.indices - rows) % n_units), rows] = csr.data
        by_block = pad(values, dtype).reshape(len(offsets), -1, LANES).swapaxes(0, 1)
        stored = pad(by_block.reshape(-1, LANES), dtype)
        return Shifts(stored, offsets.astype(np.intp), n_units)
    if n_units > LANES and csr.nnz > DENSE_SHARE * n_units**2:
        missing = -n_units % LANES
        return Dense(pad(np.pad(csr.toarray(), ((0, missing), (0, 0))), dtype))
    return _blocks(csr, rows, dtype)


def _blocks(csr: Any, rows: Array, dtype: Any) -> Blocks:
    n_units, counts = csr.shape[0], np.diff(csr.indptr)
    n_blocks = -(-n_units // LANES)
    padded = np.zeros(n_blocks * LANES, dtype=np.intp)
    padded[:n_units] = counts
    widths = padded.reshape(n_blocks, LANES).max(axis=1)
    pointers = np.concatenate([[0], np.cumsum(widths)]).astype(np.intp)
    values = aligned((pointers[-1], LANES), dtype)
    narrow = np.uint16 if n_units <= 2**16 else np.uint32
    columns = np.zeros((pointers[-1], LANES), dtype=narrow)
    within = np.arange(csr.nnz) - np.repeat(csr.indptr[:-1], counts)
    where = pointers[rows // LANES] + within
    values[where, rows % LANES] = csr.data
    columns[where, rows % LANES] = csr.indices
    return Blocks(values, columns, pointers)


def pad(array: Array, dtype: Any) -> Array:
    """Return an aligned copy whose last axis is filled with zeros to a multiple of sixteen."""
    padded = aligned((*array.shape[:-1], array.shape[-1] + -array.shape[-1] % LANES), dtype)
    padded[..., : array.shape[-1]] = array
    return padded


def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return zeros that begin at a cache line: crossing lines costs the loops a sixth."""
    size = prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(size + CACHE_LINE, dtype=np.uint8)
    first = -room.__array_interface__["data"][0] % CACHE_LINE
    return room[first : first + size].view(dtype).reshape(shape)
