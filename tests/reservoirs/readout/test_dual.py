import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.readout import dual
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


@pytest.mark.parametrize("seed", range(40))
def test_products_of_rows_give_what_singular_values_give(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    n_rows = int(rng.integers(2, 100))
    n_features = n_rows + int(rng.integers(1, 100))
    spread = 10.0 ** -np.linspace(0, rng.uniform(0, 12), n_features)
    features = rng.normal(size=(n_rows, n_features)) * spread + rng.choice([0.0, 1.0, 100.0])
    features *= 10.0 ** rng.uniform(-5, 5)
    targets = rng.normal(size=(n_rows, 2))
    weights = rng.uniform(0.1, 3.0, size=n_rows) if seed % 3 == 0 else None
    rows = DualRows(n_features, 2)
    rows.add(features, targets, weights)
    trace = np.sum(rows._centred(features) ** 2)

    for alpha in trace * np.array([dual.SAFE, 1e-5, 1e-2, 1.0, 1e3]):
        fast = rows.solve(alpha)
        monkeypatch.setattr(dual, "SAFE", np.inf)
        slow = rows.solve(alpha)
        monkeypatch.undo()

        found, expected = (features @ r.coefficients.T + r.intercept for r in (fast, slow))
        assert_allclose(found, expected, rtol=0, atol=1e-9)
        assert fast.condition >= 0.5 * slow.condition
