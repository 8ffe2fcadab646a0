"""Sums of rows, compiled: one pass over a block of them."""

from __future__ import annotations

import math

from reservoirs.compiled.simd import compiled
from reservoirs.sequences import Array


@compiled
def centre_rows(features: Array, centre: Array, targets: Array, total: Array, cross: Array) -> None:
    """Subtract the centre from every row, in place; sum the rows and their products with targets.

    z[t] <- z[t] - m,   total <- total + sum_t z[t],   cross <- cross + sum_t y[t] z[t]'

    Rows are (n_rows, n_features), targets y (n_rows, n_outputs), the centre m and the total
    (n_features,); cross is (n_outputs, n_features).
    """
    # One loop for all three: a row is read from memory once, and stays in the cache.
    for t in range(len(features)):
        row = features[t]
        for j in range(len(row)):
            row[j] -= centre[j]
            total[j] += row[j]
        for k in range(targets.shape[1]):
            for j in range(len(row)):
                cross[k, j] += targets[t, k] * row[j]


@compiled
def means_are_far(
    total: Array, gram: Array, target_sum: Array, target_squares: Array, n_rows: int, epsilon: float
) -> bool:
    """Tell whether a mean, total / n_rows, is a standard deviation from 0, beyond rounding.

    The squares of the features are on the diagonal of `gram`; those of the targets, as all sums,
    are summed over `n_rows`. `epsilon` is the rounding of a square, relative to the sum of all.
    """
    all_squares, all_targets = 0.0, 0.0
    for j in range(len(total)):
        all_squares += gram[j, j]
    for square in target_squares:
        all_targets += square
    for j in range(len(total)):
        if abs(total[j]) > math.sqrt(n_rows * (0.5 * gram[j, j] + epsilon * all_squares)):
            return True
    for k in range(len(target_sum)):
        bound = math.sqrt(n_rows * (0.5 * target_squares[k] + epsilon * all_targets))
        if abs(target_sum[k]) > bound:
            return True
    return False


@compiled
def add_moves(rows: Array, first: int, bound: float, centre: Array, sums: Array) -> None:
    """Sum rows and their squares about a centre, and count the values beyond a bound.

    sums[0] <- sums[0] + sum_t (x[t] - c),   sums[1] <- sums[1] + sum_t (x[t] - c)^2,
    sums[2] <- sums[2] + sum_t (|x[t]| > bound)

    Rows x are (n_rows, n_columns), from the row `first` on; the centre c is (n_columns,), sums are
    (3, n_columns).
    """
    for t in range(first, len(rows)):
        for j in range(len(centre)):
            value = rows[t, j]
            move = value - centre[j]
            sums[0, j] += move
            sums[1, j] += move * move
            sums[2, j] += abs(value) > bound
