import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.readout.gram import GramSums, column_sums


def sums_of(features, targets):
    sums = GramSums(features.shape[1], targets.shape[1])
    sums.add(features.copy(), targets)
    return sums


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(50, 4)) + 3.0, rng.normal(size=(50, 2)) - 7.0


def test_column_sums_are_those_of_numpy(rows):
    assert_allclose(column_sums(rows[0]), rows[0].sum(axis=0), rtol=1e-13)


def test_the_sums_are_the_moments_about_the_mean(rows):
    sums = sums_of(*rows)
    centred, shifted = (part - part.mean(axis=0) for part in rows)

    sums._recentre()

    assert_allclose(np.triu(sums.gram), np.triu(centred.T @ centred), atol=1e-12)
    assert_allclose(sums.cross, centred.T @ shifted, atol=1e-12)
    assert_allclose(sums.totals, np.sum(shifted**2, axis=0), rtol=1e-12)


def test_targets_are_left_as_they_were(rows):
    before = rows[1].copy()

    sums_of(*rows)

    assert_array_equal(rows[1], before)


def test_the_smallest_penalty_grows_with_the_rounding_of_the_matrix(rows):
    features, targets = rows

    small, large = (sums_of(scale * features, targets).smallest_alpha() for scale in (1.0, 100.0))

    assert_allclose(large, 1e4 * small, rtol=1e-6)


def test_a_grid_that_rounding_would_decide_is_not_judged(rows):
    sums = sums_of(*rows)

    assert sums.judged(np.array([1e-20, 1.0])) is None
    assert sorted(sums.judged(np.array([1.0, 1e-3]))) == [1e-3, 1.0]


def test_sums_that_overflowed_are_not_finite(rows):
    features, targets = rows

    with np.errstate(over="ignore", invalid="ignore"):
        sums = sums_of(features * 1e200, targets)

    assert sums_of(*rows).is_finite()
    assert not sums.is_finite()


def test_a_matrix_that_is_not_positive_definite_is_an_error_with_the_remedy():
    sums = sums_of(np.zeros((5, 2)), np.ones((5, 1)))

    with pytest.raises(scipy.linalg.LinAlgError, match="use solver='qr', or a larger alpha"):
        sums.solve(0.0)
