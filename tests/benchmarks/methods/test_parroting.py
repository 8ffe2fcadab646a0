import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.methods.parroting import Parroting
from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS

RNG = np.random.default_rng(0)


def fitted(series):
    return Parroting().fit(series[:-1], series[1:])


def test_a_cycle_is_repeated_for_ever():
    series = np.tile(RNG.normal(size=(25, 2)), (8, 1))

    ahead = fitted(series[:100]).forecast(90, context=series[60:75], exog=None)

    assert_array_equal(ahead, series[75:165])


def test_the_nearest_rows_are_those_of_a_search_one_by_one():
    series, context = RNG.normal(size=(60, 2)), RNG.normal(size=(12, 2))
    distances = {
        end: ((series[end - 10 : end] - context[-10:]) ** 2).sum() for end in range(10, 56)
    }
    end = min(distances, key=distances.get)

    ahead = fitted(series).forecast(5, context=context, exog=None)

    assert_array_equal(ahead, series[end : end + 5])


def test_a_context_that_is_longer_than_the_training_rows_is_the_past():
    series = RNG.normal(size=(80, 1))
    series[70:] = series[40:50]

    ahead = fitted(series[:30]).forecast(8, context=series, exog=None)

    assert_array_equal(ahead, series[50:58])


def test_one_step_is_what_followed_every_row():
    series = np.tile(RNG.normal(size=(25, 1)), (8, 1))

    ahead = fitted(series[:100]).predict(series[140:160], context=series[100:140])

    assert_allclose(ahead, series[141:161])


def test_it_stands_beside_persistence_where_there_is_chaos_alone():
    method = METHODS["parroting"]

    assert not any(method.refusal(TASKS[name]) for name in ("lorenz63", "mackey_glass17", "ks_22"))
    assert "control of forecasts of chaos" in method.refusal(TASKS["sine_clean"])
