import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.readout.dual import DualRows


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(8, 20)) + 1.0, rng.normal(size=(8, 2))


def rows_of(features, targets):
    rows = DualRows(features.shape[1], targets.shape[1])
    rows.add(features, targets)
    return rows


@pytest.mark.parametrize("alpha", [1e-12, 1e-3, 1e3])
def test_the_solution_is_that_of_the_normal_equations(rows, alpha):
    C, c = reference.ridge(*rows, alpha)

    readout = rows_of(*rows).solve(alpha)

    assert readout.method == "dual"
    assert_allclose(rows[0] @ readout.coefficients.T + readout.intercept, rows[0] @ C.T + c)


def test_without_a_penalty_the_norm_is_the_smallest(rows):
    features, targets = rows
    centred = features - features.mean(axis=0)

    readout = rows_of(*rows).solve(0.0)

    smallest = np.linalg.pinv(centred) @ (targets - targets.mean(axis=0))
    assert_allclose(readout.coefficients, smallest.T, atol=1e-12)


def test_rows_are_copied_and_kept_in_their_order(rows):
    features, targets = rows
    kept, later = rows_of(features[:5], targets[:5]), rows_of(features[5:], targets[5:])
    expected = features.copy()

    kept.merge(later)
    features[:] = 0.0

    assert kept.n_rows == 8
    assert_array_equal(kept.features, expected)


def test_no_rows_and_one_row_have_a_solution(rows):
    one = rows_of(rows[0][:1], rows[1][:1]).solve(1e-6)

    assert_array_equal(one.coefficients, 0.0)
    assert_allclose(one.intercept, rows[1][0])


def test_a_feature_that_is_not_a_number_is_seen(rows):
    broken = np.where(np.arange(8)[:, None] == 3, np.inf, rows[0])

    assert rows_of(*rows).is_finite()
    assert not rows_of(broken, rows[1]).is_finite()
