import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp
from sklearn.base import clone

from reservoirs import NVAR, NVARRegressor, next_step

X = np.random.default_rng(0).normal(size=(60, 2))


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_features_are_the_monomials_of_delayed_rows():
    z = NVAR(n_delays=2, stride=3, degree=2).fit_transform(X)

    v = np.concatenate([X[10], X[7]])
    quadratic = [v[i] * v[j] for i in range(4) for j in range(i, 4)]
    assert_allclose(z[10], [*v, *quadratic])


def test_lorenz_has_the_28_features_of_the_paper_with_the_constant(rng):
    assert NVAR(n_delays=2, degree=2).fit(rng.normal(size=(9, 3)))._n_features_out == 27


def test_degrees_may_be_chosen_one_by_one():
    assert len(NVAR(n_delays=1, degree=(1, 3)).fit(X).exponents_) == 2 + 4


def test_rows_before_the_first_equal_it():
    z = NVAR(n_delays=3, degree=1).fit_transform(X)

    assert_array_equal(z[0], np.tile(X[0], 3))
    assert_array_equal(z[1], [*X[1], *X[0], *X[0]])


def test_series_do_not_leak_into_each_other():
    transformer = NVAR(n_delays=3).fit(X)

    together = transformer.transform([X[:20], X[20:]])

    assert_array_equal(together[1], transformer.transform(X[20:]))


def test_sensitivity_is_the_derivative_of_the_monomials(rng):
    transformer, v, h = NVAR(n_delays=2, degree=3).fit(X), rng.normal(size=(5, 4)), 1e-6
    for j in range(4):
        step = h * np.eye(4)[j]
        slope = (transformer.monomials(v + step) - transformer.monomials(v - step)) / (2 * h)

        assert_allclose(transformer.sensitivity(v, j), slope, atol=1e-7)


def test_a_quadratic_map_is_learned_exactly():
    x = [0.3]
    for _ in range(300):
        x.append(3.7 * x[-1] * (1 - x[-1]))
    model = NVARRegressor(n_delays=1, degree=2, alpha=1e-14).fit(*next_step(np.array(x)[:, None]))

    assert_allclose(model.coef_ @ [1, 1], 0.0, atol=1e-9)
    assert_allclose(model.coef_[0], [3.7, -3.7], rtol=1e-9)


def test_a_prefix_and_a_context_change_nothing():
    model = NVARRegressor(n_delays=3).fit(X, X[:, 0])
    whole = model.predict(X)

    assert_allclose(model.predict(X[:30]), whole[:30], rtol=1e-12)
    assert_allclose(model.predict(X[30:], context=X[:30]), whole[30:], rtol=1e-12)
    assert model.predict(X[:1]).shape == (1,)


def test_a_linear_oscillator_is_forecast_with_its_force():
    from reservoirs import datasets

    data = datasets.oscillator(1500, eta=0.1, force="hold", random_state=0)
    s, F = data.x[:, None], data.force[:, None]
    model = NVARRegressor(n_delays=2, degree=1, alpha=1e-18).fit(*next_step(s[:1000], F))

    assert_allclose(model.forecast(400, exog=F[999:1399]), s[1000:1400], atol=1e-8)


def lorenz(n_steps, start):
    def slope(t, z):
        x, y, w = z
        return [10 * (y - x), x * (28 - w) - y, x * y - 8 / 3 * w]

    t = 0.025 * np.arange(n_steps)
    found = solve_ivp(slope, (0, t[-1]), start, method="DOP853", t_eval=t, rtol=1e-10, atol=1e-10)
    return found.y.T


def test_noise_tolerance_keeps_accurate_lorenz_data_from_diverging():
    model = NVARRegressor(n_delays=2, degree=2, alpha=1e-10, noise=3e-5)
    errors = []
    for start in np.random.default_rng(0).uniform((-10, -10, 15), (10, 10, 35), size=(10, 3)):
        series = lorenz(845, start)[400:]  # short: every processor rounds chaos differently
        train, test = series[:401], series[401:]
        free = clone(model).fit(*next_step(train)).forecast(44)
        errors.append(np.sqrt(np.mean((free - test) ** 2) / series.var(axis=0).sum()))

    assert np.isfinite(errors).all()
    assert np.median(errors) <= 8e-4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NVAR(degree=0).fit(X), "'degree' parameter|degree must be"),
        (lambda: NVAR(degree=(1, 0)).fit(X), "degree must be an integer >= 1"),
        (lambda: NVARRegressor(n_delays=99).fit(X, X), r"\* stride = 98 rows, got one of 60"),
        (lambda: NVARRegressor().fit([X, X], [0.0, 1.0]), "targets per step"),
        (lambda: NVARRegressor(alpha=[1.0, -1.0]).fit(X, X), "remove negative and non-finite"),
        (lambda: NVARRegressor(alpha=[]).fit(X, X), "alpha must be a number >= 0 or a 1-D grid"),
        (lambda: NVARRegressor().fit(1e200 * X, X), "too large for float64; standardise X"),
        (lambda: NVARRegressor().fit(X, X).predict(X, initial_state=X), "as context"),
        (lambda: NVARRegressor().fit(X, X).predict(X, return_state=True), "as context"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call()
