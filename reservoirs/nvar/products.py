"""Monomials as products of two: every one is a shorter one times a variable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from reservoirs.sequences import Array

SHRINKS = 0.5  # expected size of the largest variable: a factor more makes a monomial smaller


@dataclass(frozen=True, eq=False)
class Products:
    """How monomials are computed, shorter ones first.

    Attributes
    ----------
    parents : array of shape (n_products,) of int
        The product that each is a multiple of, -1 for 1.
    variables : array of shape (n_products,) of int
        The variable that it is multiplied by.
    levels : tuple of slice
        The products of one degree after the other.
    places : array of shape (n_monomials,) of int
        Where the monomials are among the products, which are more if factors are not wanted.
    """

    parents: Array
    variables: Array
    levels: tuple[slice, ...]
    places: Array

    def __len__(self) -> int:
        return len(self.parents)

    def evaluate(self, v: Array) -> Array:
        """Return all products, (..., n_products), of variables (..., n_variables)."""
        z: Array = np.empty((*v.shape[:-1], len(self)), dtype=v.dtype)
        for level in self.levels:
            z[..., level] = v[..., self.variables[level]]
            if level.start:
                z[..., level] *= z[..., self.parents[level]]
        return z

    def monomials(self, v: Array) -> Array:
        """Return the monomials, (..., n_monomials), of variables (..., n_variables)."""
        z = self.evaluate(v)
        if len(self.places) == len(self) and (np.diff(self.places) == 1).all():
            return z
        return np.take(z, self.places, axis=-1)

    def spread(self, coefficients: Array) -> Array:
        """Return coefficients of all products, (..., n_products), from those of the monomials."""
        spread: Array = np.zeros((*coefficients.shape[:-1], len(self)), dtype=coefficients.dtype)
        spread[..., self.places] = coefficients
        return spread


def as_products(exponents: Sequence[tuple[int, ...]]) -> Products:
    """Return how monomials are computed.

    Parameters
    ----------
    exponents : sequence of tuple of int
        The variables whose product each monomial is.

    Returns
    -------
    Products
        The products, with those that the monomials are multiples of.
    """
    needed = {index[:n] for index in exponents for n in range(1, len(index) + 1)}
    ordered = sorted(needed, key=lambda index: (len(index), index))
    place = {index: i for i, index in enumerate(ordered)}
    lengths = np.array([len(index) for index in ordered])
    ends = np.flatnonzero(np.diff(lengths, append=0)) + 1
    starts = [0, *ends[:-1].tolist()]
    return Products(
        parents=np.array([place.get(index[:-1], -1) for index in ordered], dtype=np.intp),
        variables=np.array([index[-1] for index in ordered], dtype=np.intp),
        levels=tuple(slice(a, int(b)) for a, b in zip(starts, ends, strict=True)),
        places=np.array([place[tuple(index)] for index in exponents], dtype=np.intp),
    )


def largest_monomials(sizes: Array, n_terms: int, degree: int) -> list[tuple[int, ...]]:
    """Return the monomials of largest expected size, the largest first.

    The expected size of a monomial is the product of those of its variables, each that of the
    variable times .5 over the largest: the monomial without one of its factors is larger, and
    listed before it.

    Parameters
    ----------
    sizes : array of shape (n_variables,)
        Size of each variable, its root mean square say.
    n_terms : int
        Monomials wanted; all there are if these are fewer.
    degree : int
        Most factors of one.

    Returns
    -------
    list of tuple of int
        The variables whose product each monomial is, in increasing order.

    Examples
    --------
    >>> import numpy as np
    >>> largest_monomials(np.array([1.0, 0.1]), n_terms=4, degree=3)
    [(0,), (0, 0), (0, 0, 0), (1,)]
    """
    largest = float(sizes.max()) or 1.0
    order = np.argsort(-sizes, kind="stable")  # the largest variable is number 0 from here on
    weights = SHRINKS * np.asarray(sizes, dtype=np.float64)[order] / largest
    # (-size, number of factors, factors): of two of a size the shorter one comes first
    heap: list[tuple[float, int, tuple[int, ...]]] = [(-float(weights[0]), 1, (0,))]
    found: list[tuple[int, ...]] = []
    while heap and len(found) < n_terms:
        size, length, factors = heappop(heap)
        found.append(tuple(sorted(int(order[k]) for k in factors)))
        last = factors[-1]
        if length < degree:  # one factor more, no larger than the last
            heappush(heap, (size * float(weights[last]), length + 1, (*factors, last)))
        if last + 1 < len(weights):  # the next variable in place of the last factor
            rest = -float(np.prod(weights[list(factors[:-1])]))
            heappush(heap, (rest * float(weights[last + 1]), length, (*factors[:-1], last + 1)))
    return found
