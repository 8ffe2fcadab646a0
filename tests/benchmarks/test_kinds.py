import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.tasks import TASKS
from benchmarks.tasks.base import Task
from benchmarks.tasks.kinds import Attractor, Filter, Labelled
from benchmarks.tuning import search as tuning

RNG = np.random.default_rng(0)
SMALL = {"n_units": 20, "alpha": 1e-8}


def run(data, method="esn", settings=SMALL, **about):
    task = Task("own", "A task of the test", lambda seed: data, **about)
    return evaluate(task, data, METHODS[method], settings, 0)


def drawn(task):
    data = TASKS[task].data("test", 0)
    return {f.name: getattr(data, f.name) for f in dataclasses.fields(data)}


@pytest.mark.parametrize("name", ["narma10", "channel_24db", "lorenz63_ngrc", "digits_rows"])
def test_a_task_repeats_and_differs_between_seeds(name):
    first, again = drawn(name), drawn(name)

    for key, value in first.items():
        assert_array_equal(np.asarray(value), np.asarray(again[key]))
    other = TASKS[name].data("test", 1)
    assert any(not np.array_equal(value, getattr(other, key)) for key, value in first.items())


def test_test_and_tuning_draw_different_data():
    task = TASKS["narma10"]

    assert np.abs(task.data("test", 0).inputs - task.data("tuning", 0).inputs).max() > 0.1
    assert task.model_seed("test", 0) != task.model_seed("tuning", 0)


def sums(n_rows=600):
    inputs = RNG.uniform(size=(n_rows, 1))
    return Filter(inputs, 3.0 + 2.0 * inputs, n_train=300, n_valid=100, washout=10, warm_up=10)


def test_a_filter_is_scored_on_the_test_rows_only():
    data = sums()
    data.targets[300:400] = 1e6  # validation rows: neither learned from nor scored

    assert run(data).metrics["nmse"] < 1e-8


def test_tuning_a_filter_sees_no_test_row():
    data = sums()
    data.inputs[400:] = np.nan

    seen = data.for_tuning()

    assert np.isfinite(seen.inputs).all()
    assert seen.rows == [300, 400]


def test_symbols_are_decided_in_raw_units():
    symbols = RNG.choice([-3.0, -1.0, 1.0, 3.0], size=(600, 1))
    data = Filter(10.0 * symbols + 1.0, symbols, 300, 100, metric="ser")

    assert run(data).metrics["ser"] == 0.0


def circles(scaled=True):
    t = 0.2 * np.arange(500)
    series = np.column_stack([5.0 + np.cos(t), 2.0 * np.sin(t)])
    starts = np.stack([series[i : i + 80] for i in (3, 50, 91)])
    return Attractor(
        series, starts[:2], starts[2:], warm_up=30, time=0.5, scaled=scaled, washout=20
    )


@pytest.mark.parametrize("scaled", [True, False])
def test_a_perfect_forecast_is_valid_to_the_end(scaled):
    outcome = run(circles(scaled), "linear", {})

    assert outcome.metrics["vpt"] == outcome.metrics["vpt_median"] == 50 * 0.5
    assert outcome.metrics["lost"] == 0


def test_a_useless_forecast_is_valid_for_no_time():
    assert run(circles(), settings={"n_units": 5, "alpha": 1e9}).metrics["vpt"] < 5.0


def test_a_search_does_not_prefer_a_forecast_that_is_never_valid():
    data = circles()
    task = Task("own", "A task of the test", lambda seed: data, larger_is_better=True)
    never = {"n_units": 5, "alpha": 1e12, "input_scaling": 0.0}

    scores = [tuning.score(task, data, METHODS["esn"], s, 0) for s in (SMALL, never)]

    assert scores[0] < scores[1]


def test_the_error_after_84_steps_is_in_units_before_squashing():
    t = 0.2 * np.arange(800)
    raw = 0.5 * np.sin(t)
    data = Attractor(
        np.tanh(raw[:500, None]), np.tanh(raw[None, 500:600, None]),
        np.tanh(raw[None, 600:700, None]), warm_up=50, metric="nrmse84",
    )  # fmt: skip

    found = run(data, settings={"n_units": 100, "alpha": 1e-12}).metrics["nrmse84"]

    assert found < 1e-3


def test_tuning_an_attractor_forecasts_from_other_starts():
    data = circles()

    assert_array_equal(data.for_tuning().test_starts, data.tuning_starts)


def labelled():
    series = [np.full((5 + i % 3, 1), float(i % 2)) for i in range(40)]
    labels = np.arange(40) % 2
    return Labelled(series[:30], labels[:30], series[30:], labels[30:], seed=0)


def test_series_are_labelled():
    outcome = run(labelled())

    assert outcome.metrics == {"accuracy": 1.0, "error_rate": 0.0}


def test_tuning_labels_holds_out_training_series():
    seen = labelled().for_tuning()

    assert len(seen.train) + len(seen.test) == 30
    assert {series.shape for series in seen.test} <= {(5, 1), (6, 1), (7, 1)}
    assert_allclose(np.mean(seen.test_labels), 0.5, atol=0.1)


def test_published_settings_of_a_task_override_the_tuned_ones():
    outcome = run(sums(), settings={"n_units": 500}, fixed={"esn": {"n_units": 7}})

    assert outcome.costs["n_params_trained"] == 7 + 1 + 1
