"""Centred sums of feature rows, compiled: one pass over a block of rows."""

from __future__ import annotations

from reservoirs.compiled.simd import compiled
from reservoirs.sequences import Array


@compiled
def centre_rows(features: Array, centre: Array, targets: Array, total: Array, cross: Array) -> None:
    """Subtract the centre from every row, in place; sum the rows and their products with targets.

    z[t] <- z[t] - m,   total <- total + sum_t z[t],   cross <- cross + sum_t y[t] z[t]'

    Parameters
    ----------
    features : array of shape (n_rows, n_features)
        The rows z, overwritten.
    centre : array of shape (n_features,)
        What is subtracted, m.
    targets : array of shape (n_rows, n_outputs)
        The targets y.
    total : array of shape (n_features,)
        What the sum of the centred rows is added to.
    cross : array of shape (n_outputs, n_features)
        What the products of targets and centred rows are added to.
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
