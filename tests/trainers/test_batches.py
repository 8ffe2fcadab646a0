import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from reservoirs.sequences import Layout
from trainers.data import batches
from trainers.data.batches import Examples, shuffled_batches, window_pieces
from trainers.data.split import split_examples

ROWS = torch.arange(14.0)[:, None]


def pieces(lengths, window=None, n_last=None, fraction=None):
    layout = Layout("list" if len(lengths) > 1 else "single", tuple(lengths))
    rows = ROWS[: sum(lengths)]
    return split_examples(rows, -rows, layout, n_last=n_last, window=window, fraction=fraction)


def test_windows_are_complete_and_never_cross_series():
    starts, sizes = window_pieces(np.array([5, 2, 4]), 3)

    assert_array_equal(starts, [0, 1, 2, 5, 7, 8])
    assert_array_equal(sizes, [3, 3, 3, 2, 3, 3])


def test_a_batch_is_padded_at_the_end_and_masked():
    batch = pieces([5, 2])[0].as_one_batch()

    assert_array_equal(batch.inputs[:, 1, 0], [5, 6, 0, 0, 0])
    assert_array_equal(batch.mask[:, 1, 0], [1, 1, 0, 0, 0])
    assert batch.weight == 7.0


def test_a_window_scores_its_last_row_only():
    batch = pieces([5], window=3)[0].as_one_batch()

    assert_array_equal(batch.mask[..., 0].sum(dim=0), [1, 1, 1])
    assert_array_equal(batch.targets[:, :, 0], [[-2, -3, -4]])


def test_an_epoch_visits_every_piece_once_and_is_seeded():
    train = pieces([10], window=2)[0]

    def order(seed):
        epoch = shuffled_batches(train, 4, None, np.random.default_rng(seed))
        return torch.cat([batch.inputs[-1, :, 0] for batch in epoch]).tolist()

    assert sorted(order(0)) == list(range(1, 10))
    assert order(0) == order(0) != order(1)


@pytest.mark.parametrize("train", [pieces([14], window=3)[0], pieces([2] * 7, n_last=1)[0]])
def test_batches_gathered_together_are_those_gathered_one_by_one(train, monkeypatch):
    together = list(shuffled_batches(train, 5, None, np.random.default_rng(0)))

    monkeypatch.setattr(batches, "MAX_GATHERED_ROWS", 0)
    alone = list(shuffled_batches(train, 5, None, np.random.default_rng(0)))

    assert len(together) == -(-train.n_pieces // 5)
    for a, b in zip(together, alone, strict=True):
        for name in ("inputs", "targets", "mask", "inside"):
            assert_array_equal(getattr(a, name), getattr(b, name))


def test_truncation_cuts_a_series_into_chunks_that_carry_the_state():
    train: Examples = pieces([10])[0]

    chunks = list(shuffled_batches(train, 1, 4, np.random.default_rng(0)))

    assert [len(c.inputs) for c in chunks] == [4, 4, 2]
    assert [c.carried for c in chunks] == [False, True, True]


def test_only_the_steps_that_may_be_scored_have_targets():
    batch = pieces([5, 3], n_last=1)[0].as_one_batch()

    assert batch.n_outputs == 3
    assert_array_equal(batch.targets[:, :, 0], [[-2, -7], [-3, -7], [-4, -7]])
    assert_array_equal(batch.mask[..., 0], [[0, 1], [0, 0], [1, 0]])


def test_several_last_steps_may_be_scored():
    batch = pieces([5, 3], n_last=2)[0].as_one_batch()

    assert batch.n_outputs == 4
    assert_array_equal(batch.mask[..., 0], [[0, 1], [0, 1], [1, 0], [1, 0]])
    assert pieces([3, 3], n_last=2)[0].as_one_batch().mask.tolist() == [[[1.0], [1.0]]] * 2
    assert pieces([3, 1], n_last=9)[0].as_one_batch().weight == 4.0  # shorter series count whole


@pytest.mark.parametrize("size", [1, 2, 3, 4, 9])
def test_chunks_put_together_are_the_batch(size):
    batch = pieces([5, 3], n_last=1)[0].as_one_batch()

    chunks = list(batch.chunks(size))

    for name in ("inputs", "targets", "mask", "inside"):
        parts = torch.cat([getattr(chunk, name) for chunk in chunks])
        assert_array_equal(parts, getattr(batch, name))
    assert all(chunk.n_outputs <= len(chunk.inputs) for chunk in chunks)
