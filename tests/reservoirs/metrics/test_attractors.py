import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.ndimage import gaussian_filter1d
from scipy.stats import multivariate_normal

from reservoirs import datasets, metrics

RNG = np.random.default_rng(0)
TWO_RUNS = [metrics.attractor_divergence, metrics.spectrum_distance]


@pytest.fixture(scope="module")
def lorenz():
    about = {"method": "RK45", "tolerance": 1e-5, "random_state": 0}
    return datasets.lorenz63(3000, dt=0.05, n_series=2, **about)


def divergence_by_histogram(truth, run, n_bins):
    """Every bin, the empty ones too, in one dense table."""
    edges = [np.linspace(a, b, n_bins + 1) for a, b in zip(truth.min(0), truth.max(0), strict=True)]
    p, q = (np.histogramdd(rows, edges)[0] + 1e-5 for rows in (truth, run))
    p, q = p / p.sum(), q / q.sum()
    return np.sum(p * np.log(p / q))


def distance_by_frequency(truth, run, smoothing):
    distances = []
    for x, y in zip(truth.T, run.T, strict=True):
        p, q = (
            gaussian_filter1d(np.abs(np.fft.rfft((v - v.mean()) / v.std())) ** 2, smoothing)
            for v in (x, y)
        )
        distances.append(np.sqrt(1 - np.sum(np.sqrt(p / p.sum() * q / q.sum()))))
    return np.mean(distances)


@pytest.mark.parametrize("n_outputs", [1, 2, 3])
def test_the_divergence_is_that_of_a_dense_histogram(n_outputs):
    truth, run = RNG.normal(size=(400, n_outputs)), 1.2 * RNG.normal(size=(300, n_outputs))

    expected = divergence_by_histogram(truth, run, n_bins=7)

    assert_allclose(metrics.attractor_divergence(truth, run, n_bins=7), expected, rtol=1e-10)


def test_the_distance_is_that_of_its_definition():
    truth, run = RNG.normal(size=(2, 301, 3)).cumsum(axis=1)

    expected = distance_by_frequency(truth, run, 5.0)

    assert_allclose(metrics.spectrum_distance(truth, run, smoothing=5.0), expected, rtol=1e-9)


def test_runs_of_one_system_are_near_and_others_are_far(lorenz):
    ours, theirs = lorenz
    shuffled = RNG.permuted(theirs, axis=0)  # every variable by itself

    near, far = (metrics.attractor_divergence(ours, run) for run in (theirs, shuffled))
    assert metrics.attractor_divergence(ours, ours) == 0
    assert near < 0.3 * far

    near, far = (metrics.spectrum_distance(ours, run) for run in (theirs, shuffled))
    assert metrics.spectrum_distance(ours, ours) < 1e-6
    assert near < 0.1 * far


def test_the_order_of_rows_changes_no_occupation(lorenz):
    ours, theirs = lorenz

    expected = metrics.attractor_divergence(ours, theirs)

    assert_allclose(metrics.attractor_divergence(ours, RNG.permutation(theirs)), expected)


def test_from_six_dimensions_on_points_are_gaussians():
    truth = RNG.normal(size=(500, 6)) * np.arange(1, 7)
    shift = np.zeros(6)
    shift[2] = 2.0 * truth[:, 2].std()

    assert abs(metrics.attractor_divergence(truth, truth)) == 0
    # one blob of variance 1 + 1, moved by two: d^2 / (2 * 2)
    assert_allclose(metrics.attractor_divergence(truth, truth + shift), 1.0, atol=0.2)


def test_the_mixture_has_the_density_of_its_gaussians():
    from reservoirs.metrics.attractors import _log_density

    samples, centres = RNG.normal(size=(20, 6)), RNG.normal(size=(9, 6))

    expected = np.log(np.mean([multivariate_normal(c).pdf(samples) for c in centres], axis=0))

    assert_allclose(_log_density(samples, centres) - 3 * np.log(2 * np.pi), expected)


@pytest.mark.parametrize("n_angles", [1, 2])
def test_a_circle_has_one_dimension_and_a_torus_two(n_angles):
    angles = RNG.uniform(0, 2 * np.pi, (3000, n_angles))

    X = np.hstack([np.cos(angles), np.sin(angles)])

    assert_allclose(metrics.correlation_dimension(X), n_angles, atol=0.06)


def test_a_square_has_two_dimensions():
    assert_allclose(metrics.correlation_dimension(RNG.uniform(size=(3000, 2))), 2.0, atol=0.08)


def test_the_number_of_pairs_is_counted_one_by_one():
    X = RNG.normal(size=(60, 2)).repeat(6, axis=0) + 1e-3 * RNG.normal(size=(360, 2))
    distances = [np.linalg.norm(X[i] - X[j]) for i in range(360) for j in range(i) if i - j > 5]
    ordered = np.sort(distances)
    n = len(ordered)
    radii = np.geomspace(ordered[n // 1000], ordered[n // 100 - 1], 10)
    shares = [np.mean(distances <= r * (1 + 1e-12)) for r in radii]

    slope = np.polyfit(np.log(radii), np.log(shares), 1)[0]

    assert_allclose(metrics.correlation_dimension(X, n_excluded=5), slope, rtol=1e-9)


def test_the_dimension_of_lorenz_is_the_published_one(lorenz):
    dimension = metrics.correlation_dimension(lorenz[0], n_excluded=20, max_rows=4000)

    assert_allclose(dimension, 2.05, atol=0.06)  # Grassberger & Procaccia (1983): 2.05 +- 0.01


def test_rows_of_one_piece_do_not_count():
    slowly = np.cos(0.02 * np.arange(1200)[:, None] * [1.0, np.sqrt(2), np.sqrt(3)])

    assert metrics.correlation_dimension(slowly, n_excluded=100) > metrics.correlation_dimension(
        slowly
    )


@pytest.mark.parametrize("metric", TWO_RUNS)
def test_a_run_that_left_is_as_wrong_as_can_be(metric):
    truth = RNG.normal(size=(100, 2))
    worst = np.inf if metric is metrics.attractor_divergence else 1.0

    for run in (truth * np.nan, truth * np.inf):
        assert metric(truth, run) == worst
    assert metric(truth, np.full((100, 2), 1e300)) == worst


@pytest.mark.parametrize("metric", TWO_RUNS)
def test_what_cannot_be_compared_is_refused(metric):
    truth = RNG.normal(size=(100, 2))
    frame = pd.DataFrame(truth, columns=["x", "y"])

    for first, second, message in [
        (truth, truth[:, :1], "same shape|same outputs"),
        (truth[None], truth, "same shape|same outputs"),
        (truth * [1, 0], truth, "must change in every output"),
        (truth * np.nan, truth, "all finite"),
        (frame, frame[["y", "x"]], "columns in one order"),
        (truth, truth.astype(str), "text"),
    ]:
        with pytest.raises(ValueError, match=message):
            metric(first, second)


def test_settings_that_mean_nothing_are_refused():
    truth = RNG.normal(size=(100, 2))

    for call, message in [
        (lambda: metrics.attractor_divergence(truth, truth, n_bins=1), "n_bins must be"),
        (lambda: metrics.spectrum_distance(truth, truth, smoothing=-1.0), "smoothing must be"),
        (lambda: metrics.correlation_dimension(truth), "pairs of rows"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
