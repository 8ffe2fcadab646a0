import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from benchmarks.results import statistics


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(100):
        seeds = rng.normal(scale=1.0, size=12)
        samples = [seed + rng.normal(scale=0.5, size=20) for seed in seeds]
        low, high = statistics.interval(samples, statistic=np.mean)
        inside += low < 0.0 < high

    assert 85 <= inside <= 100


def test_seeds_are_resampled_whole_so_more_starts_do_not_narrow_an_interval_of_few_seeds():
    rng = np.random.default_rng(0)
    seeds = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    few = statistics.interval([seed + rng.normal(scale=0.1, size=5) for seed in seeds])
    many = statistics.interval([seed + rng.normal(scale=0.1, size=500) for seed in seeds])

    assert many[1] - many[0] > 0.5 * (few[1] - few[0])


def test_an_interval_of_one_number_is_that_number():
    assert statistics.interval([np.array([3.0])]) == (3.0, 3.0)


def test_pairs_are_compared_by_the_ratio_of_errors():
    rng = np.random.default_rng(0)
    a = np.exp(rng.normal(size=10))

    found = statistics.compare_pairs(a, 2.0 * a)

    assert_allclose([found.ratio, found.low, found.high], 2.0)
    assert found.p == pytest.approx(stats.wilcoxon(np.arange(1, 11)).pvalue)


def test_no_p_value_is_given_for_fewer_than_six_pairs():
    assert statistics.compare_pairs(np.ones(5), np.full(5, 2.0)).p is None
    assert statistics.compare_pairs(np.ones(6), np.full(6, 2.0)).p is not None


def test_equal_results_are_no_difference():
    found = statistics.compare_pairs(np.ones(8), np.ones(8))

    assert (found.ratio, found.p) == (1.0, 1.0)


def test_a_failure_is_worse_than_any_error():
    assert statistics.compare_pairs(np.ones(3), np.array([np.inf] * 3)).ratio > 1e10


def test_holms_correction_is_the_textbooks():
    assert_allclose(statistics.correct_holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])


def test_ranks_put_failures_last_and_test_only_with_enough_tasks():
    rng = np.random.default_rng(0)
    errors = np.column_stack([np.full(8, 1.0), np.full(8, 2.0), np.full(8, np.inf)])
    errors = errors * np.exp(rng.normal(scale=0.1, size=(8, 1)))

    found = statistics.rank_methods(["a", "b", "c"], errors)
    few = statistics.rank_methods(["a", "b", "c"], errors[:5])

    assert found.methods == ["a", "b", "c"]
    assert_allclose(found.ranks, [1, 2, 3])
    assert found.p == pytest.approx(stats.friedmanchisquare(*errors[:, :2].T, np.full(8, 9)).pvalue)
    assert found.pairs is not None
    assert few.p is None
    assert few.pairs is None


def test_a_profile_counts_the_tasks_within_a_factor_of_the_best():
    errors = np.array([[1.0, 2.0, np.inf], [4.0, 1.0, 1.0], [0.0, 0.0, 1.0]])

    found = statistics.performance_profile(errors, np.array([1.0, 3.0, 1e9]))

    assert_allclose(found, [[2 / 3, 2 / 3, 1 / 3], [2 / 3, 1, 1 / 3], [1, 1, 1 / 3]])
