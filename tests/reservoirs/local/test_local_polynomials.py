"""Polynomials of windows: a map, and a law of all sites."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from reservoirs import LocalForecaster, NVARRegressor, load, next_step, save
from reservoirs.compiled import product_loops
from reservoirs.datasets import lorenz96
from reservoirs.local.polynomials import choose_features, influences
from reservoirs.nvar.products import as_products

FIELD = lorenz96(300, n_units=8, dt=0.05, transient=10.0, random_state=0, method="DOP853")
FINE = lorenz96(300, n_units=8, dt=0.01, transient=10.0, random_state=2)
LAW = NVARRegressor(form="rate", dt=0.05, order=20, alpha=0)
MAP = NVARRegressor(n_terms=120, degree=3)


def local(estimator, **settings):
    return LocalForecaster(estimator, patch=1, halo=2, random_state=0, **settings)


@pytest.fixture(scope="module")
def law():
    return local(LAW).fit(FIELD[:200])


def test_the_law_of_lorenz_96_is_found(law):
    features = law.model_.features
    C = dict(zip(features.exponents, law.model_.coefficients[0] / features.sizes, strict=True))

    # x' = (x_{i+1} - x_{i-2}) x_{i-1} - x + F; the window is i-2 to i+2
    scale = law.units_.scale[0]
    assert_allclose(C[1, 3] / scale, 1.0, atol=1e-5)
    assert_allclose(C[0, 1] / scale, -1.0, atol=1e-5)
    assert_allclose(C[2,], -1.0, atol=1e-4)
    assert max(abs(C[k, k]) for k in range(5)) < 1e-5
    assert_allclose(law.forecast(40, context=FIELD[200:201]), FIELD[201:241], atol=0.01)


def test_the_law_is_that_of_one_series_a_patch(law):
    windows = [FIELD[:200, np.arange(i - 2, i + 3) % 8] for i in range(8)]
    rows = [law.units_.standardised(window.ravel()).reshape(-1, 5) for window in windows]
    plain = clone(LAW)

    # what every window shows of its middle site, the middle first
    order = [2, 0, 1, 3, 4]
    plain.fit([w[:-1, order] for w in rows], [w[1:, order[:1]] for w in rows])

    found = law.model_.coefficients[0] / law.model_.features.sizes
    exponents = [tuple(sorted(order[k] for k in e)) for e in plain.features_.exponents_]
    theirs = dict(zip(exponents, plain.coef_[0], strict=True))
    for index, coefficient in zip(law.model_.features.exponents, found, strict=True):
        assert_allclose(coefficient, theirs[index], atol=1e-6)


@pytest.mark.parametrize("component_tol", [0.02, 0.0])
def test_a_map_forecasts_a_few_steps(component_tol):
    model = local(MAP, component_tol=component_tol).fit(FINE[:250])

    assert_allclose(model.forecast(6, context=FINE[250:251]), FINE[251:257], atol=0.05)
    assert model.loop_errors_[:, 0].max() < 0.05


@pytest.mark.filterwarnings("ignore:closed loops from training rows are lost:UserWarning")
def test_a_map_of_one_patch_is_the_plain_model():
    narrow = FINE[:, :3]
    plain = NVARRegressor(n_delays=1, degree=2, alpha=1e-6)

    whole = LocalForecaster(
        plain, patch=3, halo=0, component_tol=0, noise=0.0, max_rows=10**6, random_state=0
    ).fit(narrow)

    rows = whole.units_.standardised(narrow)
    X, y = next_step((rows - rows[:-1].mean(axis=0)) / rows[:-1].std(axis=0))
    expected = clone(plain).fit(X, y * rows[:-1].std(axis=0) + rows[:-1].mean(axis=0))
    ahead = whole.units_.standardised(whole.predict(narrow[:20]))
    assert_allclose(ahead, expected.predict(X[:20]), atol=1e-6)


def test_a_map_of_readouts_of_their_own_and_a_shifted_field():
    own = local(MAP, shared=False).fit(FINE)
    shared = local(MAP, target="difference").fit(FINE)

    assert own.model_.coefficients.shape[0] == 8
    ahead = shared.forecast(5, context=FINE[:5])
    shifted = shared.forecast(5, context=np.roll(FINE[:5], 3, axis=1))
    assert_allclose(np.roll(ahead, 3, axis=1), shifted, atol=1e-10)


def test_a_law_forecasts_a_wider_ring(law):
    wide = lorenz96(12, n_units=20, dt=0.05, transient=10.0, random_state=1, method="DOP853")

    ahead = law.forecast(10, context=wide[:2], grid_shape=(20,))

    assert_allclose(ahead, wide[2:], atol=0.01)


@pytest.mark.parametrize("kind", ["law", "map"])
def test_files_keep_it(kind, law, tmp_path):
    model = law if kind == "law" else local(MAP).fit(FINE)
    save(model, tmp_path / "model")

    assert_array_equal(load(tmp_path / "model").forecast(5), model.forecast(5))


def test_products_by_their_sizes():
    exponents = [(0,), (1,), (0, 0), (0, 1), (0, 0, 1)]
    v, products = np.random.default_rng(0).standard_normal((6, 2)), as_products(exponents)
    sizes = np.arange(1.0, 6.0)

    scales = np.where(products.parents < 0, 1, sizes[products.parents]) / sizes
    z = product_loops.multiply(v, products.parents, products.variables, scales)

    assert_allclose(z, products.evaluate(v) / sizes, rtol=1e-14)


def test_slaved_components_are_cut_and_columns_matter_by_what_they_tell():
    rng = np.random.default_rng(0)
    windows = rng.standard_normal((500, 3)) * [1.0, 0.1, 1e-3]
    changes = windows[:, :1] * windows[:, 1:2]

    few = choose_features(NVARRegressor(degree=1), windows, changes, 0.02)
    matter = influences(windows / windows.std(axis=0), changes)

    assert few.directions.shape == (3, 2)
    assert matter[2] < 1e-6 * matter[0]
    assert_allclose(matter[0], matter[1], rtol=0.1)


@pytest.mark.parametrize(
    ("estimator", "settings", "match"),
    [
        (NVARRegressor(n_delays=2), {}, "estimator has n_delays=2; leave it at None"),
        (NVARRegressor(noise=0.1), {}, "estimator has noise=0.1"),
        (NVARRegressor(alpha="closed_loop"), {}, "a number or a grid"),
        (NVARRegressor(n_terms=5, degree=(1, 3)), {}, "pass degree as a number"),
        (NVARRegressor(form="rate", order=3), {}, "order must be an even number"),
        (LAW, {"shared": False}, "one law for all patches"),
    ],
)
def test_what_cannot_be_is_refused(estimator, settings, match):
    with pytest.raises(ValueError, match=match):
        local(estimator, **settings).fit(FIELD)


def test_a_map_learns_no_chunks():
    with pytest.raises(ValueError, match="chooses its features from all rows: use fit"):
        local(MAP).partial_fit(FIELD)
