"""The compiled loop of monomials is the loop row by row."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs import NVARRegressor, next_step
from reservoirs.compiled import monomial_loops
from reservoirs.forecasting import ForecastMixin

RNG = np.random.default_rng(0)
WAVE = np.column_stack([np.sin(0.2 * np.arange(200)), np.cos(0.31 * np.arange(200))])
FORCE = RNG.standard_normal((260, 1))


def loops(model, *arguments):
    slow = ForecastMixin._closed_loop(model, *arguments)
    return model._closed_loop(*arguments), slow


@pytest.mark.parametrize(
    "settings",
    [{}, {"n_delays": 1}, {"n_delays": 4, "stride": 3}, {"n_delays": 3, "degree": (1, 3)}],
)
@pytest.mark.parametrize("n_known", [0, 1, 2, 50])
@pytest.mark.parametrize("bounded", [False, True])
def test_a_compiled_loop_is_the_loop_row_by_row(settings, n_known, bounded):
    model = NVARRegressor(alpha=1e-2, **settings).fit(*next_step(WAVE, FORCE[:200]))
    state = model.features_.latest(np.hstack([WAVE, FORCE[:200]])[:n_known])
    bounds = (np.array([-0.4, -0.8]), np.array([0.7, 0.5])) if bounded else None

    fast, slow = loops(
        model, WAVE[n_known], FORCE[n_known : n_known + 30], model.loop_, state, bounds
    )

    assert_allclose(fast, slow, rtol=1e-9, atol=1e-10)
    assert bounds is None or ((slow >= bounds[0]) & (slow <= bounds[1])).all()


def test_a_loop_in_several_calls_is_that_in_one(monkeypatch):
    model = NVARRegressor(n_delays=3, stride=2, degree=1).fit(*next_step(WAVE))
    whole = model.forecast(100)

    monkeypatch.setattr(monomial_loops, "STEPS_PER_CALL", 7)

    assert_allclose(model.forecast(100), whole, rtol=1e-12)
