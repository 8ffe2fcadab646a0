import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.tasks import TASKS
from benchmarks.tasks.kinds import Attractor, Filter, Labelled


def drawn(task):
    data = TASKS[task].data("test", 0)
    return {f.name: getattr(data, f.name) for f in dataclasses.fields(data)}


@pytest.mark.parametrize("name", ["narma10", "channel_24db", "lorenz63_ngrc_rk23", "digits_rows"])
def test_a_task_repeats_and_differs_between_seeds(name):
    first, again = drawn(name), drawn(name)

    for key, value in first.items():
        assert_array_equal(np.asarray(value), np.asarray(again[key]))
    other = TASKS[name].data("test", 1)
    assert any(not np.array_equal(value, getattr(other, key)) for key, value in first.items())


def test_tuning_a_filter_sees_no_test_row():
    inputs = np.zeros((600, 1))
    inputs[400:] = np.nan

    seen = Filter(inputs, np.zeros((600, 1)), n_train=300, n_valid=100).for_tuning()

    assert np.isfinite(seen.inputs).all()
    assert seen.rows == [300, 400]


def test_tuning_an_attractor_forecasts_from_other_starts():
    data = Attractor(
        np.zeros((9, 1)), np.zeros((2, 5, 1)), np.ones((1, 5, 1)), 3, states=np.zeros((2, 1))
    )

    seen = data.for_tuning()

    assert_array_equal(seen.test_starts, data.tuning_starts)
    assert seen.states is None


def labelled():
    series = [np.full((5 + i % 3, 1), float(i % 2)) for i in range(40)]
    labels = np.arange(40) % 2
    return Labelled(series[:30], labels[:30], series[30:], labels[30:], seed=0)


def test_tuning_labels_holds_out_training_series():
    seen = labelled().for_tuning()

    assert len(seen.train) + len(seen.test) == 30
    assert {series.shape for series in seen.test} <= {(5, 1), (6, 1), (7, 1)}
    assert_allclose(np.mean(seen.test_labels), 0.5, atol=0.1)


NAMES = ["sine_clean", "narma10", "lorenz63_ngrc_rk23", "digits_rows", "addition_80", "race_sine"]


@pytest.mark.parametrize("name", NAMES)
def test_data_of_every_kind_say_how_large_they_are_and_what_tuning_goes_by(name):
    data = TASKS[name].data("test", 0)

    assert data.rows[0] == data.n_train > 0
    assert data.main_metric
    assert data.washout >= 0
    assert data.n_monitored >= 0
