import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from reservoirs.sequences import Layout
from trainers.data.split import split_examples


def split(lengths, window=None, n_last=None, fraction=None):
    layout = Layout("list" if len(lengths) > 1 else "single", tuple(lengths))
    rows = torch.arange(float(sum(lengths)))[:, None]
    return split_examples(rows, -rows, layout, n_last=n_last, window=window, fraction=fraction)


def test_without_a_fraction_every_row_is_trained_on():
    training, validation = split([5, 2])

    assert validation is None
    assert training.as_one_batch().weight == 7.0
    assert_array_equal(training.starts, [0, 5])


def test_targets_per_series_with_a_window_use_the_last_rows():
    batch = split([5, 2], window=3, n_last=1)[0].as_one_batch()

    assert_array_equal(batch.inputs[:, 0, 0], [2, 3, 4])
    assert_array_equal(batch.inputs[:2, 1, 0], [5, 6])


def test_the_tail_is_held_out():
    training, validation = split([10], fraction=0.3)

    assert_array_equal(training.lengths, [7])
    assert validation.as_one_batch().weight == 3.0
    assert_array_equal(validation.lengths, [10])  # run through from the start


def test_windows_that_end_in_the_tail_are_held_out():
    training, validation = split([10], window=4, fraction=0.3)

    assert_array_equal(training.starts, [0, 1, 2, 3])
    assert_array_equal(validation.starts, [4, 5, 6])


def test_the_last_series_are_held_out():
    training, validation = split([5, 2, 4], fraction=0.3)

    assert_array_equal(training.lengths, [5, 2])
    assert_array_equal(validation.lengths, [4])


@pytest.mark.parametrize(("lengths", "fraction"), [([5], 0.99), ([5, 5], 0.9)])
def test_a_fraction_that_leaves_nothing_is_refused(lengths, fraction):
    with pytest.raises(ValueError, match="leaves none to train on"):
        split(lengths, fraction=fraction)


def test_rows_without_a_target_are_not_scored_and_pieces_without_one_left_out():
    rows, known = torch.arange(12.0)[:, None], np.ones(12, dtype=bool)
    known[[1, 5, 6, 7, 11]] = False

    def batch(lengths, **how):
        layout = Layout("list" if len(lengths) > 1 else "single", lengths)
        return split_examples(rows, -rows, layout, known=known, fraction=None, **how)[0]

    whole = batch((5, 3, 4), n_last=None, window=None)
    windows = batch((12,), n_last=None, window=3)
    last = batch((6, 6), n_last=3, window=None)

    assert_array_equal(whole.starts, [0, 8])  # the middle one has no target
    assert_array_equal(whole.as_one_batch().mask[..., 0].T, [[1, 0, 1, 1, 1], [1, 1, 1, 0, 0]])
    assert_array_equal(windows.starts + 2, [2, 3, 4, 8, 9, 10])
    assert_array_equal(last.as_one_batch().mask[..., 0].T, [[1, 1, 0], [1, 1, 0]])
    with pytest.raises(ValueError, match="has a target without NaN"):
        known[:] = False
        batch((12,), n_last=None, window=None)
