import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.readout.qr import QR_ROWS, QRSums


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(QR_ROWS + 30, 5)) * np.logspace(0, -9, 5) + 2.0
    return features, rng.normal(size=(len(features), 2))


def sums_of(features, targets):
    sums = QRSums(features.shape[1], targets.shape[1])
    sums.add(features, targets)
    return sums


def test_the_factor_is_that_of_the_rows_beside_a_one(rows):
    factor = np.triu(sums_of(*rows).factor)

    whole = np.hstack([np.ones((len(rows[0]), 1)), *rows])
    assert_allclose(factor.T @ factor, whole.T @ whole, rtol=1e-12, atol=1e-10)


def test_the_solution_keeps_the_digits_of_features_of_any_size(rows):
    C, c = reference.ridge(*rows, 1e-14)

    readout = sums_of(*rows).solve(1e-14)

    assert readout.method == "qr"
    assert_allclose(rows[0] @ readout.coefficients.T + readout.intercept, rows[0] @ C.T + c,
                    atol=1e-6)  # fmt: skip


def test_rows_and_other_sums_are_left_as_they_were(rows):
    before = [part.copy() for part in rows]
    other = sums_of(rows[0][:100], rows[1][:100])
    factor = other.factor.copy()

    sums_of(*rows).merge(other)

    assert_array_equal(rows[0], before[0])
    assert_array_equal(other.factor, factor)


def test_a_penalty_added_to_copied_features_shares_their_weight():
    column = np.random.default_rng(0).normal(size=(40, 1))

    readout = sums_of(np.hstack([column, column]), 3.0 * column).solve(0.0)

    assert_allclose(readout.coefficients, [[1.5, 1.5]], rtol=1e-9)


def test_a_feature_that_is_not_a_number_is_seen(rows):
    broken = np.where(np.arange(len(rows[0]))[:, None] == 7, np.nan, rows[0])

    assert sums_of(*rows).is_finite()
    assert not sums_of(broken, rows[1]).is_finite()
