"""Arithmetic in long double: against fractions, and refused where it is no longer than float64."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import NVARRegressor, next_step
from reservoirs.forecasting import ForecastMixin
from reservoirs.nvar import extended
from reservoirs.nvar.extended import join_digits, solve_longdouble, split_digits

EPS = float(np.finfo(np.longdouble).eps)
pytestmark = pytest.mark.skipif(EPS > 1e-18, reason="long double is float64 here")
WAVE = np.column_stack([np.sin(0.2 * np.arange(120)), np.cos(0.31 * np.arange(120))])


def exactly(value):
    high = float(value)
    return Fraction(high) + Fraction(float(value - np.longdouble(high)))


def solve_exactly(z, targets, alpha):
    """Solve the normal equations of [Z 1] in fractions, by elimination."""
    rows = [[Fraction(v) for v in row] + [Fraction(1)] for row in z]
    n = len(rows[0])
    G = [[sum(r[i] * r[j] for r in rows) for j in range(n)] for i in range(n)]
    for i in range(n - 1):
        G[i][i] += Fraction(alpha)
    h = [sum(r[i] * Fraction(t) for r, t in zip(rows, targets, strict=True)) for i in range(n)]
    for i in range(n):
        for k in range(i + 1, n):
            factor = G[k][i] / G[i][i]
            G[k] = [a - factor * b for a, b in zip(G[k], G[i], strict=True)]
            h[k] -= factor * h[i]
    x = [Fraction(0)] * n
    for i in reversed(range(n)):
        x[i] = (h[i] - sum(G[i][j] * x[j] for j in range(i + 1, n))) / G[i][i]
    return x


@pytest.mark.parametrize("alpha", [0.0, 2.0**-20])
def test_regression_is_that_in_fractions(alpha):
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 1))

    C, c = solve_longdouble(z.astype(np.longdouble), y.astype(np.longdouble), alpha)

    exact = solve_exactly(z.tolist(), y[:, 0].tolist(), alpha)
    largest = max(map(abs, exact))
    for got, expected in zip([*C[0], c[0]], exact, strict=True):
        assert abs(exactly(got) - expected) / largest < 1e-17


def test_a_number_is_the_sum_of_two():
    third = np.array([1, -7, 1e-30, 0], dtype=np.longdouble) / np.longdouble(3)

    assert_array_equal(join_digits(*split_digits(third)), third)


@pytest.mark.parametrize("settings", [{}, {"n_delays": 3, "stride": 2, "n_terms": 9}])
@pytest.mark.parametrize("n_exog", [0, 1])
def test_a_map_in_long_double_is_that_in_float64_with_more_digits(settings, n_exog):
    force = np.sin(0.05 * np.arange(140))[:, None] if n_exog else None
    data = next_step(WAVE, None if force is None else force[:120])
    exact = NVARRegressor(alpha=1e-2, dtype="longdouble", **settings).fit(*data)
    plain = NVARRegressor(alpha=1e-2, **settings).fit(*data)
    exog = None if force is None else force[119:139]

    assert_allclose(exact.coef_, plain.coef_, rtol=1e-9, atol=1e-12)
    assert_allclose(exact.predict(data[0]), plain.predict(data[0]), atol=1e-12)
    assert_allclose(exact.forecast(20, exog=exog), plain.forecast(20, exog=exog), atol=1e-9)


def test_a_rate_in_long_double_is_that_in_float64_with_more_digits():
    data = next_step(WAVE, np.sin(0.05 * np.arange(120)))
    settings = {"form": "rate", "alpha": 1e-2, "order": 4}
    exact = NVARRegressor(dtype="longdouble", **settings).fit(*data)
    plain = NVARRegressor(**settings).fit(*data)
    state = np.hstack([WAVE, np.ones((120, 1))])[:2]
    ahead = WAVE[2], np.ones((20, 1)), exact.loop_, state, (np.full(2, -1.1), np.full(2, 0.9))

    assert_allclose(exact.coef_, plain.coef_, rtol=1e-9, atol=1e-12)
    assert_allclose(exact.predict(data[0]), plain.predict(data[0]), atol=1e-12)
    assert_allclose(exact._closed_loop(*ahead), plain._closed_loop(*ahead), atol=1e-10)
    assert_allclose(exact._closed_loop(*ahead), ForecastMixin._closed_loop(exact, *ahead))


def test_dependent_monomials_need_a_penalty():
    twice = np.column_stack([WAVE[:, 0], 2 * WAVE[:, 0]])
    model = NVARRegressor(n_delays=1, degree=1, dtype="longdouble", alpha=0.0)

    with pytest.raises(ValueError, match="depend on each other, and alpha=0"):
        model.fit(*next_step(twice))
    model.set_params(alpha=1e-9).fit(*next_step(twice))


def test_a_machine_without_it_is_told(monkeypatch):
    monkeypatch.setattr(extended, "LARGEST_EPS", 0.0)

    with pytest.raises(ValueError, match=r"np.finfo\(np.longdouble\).eps <= .*dtype='float64'"):
        NVARRegressor(dtype="longdouble").fit(*next_step(WAVE))
