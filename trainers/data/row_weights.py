"""What the loss of every row, or of every series, counts: `sample_weight` of a fit."""

from __future__ import annotations

import re
from dataclasses import replace
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator

from reservoirs.estimators.units import measure
from reservoirs.sequences import Array, Layout, SeriesLike
from reservoirs.targets import Targets, check_targets


def with_weights(
    estimator: BaseEstimator, targets: Targets, sample_weight: SeriesLike, layout: Layout
) -> Targets:
    """Return targets with the weights of their loss; as they are where all weigh the same.

    Weights are per row in the container of y, (n_rows,), or per series, (n_series,). Only their
    ratios count.

    Raises
    ------
    ValueError
        For weights of another shape, not finite, below 0, or all 0, and for one a row where there
        is one target a series.
    """
    if sample_weight is None:
        return targets
    given = _check_numbers(estimator, sample_weight, layout)
    weights = given.rows[:, 0]
    if targets.kind == "per_series" and given.kind == "per_step":
        raise ValueError(
            f"sample_weight must be one number a series, ({layout.n_series},), as y is, got one a "
            "row; a series without any loss has weight 0"
        )
    if (weights < 0).any():
        first = int(np.argmax(weights < 0))
        raise ValueError(
            f"sample_weight must be numbers >= 0, got {weights[first]} at position {first}; 0 "
            "takes a row out of the loss"
        )
    if not weights.any():
        raise ValueError("sample_weight is zero everywhere: nothing is left to learn from")
    if (weights == weights[0]).all():
        return targets
    if targets.kind == "per_step" and given.kind == "per_series":
        weights = np.repeat(weights, layout.lengths)
    return replace(targets, weights=weights / weights.max())


def _check_numbers(estimator: BaseEstimator, sample_weight: SeriesLike, layout: Layout) -> Targets:
    """Return weights as the flat targets that they are shaped like."""
    if isinstance(sample_weight, Real):
        raise ValueError(f"sample_weight must be one number a row, got {sample_weight!r} for all")
    try:
        given = check_targets(estimator, sample_weight, layout)
    except ValueError as error:
        told = re.sub(r"\by\b", "sample_weight", str(error).partition(". To predict")[0])
        raise type(error)(told) from None
    if not given.flat:
        raise ValueError(
            "sample_weight must have no axis of outputs: one number a row in the container of y, "
            f"or one a series; got {given.rows.shape[1]} column(s)"
        )
    return given


def mean_one(weights: Array, counted: Array) -> Array:
    """Return weights divided by their mean over the rows counted, of those above 0.

    Both are (n_rows,).
    """
    above = weights[counted & (weights > 0)]
    scaled: Array = weights / above.mean() if len(above) else weights
    return scaled


def moments(rows: Array, weights: Array | None) -> tuple[Array, Array]:
    """Return the mean and the deviation of every column, of rows that weigh alike or by weights.

    Rows are (n_rows, n_columns), weights (n_rows,). The deviation of a constant is 1.
    """
    if weights is None:
        return measure(rows)
    counted = rows[weights > 0]
    constant = counted.min(axis=0) == counted.max(axis=0)  # its mean may miss it by some digits
    mean = np.where(constant, counted[0], np.average(rows, axis=0, weights=weights))
    deviation = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=weights))
    return mean, np.where(deviation > 0, deviation, 1.0)
