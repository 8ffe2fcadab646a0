"""Extrapolated midpoint steps have the order that they say."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs.nvar.integration import integrate_step, plan_step


def rotate(x, numbers):
    return np.stack([x[..., 1], -x[..., 0]], axis=-1)


def error(substeps, dt, dtype="float64"):
    x, plan = np.array([0.0, 1.0], dtype=dtype), plan_step(substeps, dtype)
    for _ in range(round(2 / dt)):
        x = integrate_step(rotate, x, dt, plan)
    return float(np.abs(x - np.array([np.sin(2.0), np.cos(2.0)])).max())


@pytest.mark.parametrize("substeps", [1, 2, 3, 4])
def test_halving_a_step_divides_the_error_by_two_to_the_order(substeps):
    ratio = error(substeps, 0.5) / error(substeps, 0.25)

    assert np.log2(ratio) == pytest.approx(2 * substeps, abs=0.5)


def test_the_weights_sum_to_one_and_the_places_are_in_the_step():
    plan = plan_step(5)

    assert plan.weights.sum() == pytest.approx(1.0)
    assert len(plan.places) == 5 * 6 - 5 + 1
    assert sorted(np.concatenate(plan.stages)) == [*range(1, len(plan.places))]
    assert min(plan.places) == 0 and max(plan.places) == Fraction(9, 10)


def test_a_slope_of_time_alone_is_integrated():
    plan = plan_step(3)
    at = np.array([float(place) for place in plan.places])

    moved = integrate_step(lambda x, n: 5 * at[n][:, None] ** 4 + 0 * x, np.zeros(1), 1.0, plan)

    assert_allclose(moved, 1.0, rtol=1e-13)


def test_all_rows_go_at_once():
    rows, plan = np.random.default_rng(0).normal(size=(7, 2)), plan_step(3)

    together = integrate_step(rotate, rows, 0.3, plan)

    alone = [integrate_step(rotate, row, 0.3, plan) for row in rows]
    assert_allclose(together, alone, rtol=1e-15)
