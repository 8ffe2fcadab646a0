import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.readout import DualRows, GramSums, QRSums, add_block, fit_readout
from reservoirs.readout.forgetting import check_fading, refuse_choice

FORMS = [GramSums, QRSums, DualRows]


@pytest.fixture
def drifting():
    """Rows of unit size and targets whose coefficients change."""
    rng = np.random.default_rng(3)
    Z = rng.normal(size=(3000, 5)) + [0.0, 1.0, 2.0, 0.0, 0.0]
    C = rng.normal(size=(2, 5)) + np.linspace(0, 2, 3000)[:, None, None]
    return Z, np.einsum("toz,tz->to", C, Z) + 0.1 * rng.normal(size=(3000, 2)) + 0.5


def weighted_ridge(Z, Y, forgetting, alpha):
    """Minimise sum f^(T-t) |y - C z - c|^2 + alpha |C|^2 by least squares on weighted rows."""
    roots = np.sqrt(forgetting ** np.arange(len(Z) - 1.0, -1, -1))[:, None]
    penalty = np.sqrt(alpha) * np.eye(Z.shape[1], Z.shape[1] + 1)
    rows = np.vstack([roots * np.hstack([Z, np.ones((len(Z), 1))]), penalty])
    solution = np.linalg.lstsq(rows, np.vstack([roots * Y, np.zeros((Z.shape[1], 2))]))[0].T
    return solution[:, :-1], solution[:, -1]


def recursive_least_squares(Z, Y, forgetting, delta=1e-3):
    """The textbook recursion, from P = I / delta: Haykin (2002), ch. 9."""
    rows = np.hstack([Z, np.ones((len(Z), 1))])
    theta, P = np.zeros((Y.shape[1], rows.shape[1])), np.eye(rows.shape[1]) / delta
    for z, y in zip(rows, Y, strict=True):
        gain = P @ z / (forgetting + z @ P @ z)
        theta = theta + np.outer(y - theta @ z, gain)
        P = (P - np.outer(gain, z @ P)) / forgetting
        P = (P + P.T) / 2
    return theta[:, :-1], theta[:, -1]


def summed(form, Z, Y, forgetting, size=1024):
    sums = form(Z.shape[1], Y.shape[1])
    for first in range(0, len(Z), size):
        span = slice(first, first + size)
        add_block(sums, Z[span].copy(), Y[span], forgetting=forgetting)
    return sums


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("forgetting", [0.5, 0.97, 0.999, 0.99999])
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 10.0])
def test_sums_that_forget_are_weighted_least_squares(drifting, form, forgetting, alpha):
    Z, Y = drifting
    C, c = weighted_ridge(Z, Y, forgetting, alpha)

    readout = summed(form, Z, Y, forgetting).solve(alpha)

    assert_allclose(readout.coefficients, C, rtol=1e-10, atol=1e-10)
    assert_allclose(readout.intercept, c, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("forgetting", [0.9, 0.97, 0.985])
def test_sums_that_forget_are_the_textbook_recursion(drifting, form, forgetting):
    # the recursion's own penalty fades to .985^3000 = 2e-20 of delta
    C, c = recursive_least_squares(*drifting, forgetting)

    readout = summed(form, *drifting, forgetting).solve(0.0)

    assert_allclose(readout.coefficients, C, rtol=1e-10, atol=1e-10)
    assert_allclose(readout.intercept, c, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("form", FORMS)
def test_other_blocks_give_the_same_to_rounding(drifting, form):
    one, other = (summed(form, *drifting, 0.99, size).solve(1e-3) for size in (1024, 77))

    assert_allclose(one.coefficients, other.coefficients, rtol=1e-11)


@pytest.mark.parametrize("form", FORMS)
def test_rows_whose_weight_underflows_are_forgotten_entirely(drifting, form):
    Z, Y = drifting

    long = summed(form, Z, Y, 0.1).solve(1e-3)

    assert_allclose(
        long.coefficients, summed(form, Z[-400:], Y[-400:], 0.1).solve(1e-3).coefficients
    )


@pytest.mark.parametrize("form", FORMS)
def test_discounted_rows_count_less_in_residuals_too(drifting, form):
    Z, Y = drifting
    sums = form(5, 2)
    sums.add(Z.copy(), Y)
    readout = sums.solve(1.0)
    before = sums.residual(readout)

    sums.discount(0.25)

    assert sums.n_rows == len(Z)
    assert_allclose(sums.residual(readout), before / 4)


@pytest.mark.parametrize("form", FORMS)
def test_a_forgetting_of_one_is_no_weight_at_all(drifting, form):
    Z, Y = drifting
    plain = form(5, 2)
    for first in range(0, len(Z), 1024):
        plain.add(Z[first : first + 1024].copy(), Y[first : first + 1024])

    same = summed(form, Z, Y, 1.0)

    assert_array_equal(same.solve(1e-3).coefficients, plain.solve(1e-3).coefficients)


def test_weights_of_rows_and_their_age_multiply(drifting):
    Z, Y = (values[:50] for values in drifting)
    weights = np.linspace(1, 2, 50)
    by_hand, sums = QRSums(5, 2), QRSums(5, 2)
    by_hand.add(Z, Y, weights * 0.9 ** np.arange(49, -1, -1))

    add_block(sums, Z, Y, weights=weights, forgetting=0.9)

    assert_allclose(sums.solve(0.1).coefficients, by_hand.solve(0.1).coefficients, rtol=1e-12)


@pytest.mark.parametrize("solver", ["auto", "cholesky", "qr"])
def test_every_solver_forgets(drifting, solver):
    Z, Y = drifting
    C, _ = weighted_ridge(Z, Y, 0.99, 1e-3)

    readout = fit_readout(
        lambda: ((Z[i : i + 1024].copy(), Y[i : i + 1024]) for i in range(0, len(Z), 1024)),
        5,
        2,
        alpha=1e-3,
        solver=solver,
        n_rows=len(Z),
        folds=3,
        forgetting=0.99,
    )

    assert_allclose(readout.coefficients, C, rtol=1e-10)


def test_sums_that_cannot_forget_are_refused_by_name():
    class Plain:
        def add(self, features, targets): ...

    with pytest.raises(TypeError, match="Plain has no discount; write discount"):
        check_fading(Plain)
    check_fading(GramSums)


@pytest.mark.parametrize("alpha", ["closed_loop", [1e-6, 1e-3]])
def test_no_penalty_is_chosen_by_rows_that_are_forgotten(alpha):
    refuse_choice(alpha, 1.0)
    refuse_choice([1e-3], 0.9)
    with pytest.raises(ValueError, match=r"alpha must be one number.*set forgetting=1\.0"):
        refuse_choice(alpha, 0.9)
