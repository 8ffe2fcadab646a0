import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_array_equal

from reservoirs.compiled.storage import (
    CACHE_LINE,
    LANES,
    DenseMatrix,
    DiagonalsMatrix,
    SellMatrix,
    aligned,
    pack_recurrent,
    pack_weights,
    pad,
)


def unpacked(packed, n_units):
    """Return the dense matrix that a layout stands for."""
    W = np.zeros((n_units + LANES, n_units + LANES))
    if isinstance(packed, DenseMatrix):
        return packed.values[:n_units, :n_units]
    if isinstance(packed, DiagonalsMatrix):
        by_block = packed.values.reshape(-1, len(packed.offsets), LANES)
        for block, offset, lane in np.ndindex(by_block.shape):
            row = block * LANES + lane
            W[row, (row + packed.offsets[offset]) % n_units] += by_block[block, offset, lane]
    else:
        for block in range(len(packed.pointers) - 1):
            for stored in range(packed.pointers[block], packed.pointers[block + 1]):
                for lane in range(LANES):
                    column = packed.columns[stored, lane]
                    W[block * LANES + lane, column] += packed.values[stored, lane]
    return W[:n_units, :n_units]


def sparse(n_units, share):
    rng = np.random.default_rng(n_units)
    return rng.normal(size=(n_units, n_units)) * (rng.random((n_units, n_units)) < share)


MATRICES = {
    "few nonzeros": (sparse(40, 0.1), SellMatrix),
    "many nonzeros": (sparse(40, 0.5), DenseMatrix),
    "a ring": (np.roll(np.eye(40), 1, axis=0), DiagonalsMatrix),
    "two diagonals": (np.eye(35, k=3) + np.eye(35, k=-32) + 2 * np.eye(35), DiagonalsMatrix),
    "no nonzeros": (np.zeros((20, 20)), SellMatrix),
    "fewer than sixteen rows": (sparse(5, 0.6), SellMatrix),
}


@pytest.mark.parametrize("name", sorted(MATRICES))
def test_every_layout_holds_the_matrix(name):
    W, layout = MATRICES[name]

    packed = pack_recurrent(W, np.float64)

    assert isinstance(packed, layout)
    assert_array_equal(unpacked(packed, len(W)), W)


def test_a_given_matrix_with_entries_in_parts_is_left_as_it_was():
    W = scipy.sparse.csr_array(([1.0, 2.0], [3, 3], [0, 2, 2, 2, 2]), shape=(4, 4))

    packed = pack_recurrent(W, np.float64)

    assert W.nnz == 2
    assert_array_equal(unpacked(packed, 4), W.toarray())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(3,), (16,), (2, 17)])
def test_padding_fills_a_multiple_of_sixteen_from_a_cache_line_on(shape, dtype):
    array = np.random.default_rng(0).normal(size=shape).astype(dtype)

    padded = pad(array, dtype)

    assert padded.shape[-1] % LANES == 0
    assert padded.dtype == dtype
    assert padded.ctypes.data % CACHE_LINE == 0
    assert_array_equal(padded[..., : shape[-1]], array)
    assert (padded[..., shape[-1] :] == 0).all()


def test_aligned_zeros_are_zeros_of_that_shape():
    zeros = aligned((3, 5), np.float32)

    assert zeros.shape == (3, 5)
    assert not zeros.any()


def test_the_leak_rate_has_the_dtype_of_the_weights():
    packed = pack_weights(np.eye(3), np.ones((3, 2)), np.ones(3), leak_rate=0.3, dtype="float32")

    assert packed.leak_rate == np.float32(0.3)
    assert packed.input_weights.shape == (2, LANES)
    assert not packed.activation
