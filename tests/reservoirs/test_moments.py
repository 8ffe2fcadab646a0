import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.compiled.moments import add_moves, centre_rows, means_are_far


def test_one_pass_centres_the_rows_and_adds_their_sums_and_products():
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(50, 7)), rng.normal(size=(50, 2))
    centre, total, cross = features.mean(axis=0) + 1.0, np.full(7, 3.0), np.full((2, 7), 4.0)
    shifted = features - centre

    centre_rows(features, centre, targets, total, cross)

    assert_allclose(features, shifted)
    assert_allclose(total, 3.0 + shifted.sum(axis=0))
    assert_allclose(cross, 4.0 + targets.T @ shifted)


def test_a_mean_is_far_from_a_standard_deviation_on():
    gram, targets = np.diag([50.0, 50.0]), np.array([50.0])

    far = [
        means_are_far(np.array([total, 0.0]), gram, np.array([target]), targets, 50, 1e-16)
        for total, target in [(35.0, 0.0), (-36.0, 0.0), (0.0, 35.0), (0.0, 36.0), (np.nan, 0.0)]
    ]

    assert far == [False, True, False, True, False]


def test_moves_are_summed_about_a_centre_whatever_the_cut():
    rows = np.random.default_rng(0).normal(size=(40, 3))
    centre, whole, cut = rows[4], np.zeros((3, 3)), np.zeros((3, 3))

    add_moves(rows, 5, 0.9, centre, whole)
    add_moves(rows[:20], 5, 0.9, centre, cut)
    add_moves(rows[20:], 0, 0.9, centre, cut)

    moves = rows[5:] - centre
    assert_allclose(whole, [moves.sum(0), (moves**2).sum(0), (abs(rows[5:]) > 0.9).sum(0)])
    assert_array_equal(cut, whole)
