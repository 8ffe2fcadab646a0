import numpy as np
from numpy.testing import assert_array_equal

from reservoirs.esn.features import FeatureBlocks, Noise
from reservoirs.readout import BLOCK


def test_a_block_is_a_view_that_reading_leaves_as_it_was():
    blocks = FeatureBlocks(np.ones((10, 2)), n_units=3)
    blocks.buffers[:] = 7.0

    view = blocks.block(slice(2, 6))

    assert view.shape == (4, 5)
    assert np.shares_memory(view, blocks.buffers)
    assert (view == 7.0).all()


def test_filling_a_block_writes_inputs_and_foreign_states():
    series = np.arange(20.0).reshape(10, 2)
    blocks, states = FeatureBlocks(series, n_units=3), np.full((4, 3), 0.5)

    filled = blocks.fill(slice(2, 6), states)

    assert_array_equal(filled, np.hstack([states, series[2:6]]))
    in_place = blocks.fill(slice(2, 6), filled[:, :3])
    assert_array_equal(in_place, np.hstack([states, series[2:6]]))


def test_buffers_take_turns_by_the_number_of_the_block():
    blocks = FeatureBlocks(np.ones((3 * BLOCK, 1)), n_units=1, n_buffers=2, first_row=BLOCK)

    first, second, third = (blocks.block(slice(i * BLOCK, (i + 1) * BLOCK)) for i in range(3))

    assert not np.shares_memory(first, second)
    assert np.shares_memory(first, third)


def test_noise_depends_on_the_series_and_the_block_alone():
    noise = Noise(key=5, level=0.1, n_units=4)

    whole, head = noise(3)(2, 100), noise(3)(2, 7)

    assert_array_equal(head, whole[:7])
    assert not np.array_equal(noise(2)(2, 7), head)
    assert not np.array_equal(noise(3)(1, 7), head)
    assert 0.07 < whole.std() < 0.13
