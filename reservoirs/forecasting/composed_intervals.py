"""Intervals of a model of several parts: those of its regressor, in the units of the model."""

from __future__ import annotations

import numpy as np

from reservoirs.forecasting.nodes import (
    Average,
    Chain,
    Foreign,
    Inverse,
    Node,
    Ours,
    OwnUnits,
    State,
)
from reservoirs.forecasting.nodes import is_affine as is_scaler
from reservoirs.forecasting.restored import Restored
from reservoirs.sequences import Array

REFUSED = (
    "level needs the errors of the regressor's own loops, which are those of the whole model where "
    "it is a regressor of this library alone, behind Log, Difference and scalers, or in a "
    "TransformedTargetRegressor that transforms each output by itself; "
)


def interval_ends(
    node: Node, values: Array, state: State, levels: list[float]
) -> tuple[Array, Array]:
    """Return the ends of intervals, (n_levels, n_steps, n_outputs) each, around a forecast.

    The forecast is (n_steps, n_outputs), in the units that the node predicts in, the state that
    before it, the levels in per cent.

    Raises
    ------
    ValueError
        If the loops of the regressor inside are not those of the model.
    """
    if isinstance(node, OwnUnits):
        (mean, scale), inside = state
        d = values.shape[1]
        ends = interval_ends(node.nodes[0], (values - mean[:d]) / scale[:d], inside[0], levels)
        low, high = (end * scale[:d] + mean[:d] for end in ends)
        return low, high
    if isinstance(node, Restored):
        return _levels_around(node, values, levels)
    if isinstance(node, Inverse):
        return _transformed_back(node, values, state, levels)
    if isinstance(node, Ours):
        return node.estimator._interval(values, state, levels)  # type: ignore[attr-defined]
    if not isinstance(node, Chain) or not node.nodes:
        what = "an average of them" if isinstance(node, Average) else type(node).__name__
        raise ValueError(f"{REFUSED}got {what}")
    *before, last = node.nodes
    n_outputs, n_inputs = values.shape[1], getattr(last, "n_inputs", 0)
    for step in before:
        scales = isinstance(step, Foreign) and is_scaler(step.estimator)
        # inputs beside the observation may be made of it, and would be known in the loops
        if not scales and (not isinstance(step, Foreign) or n_inputs > n_outputs):
            raise ValueError(f"{REFUSED}the step before the regressor is none of these")
    if isinstance(last, Foreign):
        raise ValueError(f"{REFUSED}{last.name!r} is of another library")
    return interval_ends(last, values, state[-1], levels)


def _transformed_back(
    node: Inverse, values: Array, state: State, levels: list[float]
) -> tuple[Array, Array]:
    """Return the ends of the targets that were learned, in the units of y."""
    inside = node.forward(values)
    moved = values.copy()
    moved[:, 0] += 1e-3 * np.abs(values[:, 0]).max()
    if not np.array_equal(node.forward(moved)[:, 1:], inside[:, 1:]):
        raise ValueError(f"{REFUSED}this one mixes them")
    pairs = interval_ends(node.nodes[0], inside, state[0], levels)
    first, second = (np.stack([node.back(one) for one in ends]) for ends in pairs)
    return np.fmin(first, second), np.fmax(first, second)


def _levels_around(node: Restored, values: Array, levels: list[float]) -> tuple[Array, Array]:
    """Return the ends of levels, of errors that are summed up as differences are."""
    logs = [step for step in node.steps if not step.reach]
    differences = node.steps[len(logs) :]
    if not all(step.reach for step in differences):
        raise ValueError(f"{REFUSED}Log comes after Difference")

    def undo(errors: Array) -> Array:
        for step in reversed(differences):
            errors = errors.copy()
            for t in range(step.reach, errors.shape[1]):
                errors[:, t] += errors[:, t - step.reach]
        return errors

    (part,) = node.nodes[-1].parts()
    widths = part._half_widths(len(values), levels, undo)  # type: ignore[attr-defined]
    inside = values
    for step in logs:
        inside = step.forward(inside)
    low, high = inside - widths, inside + widths
    for step in reversed(logs):
        low, high = step.back(low, low), step.back(high, high)
    return low, high
