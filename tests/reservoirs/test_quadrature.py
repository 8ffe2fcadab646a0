"""Weights of one step are exact, and so are the means and the extrapolations made of them."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.nvar.quadrature import (
    as_array,
    exact_weights,
    extrapolation_weights,
    quadrature_weights,
    recent_rows,
    step_means,
)


@pytest.mark.parametrize("order", [2, 4, 8, 22])
def test_weights_integrate_polynomials_up_to_their_order_exactly(order):
    p, weights = order // 2 - 1, exact_weights(order)

    for degree in range(order):
        total = sum(b * Fraction(j - p) ** degree for j, b in enumerate(weights))

        assert total == Fraction(1, degree + 1)
    assert weights == weights[::-1]


def test_weights_of_four_rows_are_those_of_the_books():
    assert [24 * b for b in exact_weights(4)] == [-1, 13, 13, -1]
    assert_allclose(quadrature_weights(4), np.array([-1, 13, 13, -1]) / 24, rtol=1e-16)


@pytest.mark.parametrize("order", [0, 1, 7, -4])
def test_an_odd_order_is_refused_with_one_that_is_not(order):
    with pytest.raises(ValueError, match=f"even number >= 2.*got {order}; take [2-6]$"):
        quadrature_weights(order)


def test_fractions_become_the_nearest_floats():
    values = [Fraction(1, 3), Fraction(-2, 7), Fraction(10**30, 3)]

    assert as_array(values).tolist() == [float(value) for value in values]
    for value, long in zip(values, as_array(values, "longdouble"), strict=True):
        high = float(long)
        nearest = Fraction(high) + Fraction(float(long - np.longdouble(high)))
        error = abs(nearest / value - 1)
        assert error <= Fraction(float(np.finfo(np.longdouble).eps))


@pytest.mark.parametrize("order", [2, 6, 12])
def test_means_over_steps_are_those_of_the_integral(order):
    t, p = 0.3 * np.arange(40), order // 2 - 1
    values = np.column_stack([t ** (order - 1) / 12.0**order, np.cos(0.01 * t)])

    means = step_means(values, quadrature_weights(order))

    ends = t[p : len(t) - p]
    integral = np.column_stack([ends**order / order / 12.0**order, np.sin(0.01 * ends) / 0.01])
    assert_allclose(means, np.diff(integral, axis=0) / 0.3, rtol=1e-6, atol=1e-14)


def test_a_polynomial_is_followed_from_its_last_rows():
    rows = np.column_stack([np.arange(9.0) ** 3, 2 * np.arange(9.0) ** 2])
    places = [Fraction(0), Fraction(1, 2), Fraction(1)]

    ahead = extrapolation_weights(4, places) @ rows[8:4:-1]

    at = np.array([8.0, 8.5, 9.0])
    assert_allclose(ahead, np.column_stack([at**3, 2 * at**2]), rtol=1e-14)


@pytest.mark.parametrize("n_before", [0, 1, 2, 5])
def test_rows_before_a_short_series_are_those_of_its_own_polynomial(n_before):
    rows, places = np.random.default_rng(0).normal(size=(9, 2)), [Fraction(1, 4), Fraction(1)]
    weights = extrapolation_weights(4, places)

    recent = recent_rows(rows[n_before:], rows[:n_before], 4)

    for t, last in enumerate(recent, start=n_before):
        known = min(t + 1, 4)
        own = extrapolation_weights(known, places) @ rows[t::-1][:known]
        assert_array_equal(last[0], rows[t])
        assert_allclose(weights @ last, own, atol=1e-12)
