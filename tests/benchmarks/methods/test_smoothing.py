import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from benchmarks.methods import smoothing
from benchmarks.methods.smoothing import SmoothedMap, fit_rows, smooth
from benchmarks.tasks import TASKS

RNG = np.random.default_rng(0)


def spiral(rows):
    x, y = rows.T
    return np.column_stack([0.9 * x - 0.3 * y + 0.1 * x * y, 0.3 * x + 0.9 * y])


def test_rows_are_those_that_a_general_minimiser_gives():
    noisy = RNG.normal(size=(6, 2))

    def cost(flat):
        rows = flat.reshape(noisy.shape)
        errors = rows[1:] - spiral(rows[:-1])
        return ((rows - noisy) ** 2).sum() + (errors**2).sum() / 0.5**2

    expected = minimize(cost, noisy.ravel(), method="BFGS", options={"gtol": 1e-9}).x

    rows = fit_rows(spiral, noisy, noisy, 0.5, n_iterations=30)

    assert_allclose(rows.ravel(), expected, atol=1e-4)


def test_the_derivative_is_that_of_the_map():
    rows = RNG.normal(size=(4, 2))
    expected = [[[0.9 + 0.1 * y, -0.3 + 0.1 * x], [0.3, 0.9]] for x, y in rows]

    values, slopes = smoothing._linearise(spiral, rows)

    assert_allclose(values, spiral(rows))
    assert_allclose(slopes, expected, atol=1e-6)


@pytest.mark.parametrize("size", [0.02, 0.3])
def test_a_smooth_series_loses_most_of_its_noise(size):
    t = 0.06 * np.arange(400)
    clean = np.column_stack([np.sin(t), np.cos(1.3 * t)])

    smoothed = smooth(clean + size * RNG.standard_normal(clean.shape))

    assert (smoothed - clean).std() < 0.4 * size
    assert_allclose(smooth(t[:, None]), t[:, None], atol=1e-4)


def test_the_map_forecasts_a_noisy_oscillator_from_where_it_truly_is(monkeypatch):
    monkeypatch.setattr(smoothing, "DEGREES", (1, 2))
    rows = np.empty((260, 2))
    rows[0] = 1.0, 0.0
    turn = np.array([[np.cos(0.1), np.sin(0.1)], [-np.sin(0.1), np.cos(0.1)]])
    for t in range(259):
        rows[t + 1] = turn @ rows[t]
    noisy = rows + 0.05 * RNG.standard_normal(rows.shape)

    model = SmoothedMap().fit(noisy[:159], noisy[1:160])
    ahead = model.forecast(60, context=noisy[:200], exog=None)

    assert np.abs(ahead - rows[200:]).max() < 0.2
    assert model.settings[0][0] == 1


def test_the_truth_of_noisy_rows_has_no_noise():
    split = TASKS["noise_10_lorenz63"].make(0)

    noise = (split.series - split.clean) / split.clean[:800].std(axis=0)

    assert_allclose(noise.std(axis=0), 0.1, rtol=0.1)
    assert split.truth is split.clean
    assert split.for_tuning().clean is None  # a search sees what is observed
