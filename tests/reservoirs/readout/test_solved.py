import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.readout.solved import Readout, Spectrum, spectrum_of, unit_targets

ALPHAS = [1e-6, 1e-2, 1.0, 1e2]


@pytest.fixture
def problem():
    """Return centred features and targets, and their spectrum."""
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    features, targets = features - features.mean(axis=0), targets - targets.mean(axis=0)
    U, values, _ = np.linalg.svd(features, full_matrices=False)
    projected = np.vstack([U.T @ targets, targets - U @ (U.T @ targets)])
    return features, targets, spectrum_of(values, projected, 30, smallest=1e-14)


def residual(features, targets, alpha):
    """Return the targets less their prediction, and the trace of the hat matrix."""
    hat = features @ np.linalg.solve(features.T @ features + alpha * np.eye(4), features.T)
    return targets - hat @ targets, np.trace(hat)


def test_the_intercept_undoes_both_means():
    C, mean = np.array([[2.0, -1.0]]), np.array([3.0, 4.0])

    readout = Readout.from_centred(
        C.T, feature_mean=mean, target_mean=np.array([5.0]), method="qr", alpha=0.0, condition=1.0
    )

    assert_array_equal(readout.coefficients, C)
    assert_allclose(mean @ readout.coefficients.T + readout.intercept, [5.0])


@pytest.mark.parametrize("alpha", ALPHAS)
def test_residual_and_gcv_are_their_definitions(problem, alpha):
    features, targets, spectrum = problem
    left, trace = residual(features, targets, alpha)

    relative = np.mean(np.sum(left**2, axis=0) / np.sum(targets**2, axis=0))

    assert_allclose(spectrum.residual(alpha), relative, rtol=1e-12)
    assert_allclose(spectrum.gcv(alpha), relative * (30 / (29 - trace)) ** 2, rtol=1e-12)


def test_a_grid_is_ranked_by_its_errors(problem):
    spectrum = problem[2]

    assert spectrum.ranked(ALPHAS) == sorted(ALPHAS, key=spectrum.gcv)


def test_without_a_free_direction_the_error_is_infinite():
    full = Spectrum(np.ones(4), np.ones((4, 1)), np.full(1, 4.0), n_rows=5)

    assert full.gcv(0.0) == np.inf
    assert np.isfinite(full.gcv(1.0))


def test_targets_have_one_as_their_largest_value_and_a_constant_is_zero():
    targets = np.array([[1e200, 1e-300, 1e-17], [-2e200, 0.0, 0.0]])

    found = unit_targets(targets, np.array([0.0, 0.0, 1.0]), n_rows=2)

    assert_allclose(found, [[0.5, 1.0, 0.0], [-1.0, 0.0, 0.0]])
