import numpy as np
import pytest
from numpy.testing import assert_array_equal

from reservoirs import Reservoir
from reservoirs.esn.features import Noise
from reservoirs.esn.stream import Stream, TrainingStates
from reservoirs.readout import BLOCK
from reservoirs.sequences import Layout, flatten

N_STEPS = 2 * BLOCK + 100


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(N_STEPS, 2)), rng.normal(size=(N_STEPS, 1))


@pytest.fixture(params=["float64", "float32"])
def stream(request):
    reservoir = Reservoir(n_units=20, dtype=request.param).drawn(2, seed=0)
    return Stream(reservoir, washout=30, noise=Noise(key=1, level=0.1, n_units=20))


def joined(blocks):
    """Copy the blocks one by one, since each lives until the next."""
    pairs = [(block.features.copy(), block.targets.copy()) for block in blocks]
    return [np.concatenate(arrays) for arrays in zip(*pairs, strict=True)]


def test_features_are_states_beside_inputs_after_washout(data):
    reservoir = Reservoir(n_units=20).drawn(2, seed=0)

    features, targets = joined(Stream(reservoir, washout=30).blocks(*data))

    states = reservoir.transform(data[0])
    assert_array_equal(features, np.hstack([states, data[0]])[30:])
    assert_array_equal(targets, data[1][30:])


def test_blocks_end_at_multiples_of_1024_rows_of_a_series(stream, data):
    ends = [block.next_row for block in stream.blocks(*data)]
    resumed = [block.next_row for block in stream.blocks(*data, first_row=1000)]

    assert ends == [BLOCK, 2 * BLOCK, N_STEPS]
    assert resumed == [BLOCK, 2 * BLOCK, 3 * BLOCK, 1000 + N_STEPS]


@pytest.mark.parametrize("cut", [1, 17, 30, 1023, 1024, 1500])
def test_a_series_in_two_pieces_gives_the_same_rows(stream, data, cut):
    rows, targets = data
    whole = joined(stream.blocks(rows, targets, series=3))

    *_, last = stream.blocks(rows[:cut], targets[:cut], series=3)
    (state,) = last.last_states
    head = joined(stream.blocks(rows[:cut], targets[:cut], series=3))
    tail = joined(stream.blocks(rows[cut:], targets[cut:], series=3, state=state, first_row=cut))

    for expected, first, second in zip(whole, head, tail, strict=True):
        assert_array_equal(np.concatenate([first, second]), expected)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("lengths", [[N_STEPS], [300, N_STEPS - 300], [40] * 5])
def test_threads_change_no_row(stream, data, n_jobs, lengths):
    ends = np.cumsum(lengths)
    series = [data[0][end - n : end] for end, n in zip(ends, lengths, strict=True)]
    rows, layout = flatten(series)
    alone = [
        joined(stream.blocks(rows[span], data[1][span], series=i))
        for i, span in enumerate(layout.slices())
    ]

    batches = [joined(blocks) for blocks in stream.blocks_of_series(rows, data[1], layout, n_jobs)]

    for together, expected in zip(
        zip(*batches, strict=True), zip(*alone, strict=True), strict=True
    ):
        assert_array_equal(np.concatenate(together), np.concatenate(expected))


def test_whole_series_share_a_block_and_their_last_states_come_in_order(stream):
    lengths = (400, 600, 25, 1024, 1030, 40, 40)
    rows = np.random.default_rng(0).normal(size=(sum(lengths), 2))

    batches = [list(b) for b in stream.blocks_of_series(rows, rows, Layout("list", lengths), 2)]

    sizes = [[len(block.features) for block in blocks] for blocks in batches]
    assert sizes == [[370 + 570], [0], [1024 - 30], [1024 - 30, 6], [10 + 10]]
    last = np.concatenate([blocks[-1].last_states for blocks in batches])
    ends = [
        list(stream.blocks(rows[s], rows[s], series=i))[-1].last_states[0]
        for i, s in enumerate(Layout("list", lengths).slices())
    ]
    assert_array_equal(last, ends)


def test_all_blocks_of_a_series_are_valid_together(stream, data):
    expected = joined(stream.blocks(*data))

    blocks = stream.all_blocks(*data, series=0)

    assert_array_equal(np.concatenate([block.features for block in blocks]), expected[0])


def test_the_last_state_is_that_of_the_last_row_washed_out_or_not():
    reservoir = Reservoir(n_units=5).drawn(1, seed=0)
    rows = np.ones((10, 1))

    (block,) = Stream(reservoir, washout=10).blocks(rows, rows)

    assert len(block.features) == 0
    assert_array_equal(block.last_states, reservoir.transform(rows)[-1:])


def test_the_mean_state_is_the_sum_over_the_number():
    states = TrainingStates(state_sum=np.array([2.0, 6.0]), n_states=4)

    assert_array_equal(states.mean_state, [0.5, 1.5])
