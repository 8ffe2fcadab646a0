import numpy as np
import pytest
import reference
import scipy.linalg
from numpy.testing import assert_allclose

from reservoirs.readout import GramSums, QRSums, fit_readout

RNG = np.random.default_rng(0)
SCALES = np.logspace(0, -6, 40)
FEATURES = RNG.normal(size=(3000, 40)) * SCALES + 5.0
TARGETS = RNG.normal(size=(3000, 2)) + FEATURES[:, :2] - FEATURES[:, -2:] / SCALES[-2:]


def blocks(features=FEATURES, targets=TARGETS, size=1024):
    def stream():
        for first in range(0, len(features), size):
            yield features[first : first + size].copy(), targets[first : first + size]

    return stream


def predictions(C, c):
    return FEATURES @ C.T + c


@pytest.mark.parametrize("alpha", [1e2, 1e-2, 1e-6])
@pytest.mark.parametrize("solver", ["auto", "cholesky", "qr"])
def test_every_solver_equals_the_singular_value_solution(alpha, solver):
    readout = fit_readout(blocks(), 40, 2, alpha=alpha, solver=solver)

    C, c = reference.ridge(FEATURES, TARGETS, alpha)
    assert_allclose(readout.coefficients, C, rtol=1e-6, atol=1e-7 * np.abs(C).max())
    assert_allclose(
        predictions(readout.coefficients, readout.intercept), predictions(C, c), atol=1e-6
    )


@pytest.mark.parametrize("alpha", [1e-10, 1e-13, 1e-16])
def test_qr_keeps_its_digits_where_normal_equations_lose_them(alpha):
    ill = RNG.normal(size=(2000, 30)) @ (RNG.normal(size=(30, 30)) * np.logspace(0, -9, 30))
    targets = ill @ RNG.normal(size=(30, 1)) + 1e-6 * RNG.normal(size=(2000, 1))

    readout = fit_readout(blocks(ill, targets), 30, 1, alpha=alpha, solver="qr")

    C, c = reference.ridge(ill, targets, alpha)
    fitted, exact = ill @ readout.coefficients.T + readout.intercept, ill @ C.T + c
    error, best = np.std(targets - fitted), np.std(targets - exact)
    assert_allclose(error, best, rtol=0.01)


def test_auto_says_which_method_it_took():
    large = fit_readout(blocks(), 40, 2, alpha=1.0, solver="auto")
    small = fit_readout(blocks(), 40, 2, alpha=1e-14, solver="auto")

    assert large.method == "cholesky"
    assert small.method == "qr"
    assert 1e5 < small.condition < 1e8


@pytest.mark.parametrize("sums", [GramSums, QRSums])
def test_the_intercept_is_not_penalised(sums):
    readout = fit_readout(blocks(), 40, 2, alpha=1e12, solver="cholesky")

    assert_allclose(readout.intercept, TARGETS.mean(axis=0), rtol=1e-3)


@pytest.mark.parametrize("solver", ["cholesky", "qr"])
def test_fewer_rows_than_features_is_fine_with_a_penalty(solver):
    features, targets = RNG.normal(size=(20, 60)), RNG.normal(size=(20, 1))

    readout = fit_readout(blocks(features, targets), 60, 1, alpha=1e-3, solver=solver)

    C, _ = reference.ridge(features, targets, 1e-3)
    assert_allclose(readout.coefficients, C, rtol=1e-6)


def test_alpha_zero_gives_the_smallest_least_squares_solution():
    doubled = np.hstack([FEATURES[:, :5], FEATURES[:, :5]])

    readout = fit_readout(blocks(doubled), 10, 2, alpha=0.0, solver="qr")

    assert_allclose(readout.coefficients[:, :5], readout.coefficients[:, 5:], rtol=1e-6)


def test_a_singular_gram_names_the_remedy():
    doubled = np.hstack([FEATURES[:, :5], FEATURES[:, :5]])

    with pytest.raises(scipy.linalg.LinAlgError, match="use solver='qr', or a larger alpha"):
        fit_readout(blocks(np.zeros_like(doubled)), 10, 2, alpha=0.0, solver="cholesky")
