"""The compiled integration is the one in numpy, for many loops at once."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs.compiled.rate_loops import run_rate_loops
from reservoirs.nvar.integration import integrate_step, plan_step
from reservoirs.nvar.products import as_products
from reservoirs.nvar.quadrature import extrapolation_weights, recent_rows


@pytest.mark.parametrize("substeps", [1, 4])
@pytest.mark.parametrize("n_exog", [0, 2])
def test_many_loops_are_steps_one_after_the_other(substeps, n_exog):
    rng, d = np.random.default_rng(0), 2
    products = as_products([(0,), (1,), (0, 1), (d + n_exog - 1,) * 2])
    C, c = rng.normal(size=(3, d, 4)), rng.normal(size=(3, d))
    scale, shift, exog = (
        np.array([2.0, -1.0]),
        np.array([0.1, 0.3]),
        rng.normal(size=(3, 6, n_exog)),
    )
    bounds, plan = (np.full(d, -1.0), np.full(d, 1.0)), plan_step(substeps)
    table = extrapolation_weights(3, plan.places)
    recent = np.stack([recent_rows(rows, rows[:0], 3) for rows in exog])
    first = rng.normal(size=(3, d))

    values = run_rate_loops(
        first,
        recent,
        (0.05, plan.weights, table),
        (products.parents, products.variables),
        (scale, shift),
        (products.spread(C), c),
        bounds,
    )

    for i in range(3):
        y = first[i]
        for t in range(6):

            def slope(x, numbers, i=i, t=t):
                u = np.hstack([scale * x + shift, table[numbers] @ recent[i, t]])
                return products.monomials(u) @ C[i].T + c[i]

            y = np.clip(integrate_step(slope, y, 0.05, plan), *bounds)
            assert_allclose(values[i, t], y, rtol=1e-12, atol=1e-13)


def test_a_law_that_runs_away_is_held_at_its_bounds():
    one = np.ones((1, 1, 1))

    values = run_rate_loops(
        one[0],
        np.empty((1, 50, 1, 0)),
        (1.0, plan_step(1).weights, np.ones((2, 1))),
        (np.array([-1, 0]), np.array([0, 0])),
        (np.ones(1), np.zeros(1)),
        (np.array([[[0.0, 1e300]]]), np.zeros((1, 1))),
        (np.array([-3.0]), np.array([3.0])),
    )

    assert set(np.abs(values.ravel())) == {3.0}
