"""Monomials as products, and those of largest expected size."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from reservoirs import NVAR
from reservoirs.nvar.products import as_products, largest_monomials


def naive(v, exponents):
    return np.column_stack([np.prod(v[:, list(index)], axis=1) for index in exponents])


@pytest.mark.parametrize("degree", [1, 2, 5, (1, 3), (2,), (3, 1)])
def test_products_are_the_monomials_to_the_last_bit(degree):
    v = np.random.default_rng(0).normal(size=(50, 4))
    exponents = NVAR(n_delays=1, degree=degree).fit(v).exponents_
    products = as_products(exponents)

    assert_array_equal(products.monomials(v), naive(v, exponents))
    assert_array_equal(products.monomials(v[0]), naive(v[:1], exponents)[0])


def test_coefficients_spread_over_all_products_give_the_same_sum():
    rng, exponents = np.random.default_rng(0), [(0, 1, 1), (1,)]
    v, C, products = rng.normal(size=3), rng.normal(size=(2, 2)), as_products(exponents)

    assert len(products) == 4  # and x0, x0 x1, that the first is a multiple of
    assert np.allclose(products.spread(C) @ products.evaluate(v), C @ products.monomials(v))


@pytest.mark.parametrize("n_terms", [1, 4, 17, 1000])
@pytest.mark.parametrize("degree", [1, 3, 5])
def test_the_largest_monomials_are_those_of_a_sorted_list(n_terms, degree):
    sizes = np.array([0.3, 1.7, 0.9, 0.05])

    listed = largest_monomials(sizes, n_terms, degree)

    def size(index):
        return np.prod(0.5 * sizes[list(index)] / sizes.max())

    every = [i for d in range(1, degree + 1) for i in combinations_with_replacement(range(4), d)]
    largest = sorted(map(size, every), reverse=True)[:n_terms]
    assert len({*listed}) == len(listed) == min(n_terms, len(every))
    assert np.allclose(list(map(size, listed)), largest)


@pytest.mark.parametrize("sizes", [[1.0, 1.0, 1.0], [2.0, 0.0, 1.0], [0.0, 0.0]])
def test_every_factor_comes_before_its_multiples(sizes):
    listed = largest_monomials(np.array(sizes), 30, 4)

    for number, index in enumerate(listed):
        for left_out in range(len(index) if len(index) > 1 else 0):
            assert index[:left_out] + index[left_out + 1 :] in listed[:number]
    assert len(as_products(listed)) == len(listed)
