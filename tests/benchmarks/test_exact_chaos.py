"""A truth for long forecasts: Taylor series of the Lorenz equations."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.tasks import TASKS, exact_chaos
from reservoirs import datasets

STARTS = datasets.lorenz63(2, n_series=3, random_state=1)[:, 0]
LONG = np.finfo(np.longdouble).eps < 1e-18


def test_a_series_is_that_of_an_integrator():
    ours = exact_chaos.lorenz63(STARTS, 101)

    theirs = datasets.lorenz63(
        101, dt=0.01, n_series=3, initial=STARTS, method="DOP853", tolerance=1e-13
    )
    assert ours.shape == (3, 101, 3) and ours.dtype == np.longdouble
    assert_allclose(ours.astype(float), theirs, atol=1e-9)


@pytest.mark.skipif(not LONG, reason="long double is float64 here")
def test_other_orders_and_lengths_agree_beyond_float64():
    one = exact_chaos.lorenz63(STARTS, 100)
    other = exact_chaos.lorenz63(STARTS, 100, order=24, samples=2)

    assert np.abs(one - other).max() < 1e-16  # of values up to 50


def test_the_agreement_is_that_of_the_two_until_they_part(monkeypatch):
    drift = np.exp(0.01 * np.arange(400))[:, None] * np.ones(3)

    def made(initial, n_rows, *, dt, order, samples):
        return np.stack(
            [drift + (order != exact_chaos.ORDER) * 100 * (np.arange(400) > 250)[:, None]]
        )

    monkeypatch.setattr(exact_chaos, "lorenz63", made)

    (time,) = exact_chaos.agreement(1)

    assert time == pytest.approx(251 * 0.01 * exact_chaos.EXPONENT, abs=0.02)


def test_a_task_is_made_of_such_series(monkeypatch):
    whole, n_rows = exact_chaos.lorenz63, []

    def short(initial, n, *, dt):
        n_rows.append(n)
        return whole(initial, 1024, dt=dt)

    monkeypatch.setattr(exact_chaos, "lorenz63", short)

    data = TASKS["lorenz63_1024"].data("test", 0)

    assert n_rows == [2 + int(42 / exact_chaos.EXPONENT / 0.01)]
    assert data.series.shape == (1024, 3) and data.series.dtype == np.float64
    assert len(data.test_starts) == 20 and len(data.tuning_starts) == 6
    assert_array_equal(data.for_tuning().test_starts, data.tuning_starts)
