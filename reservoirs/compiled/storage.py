"""Weights in the layouts that the compiled loops read."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import DTypeLike

from reservoirs.sequences import Array

LANES = 16  # rows summed side by side, of 8, 16 and 32 the fastest; see `simd.py` before a change
CACHE_LINE = 64  # bytes
DENSE_SHARE = 0.2  # of nonzeros, above which a plain matrix product is faster
MAX_DIAGONALS = 32


class SellMatrix(NamedTuple):
    """Sparse weights for sixteen rows at a time ("SELL-16").

    A block of sixteen rows is padded to its longest row, and its nonzeros lie one column of sixteen
    after the other.

    Attributes
    ----------
    values : array of shape (n_stored, 16)
        A nonzero of each of the sixteen rows of a block, padded with zeros.
    columns : array of shape (n_stored, 16)
        The columns of the values, uint16 or uint32 (narrow: fewer loads; signed ones cost a fifth
        more).
    pointers : array of shape (n_blocks + 1,)
        Block b owns the stored rows pointers[b] to pointers[b + 1].

    References
    ----------
    Kreutzer et al. (2014), A unified sparse matrix data format for modern processors with wide SIMD
    units, SIAM J. Sci. Comput. 36, C401.
    """

    values: Array
    columns: Array
    pointers: Array


class DiagonalsMatrix(NamedTuple):
    """Circulant weights: row i reads the columns (i + offset_j) mod n_units.

    Attributes
    ----------
    values : array of shape (n_blocks * n_offsets, 16)
        For every block of sixteen rows the weights at each offset.
    offsets : array of shape (n_offsets,)
        In [0, n_units).
    n_units : int
        Number of rows without padding.
    """

    values: Array
    offsets: Array
    n_units: int


class DenseMatrix(NamedTuple):
    """Dense weights.

    W is (n_padded, n_padded).
    """

    values: Array


Plain = SellMatrix | DiagonalsMatrix | DenseMatrix


class MixedMatrix(NamedTuple):
    """Recurrent weights, and the matrix by which the states before are mixed.

    Attributes
    ----------
    weights : SellMatrix or DenseMatrix
        W, never as diagonals.
    mixing : array of shape (n_padded, n_padded)
        O; what is kept of the states before is that share of O x.
    """

    weights: Plain
    mixing: Array


Recurrent = Plain | MixedMatrix
RELU = np.uint8(1)  # a type of its own: each kind of activation has loops of its own
Activation = bool | np.uint8 | Callable[[float], float]


class PackedWeights(NamedTuple):
    """All weights of a reservoir, padded to a multiple of sixteen units, which no other unit reads.

    Attributes
    ----------
    recurrent : SellMatrix, DiagonalsMatrix, DenseMatrix or MixedMatrix
        W.
    input_weights : array of shape (n_features, n_padded)
        W_in transposed.
    bias : array of shape (n_padded,)
        b.
    leak_rate : float or array of shape (2 * n_padded,)
        a in (0, 1], a scalar of the weights' dtype; or a of every unit, then -a of every unit.
    n_units : int
        Number of units without padding.
    activation : bool, uint8 or compiled function
        False is tanh, True the identity, `RELU` max(0, z); or a function of one number.
    """

    recurrent: Recurrent
    input_weights: Array
    bias: Array
    leak_rate: np.floating | Array
    n_units: int
    activation: Activation


def pack_weights(
    recurrent: scipy.sparse.sparray | Array,
    input_weights: Array,
    bias: Array,
    *,
    leak_rate: float | Array,
    activation: Activation = False,
    mixing: Array | None = None,
    dtype: DTypeLike,
) -> PackedWeights:
    """Store all weights of a reservoir as the compiled loops read them.

    W is (n_units, n_units), W_in (n_units, n_features), b (n_units,), and a in (0, 1], a
    number or (n_units,); the activation is one of `PackedWeights`, and the states before are mixed
    by O, (n_units, n_units), or by nothing. All are copied.
    """
    return PackedWeights(
        pack_recurrent(recurrent, dtype)
        if mixing is None
        else MixedMatrix(
            pack_recurrent(recurrent, dtype, circulant=False), _pack_dense(mixing, dtype)
        ),
        pad(input_weights.T, dtype),
        pad(bias, dtype),
        _pack_rates(leak_rate, dtype),
        len(bias),
        activation,
    )


def _pack_rates(leak_rate: float | Array, dtype: DTypeLike) -> np.floating | Array:
    if isinstance(leak_rate, np.ndarray):
        return pad(np.stack([leak_rate, -leak_rate]), dtype).ravel()
    return np.float32(leak_rate) if np.dtype(dtype) == np.float32 else np.float64(leak_rate)


def _pack_dense(weights: Array, dtype: DTypeLike) -> Array:
    missing = -len(weights) % LANES
    return pad(np.pad(weights, ((0, missing), (0, 0))), dtype)


def pack_recurrent(
    weights: scipy.sparse.sparray | Array, dtype: DTypeLike, *, circulant: bool = True
) -> Plain:
    """Store W in the layout that suits its nonzeros.

    Diagonals where all nonzeros lie on few circulant ones (cycles and delay lines too), if these
    are allowed, dense where a fifth or more are nonzero, else SELL-16.
    """
    csr = scipy.sparse.csr_array(weights)
    if not csr.has_canonical_format:  # an entry may be stored in parts
        csr = csr.copy()
        csr.sum_duplicates()
    n_units, rows = csr.shape[0], np.repeat(np.arange(csr.shape[0]), np.diff(csr.indptr))
    offsets = np.unique((csr.indices - rows) % n_units)
    if circulant and 0 < len(offsets) <= MAX_DIAGONALS and 0.9 * len(offsets) * n_units <= csr.nnz:
        return _diagonals_matrix(csr, rows, offsets, dtype)
    if n_units > LANES and csr.nnz > DENSE_SHARE * n_units**2:
        return DenseMatrix(_pack_dense(csr.toarray(), dtype))
    return _sell_matrix(csr, rows, dtype)


def _diagonals_matrix(
    csr: scipy.sparse.csr_array, rows: Array, offsets: Array, dtype: DTypeLike
) -> DiagonalsMatrix:
    n_units = csr.shape[0]
    values = np.zeros((len(offsets), n_units))
    values[np.searchsorted(offsets, (csr.indices - rows) % n_units), rows] = csr.data
    # (offset, block, lane) -> (block, offset, lane), the order in which a step reads them.
    by_block = pad(values, dtype).reshape(len(offsets), -1, LANES).swapaxes(0, 1)
    stored = pad(by_block.reshape(-1, LANES), dtype)
    return DiagonalsMatrix(stored, offsets.astype(np.intp), n_units)


def _sell_matrix(csr: scipy.sparse.csr_array, rows: Array, dtype: DTypeLike) -> SellMatrix:
    n_units, counts = csr.shape[0], np.diff(csr.indptr)
    n_blocks = -(-n_units // LANES)
    padded = np.zeros(n_blocks * LANES, dtype=np.intp)
    padded[:n_units] = counts
    # A block is as wide as its longest row.
    widths = padded.reshape(n_blocks, LANES).max(axis=1)
    pointers = np.concatenate([[0], np.cumsum(widths)]).astype(np.intp)
    values = aligned((pointers[-1], LANES), dtype)
    narrow = np.uint16 if n_units <= 2**16 else np.uint32
    columns = np.zeros((pointers[-1], LANES), dtype=narrow)
    # The k-th nonzero of a row goes into the k-th column of its block, in the row's own lane.
    within = np.arange(csr.nnz) - np.repeat(csr.indptr[:-1], counts)
    where = pointers[rows // LANES] + within
    values[where, rows % LANES] = csr.data
    columns[where, rows % LANES] = csr.indices
    return SellMatrix(values, columns, pointers)


def pad(array: Array, dtype: DTypeLike) -> Array:
    """Return an aligned copy whose last axis is filled with zeros to a multiple of sixteen."""
    padded = aligned((*array.shape[:-1], array.shape[-1] + -array.shape[-1] % LANES), dtype)
    padded[..., : array.shape[-1]] = array
    return padded


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return zeros that begin at a cache line: crossing lines costs the loops a sixth."""
    size = prod(shape) * np.dtype(dtype).itemsize
    buffer = np.zeros(size + CACHE_LINE, dtype=np.uint8)
    first = -buffer.__array_interface__["data"][0] % CACHE_LINE
    return buffer[first : first + size].view(dtype).reshape(shape)
