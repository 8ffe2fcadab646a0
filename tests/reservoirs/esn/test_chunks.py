import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import Reservoir, next_step
from reservoirs.esn.chunks import ChunkedSums
from reservoirs.readout import BLOCK, QRSums

X, Y = next_step(np.sin(0.3 * np.arange(BLOCK + 200))[:, None])
Y = Y.reshape(-1, 1)


@pytest.fixture
def empty():
    reservoir = Reservoir(n_units=6, random_state=0).fit(X)
    return ChunkedSums(reservoir, QRSums(6 + 1, 1), washout=10, noise=None)


def fed(sums, *borders, new_series=False):
    """Return sums that were fed one series, cut at some rows."""
    sums = sums.extended([], new_series=False)
    sums = sums.extended([(X[: borders[0]], Y[: borders[0]])], new_series=True)
    for first, last in zip(borders[:-1], borders[1:], strict=True):
        sums = sums.extended([(X[first:last], Y[first:last])], new_series=new_series)
    return sums


def test_cuts_change_no_bit_and_washed_out_rows_do_not_count(empty):
    whole, cut = fed(empty, len(X)), fed(empty, 3, 50, BLOCK, len(X))

    assert whole.n_rows == cut.n_rows == len(X) - 10
    first, second = (sums.solve(np.array([1e-6])) for sums in (whole, cut))
    assert_array_equal(first.coefficients, second.coefficients)


def test_sums_that_were_extended_stay_as_they_were(empty):
    before = fed(empty, 100)
    expected = before.solve(np.array([1e-6])).coefficients

    before.extended([(X[100:], Y[100:])], new_series=False)

    assert before.n_rows == 90
    assert_array_equal(before.solve(np.array([1e-6])).coefficients, expected)


def test_every_series_begins_at_rest_and_loses_its_washout(empty):
    twice = fed(empty, 100, 200, new_series=True)

    assert twice.n_series == 2
    assert twice.row == 100
    assert twice.n_rows == 2 * 90
    assert_allclose(twice.state, fed(empty, 100, 200).state, atol=1e-3)  # the start is forgotten


def test_the_loop_closes_until_a_row_disagrees_across_the_border_too(empty):
    open_ended = fed(empty, 100).extended([(X[150:], Y[150:])], new_series=False)

    assert fed(empty, 100, 200).closes
    assert fed(empty, 100, 200, new_series=True).closes
    assert not open_ended.closes
