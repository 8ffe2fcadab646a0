"""One step of x' = f(x): the midpoint rule in ever smaller parts, extrapolated.

    2, 4, ..., 2k parts of the step -> increments d_1, ..., d_k -> x + sum_j w_j d_j, of order 2k

The error of the midpoint rule has even powers of the part only, and the weights w, exact fractions,
cancel the first k of them (Gragg, 1965). It is a Runge-Kutta method of any order: k = 2 takes five
evaluations where the classical one takes four, k = 6 takes 37 and is of order 12.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from reservoirs.nvar.quadrature import as_array
from reservoirs.sequences import Array

Slope = Callable[[Array, Array], Array]  # x, (n, ...), and n numbers of evaluations -> x'


@dataclass(frozen=True, eq=False)
class StepPlan:
    """How one step is taken.

    Attributes
    ----------
    weights : array of shape (substeps,)
        w of the increments.
    places : tuple of Fraction
        Where in the step the slope is evaluated, from 0 to 1: at 0, then inside of every cut, 2,
        4, ... parts, from left to right.
    stages : tuple of arrays of int
        The evaluations that need those of the stage before only, one of each cut that has parts
        left.
    """

    weights: Array
    places: tuple[Fraction, ...]
    stages: tuple[Array, ...]


@lru_cache(maxsize=32)
def plan_step(substeps: int, dtype: str = "float64") -> StepPlan:
    """Plan steps of order 2 substeps.

    Parameters
    ----------
    substeps : int
        k >= 1: a step is cut into 2, 4, ..., 2k parts.
    dtype : {"float64", "longdouble"}, default="float64"
        Type of the weights.

    Returns
    -------
    StepPlan
        The plan.
    """
    cuts, weights = range(1, substeps + 1), []
    for j in cuts:
        weight = Fraction(1)
        for other in cuts:
            weight *= Fraction(j * j, j * j - other * other) if other != j else 1
        weights.append(weight)
    inside = [(j, i) for j in cuts for i in range(1, 2 * j)]
    number = {pair: n for n, pair in enumerate(inside, start=1)}
    stages = [[number[j, i] for j in cuts if i < 2 * j] for i in range(1, 2 * substeps)]
    return StepPlan(
        weights=as_array(weights, dtype),
        places=(Fraction(0), *(Fraction(i, 2 * j) for j, i in inside)),
        stages=tuple(np.array(stage) for stage in stages),
    )


def integrate_step(slope: Slope, x: Array, dt: float, plan: StepPlan) -> Array:
    """Return x one step later.

    Parameters
    ----------
    slope : callable
        (x, numbers) -> x' of x, (n, ...), each at its own `plan.places[number]` of the step.
    x : array of any shape
        The values now; its type is that of the arithmetic.
    dt : float
        Length of the step.
    plan : StepPlan
        How it is taken.

    Returns
    -------
    array of the shape of x
        The values then.
    """
    n_cuts = len(plan.weights)
    parts = x.dtype.type(dt) / np.arange(2, 2 * n_cuts + 1, 2, dtype=x.dtype)
    parts = parts.reshape(-1, *[1] * x.ndim)
    # all cuts side by side, counted from x, so that what is summed is small beside it
    moved: Array = parts * slope(x[None], np.zeros(1, dtype=int))
    before: Array = np.zeros_like(moved)
    parts = 2 * parts
    for numbers in plan.stages:
        left = n_cuts - len(numbers)
        following = before[left:] + parts[left:] * slope(x + moved[left:], numbers)
        before[left:], moved[left:] = moved[left:], following
    stepped: Array = x + np.tensordot(plan.weights, moved, axes=1)
    return stepped
