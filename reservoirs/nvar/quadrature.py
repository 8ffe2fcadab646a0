"""Integrals over one step of what is known at equally spaced rows, by exact weights.

    x[t+1] - x[t] = dt sum_j b_j f[t-p+j],  j = 0 ... 2p+1

b integrates the polynomial through the 2p + 2 rows around the step from t to t + 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np

from reservoirs.sequences import Array


@lru_cache(maxsize=32)
def exact_weights(order: int) -> tuple[Fraction, ...]:
    """Return the weights b of one step, exactly.

    Parameters
    ----------
    order : int
        Rows of the polynomial, 2p + 2: an even number.

    Returns
    -------
    tuple of Fraction
        One weight a row; polynomials of a degree below `order` are integrated exactly.

    Raises
    ------
    ValueError
        If the order is not an even number >= 2.

    Examples
    --------
    >>> exact_weights(2)
    (Fraction(1, 2), Fraction(1, 2))
    """
    if order < 2 or order % 2:
        raise ValueError(
            f"order must be an even number >= 2, as many rows before a step as after it, got "
            f"{order}; take {2 * max(order // 2, 1)}"
        )
    p = order // 2 - 1
    nodes = range(-p, p + 2)
    weights = []
    for node in nodes:
        # the integral over [0, 1] of the polynomial that is 1 at this node and 0 at all others
        polynomial = [Fraction(1)]
        for other in nodes:
            if other != node:
                shifted = [Fraction(0), *polynomial]
                scaled = [other * c for c in polynomial] + [Fraction(0)]
                polynomial = [
                    (a - b) / (node - other) for a, b in zip(shifted, scaled, strict=True)
                ]
        weights.append(sum((c / (k + 1) for k, c in enumerate(polynomial)), Fraction(0)))
    return tuple(weights)


def as_array(values: Sequence[Fraction], dtype: str = "float64") -> Array:
    """Return fractions as floats: each correct to the last digit of the type, or the one before.

    Parameters
    ----------
    values : sequence of Fraction
        The numbers.
    dtype : {"float64", "longdouble"}, default="float64"
        Their type.

    Returns
    -------
    array of shape (n_values,)
        The numbers.
    """
    high = [float(value) for value in values]
    # a fraction has no way to long double but through two float64
    low = [float(value - Fraction(near)) for value, near in zip(values, high, strict=True)]
    total: Array = np.array(high, dtype=dtype) + np.array(low, dtype=dtype)
    return total


def quadrature_weights(order: int, dtype: str = "float64") -> Array:
    """Return the weights b of one step, in steps.

    Parameters
    ----------
    order : int
        Rows of the polynomial, 2p + 2: an even number.
    dtype : {"float64", "longdouble"}, default="float64"
        Type of the weights.

    Returns
    -------
    array of shape (order,)
        b, whose sum is 1.
    """
    return as_array(exact_weights(order), dtype)


def step_means(values: Array, weights: Array) -> Array:
    """Return the mean over every step of what is known at the rows of one series.

    Parameters
    ----------
    values : array of shape (n_rows, ...)
        f at equally spaced rows.
    weights : array of shape (order,)
        b, of `quadrature_weights`.

    Returns
    -------
    array of shape (n_rows - order + 1, ...)
        sum_j b_j f[t-p+j] of the steps from row t = p to the next, p = order / 2 - 1, and so on:
        the first p steps and the last p have no such mean.
    """
    n_means = len(values) - len(weights) + 1
    p = len(weights) // 2 - 1
    # around the row where the step begins, so that what is summed is small beside it
    centre = values[p : p + n_means]
    means: Array = np.zeros_like(centre)
    for j, weight in enumerate(weights):
        means += weight * (values[j : j + n_means] - centre)
    return means + centre


@lru_cache(maxsize=256)
def _basis(n_rows: int, place: Fraction) -> tuple[Fraction, ...]:
    nodes = [Fraction(-k) for k in range(n_rows)]
    weights = []
    for node in nodes:
        weight = Fraction(1)
        for other in nodes:
            weight *= (place - other) / (node - other) if other != node else 1
        weights.append(weight)
    return tuple(weights)


def extrapolation_weights(n_rows: int, places: Sequence[Fraction]) -> Array:
    """Return the weights of the last rows in the polynomial through them, at other places.

    Parameters
    ----------
    n_rows : int
        Rows of the polynomial: those 0, -1, ..., 1 - n_rows steps from the present one.
    places : sequence of Fraction
        Where it is wanted, in steps from the present row.

    Returns
    -------
    array of shape (n_places, n_rows)
        Weights, the present row first.
    """
    weights = [as_array(_basis(n_rows, place)) for place in places]
    return np.reshape(weights, (len(places), n_rows))


def recent_rows(rows: Array, earlier: Array, n_recent: int) -> Array:
    """Return the last rows up to every row of a series, the present one first.

    Where a series is shorter, rows before its first are those of the polynomial through it: of one
    row a constant, of two a straight line.

    Parameters
    ----------
    rows : array of shape (n_rows, n_columns)
        Rows of one series.
    earlier : array of shape (n_earlier, n_columns)
        Rows just before.
    n_recent : int
        How many are wanted.

    Returns
    -------
    array of shape (n_rows, n_recent, n_columns)
        The rows.
    """
    known = np.vstack([earlier[max(len(earlier) - n_recent + 1, 0) :], rows])
    first = len(known) - len(rows)
    recent: Array = np.empty((len(rows), n_recent, rows.shape[1]), dtype=known.dtype)
    for back in range(n_recent):
        recent[:, back] = known[np.maximum(np.arange(first, len(known)) - back, 0)]
    for t in range(min(n_recent - 1 - first, len(rows))):
        n_known = first + t + 1
        before = extrapolation_weights(n_known, [Fraction(-k) for k in range(n_known, n_recent)])
        recent[t, n_known:] = before @ recent[t, :n_known]
    return recent
