import dataclasses
import importlib.util

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.methods.baselines import Linear
from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.running import suites
from benchmarks.tasks import TASKS, Simulation, Split, Task
from benchmarks.tasks.kinds import Filter

NAMES = [  # of single series; the other kinds are in test_kinds.py and test_memory.py
    name
    for name, task in TASKS.items()
    if issubclass(task.kind, Split)
    and not task.study
    and (name != "sunspots" or importlib.util.find_spec("statsmodels"))
]


@pytest.mark.parametrize("name", NAMES)
def test_a_task_has_the_rows_it_promises_and_repeats(name):
    split, again = TASKS[name].make(0), TASKS[name].make(0)

    assert len(split.series) > split.origin + split.horizons[-1]
    assert np.isfinite(split.series).all()
    assert_array_equal(split.series, again.series)
    assert split.washout < split.n_train


@pytest.mark.parametrize("name", ["sine_clean", "oscillator_eta0.1_multi", "lagged_sine"])
def test_tuning_sees_no_test_row(name):
    split = TASKS[name].make(0)
    hidden = dataclasses.replace(split, series=split.series.copy())
    hidden.series[split.n_train + split.n_valid :] = np.nan

    seen = hidden.for_tuning()

    assert np.isfinite(seen.series).all()
    assert seen.n_train + seen.horizons[-1] == len(seen.series)


def test_standardising_uses_training_rows_only():
    split = TASKS["oscillator_eta0.1_multi"].make(0)
    standard = split.standardised()

    assert_allclose(standard.series[: split.n_train].mean(), 0.0, atol=1e-12)
    assert_allclose(standard.series[: split.n_train].std(), 1.0)
    assert_allclose(standard.scale, 1.0)


def test_a_task_whose_data_are_of_another_kind_is_refused():
    data = TASKS["narma10"].make(0)
    task = Task("own", "A filter that says it is a series", lambda seed: data)

    with pytest.raises(ValueError, match=r"'own' has kind Split.*write Task\(..., kind=Filter\)"):
        task.data("test", 0)
    assert dataclasses.replace(task, kind=Filter).data("test", 0) is data


def test_a_simulation_needs_its_known_inputs():
    with pytest.raises(ValueError, match="driven by exog, got None"):
        Simulation(np.zeros((10, 1)), n_train=5)


def test_data_of_no_kind_are_refused_with_those_there_are():
    with pytest.raises(ValueError, match="made a ndarray; data are one of Split, Filter"):
        evaluate(TASKS["sine_clean"], np.zeros(3), METHODS["mean"], {}, 0)


def test_a_decay_stops_the_force_at_the_origin():
    split = TASKS["oscillator_eta0.1_hold_decay"].make(0)

    assert np.abs(split.exog[: split.origin]).max() > 0.5
    assert_array_equal(split.exog[split.origin + 1 :], 0.0)


def test_the_unidentifiable_task_says_so():
    assert "unidentifiable" in TASKS["oscillator_eta0.5_cos"].note
    assert TASKS["oscillator_eta0.1_cos"].note == ""


@pytest.mark.parametrize(
    ("task", "method", "bound"),
    [
        ("sine_clean", "linear", 1e-10),
        ("sine_clean", "sinusoid", 1e-10),
        ("sine_clean", "persistence", 3.0),
        ("sine_clean", "mean", 1.1),
        ("oscillator_eta0.1_hold", "linear", 1e-9),
        ("oscillator_eta0.1_hold", "exact", 1e-12),
        ("oscillator_eta0.1_hold_simulation", "exact", 1e-5),
        ("oscillator_eta0.1_hold_decay", "exact", 1e-10),
        ("sine_noisy_0.1", "sinusoid", 0.02),
    ],
)
def test_a_control_is_as_good_as_it_must_be(task, method, bound):
    split = TASKS[task].make(0)

    outcome = evaluate(TASKS[task], split, METHODS[method], {}, 0)

    assert outcome.status == "ok"
    assert outcome.metrics[split.main_metric] < bound


def test_the_linear_control_finds_the_order_of_the_oscillator():
    split = TASKS["oscillator_eta0.1_multi"].make(0).standardised()

    model = Linear().fit(*split.examples(split.n_train))

    assert model.n_lags == 2


def test_the_linear_fit_of_the_noisy_notes_series_nears_its_floor():
    task = TASKS["lagged_sine_noisy"]

    errors = [
        evaluate(task, task.make(seed), METHODS["linear"], {}, 0).metrics["one_step_mse"]
        for seed in range(5)
    ]

    assert 0.30 < np.median(errors) < 0.45


def test_an_esn_reaches_the_published_level_on_the_clean_sine():
    task, settings = TASKS["sine_clean"], {"input_scaling": 0.1, "leak_rate": 0.5, "alpha": 1e-14}

    outcome = evaluate(task, task.make(0), METHODS["esn"], settings, 0)

    assert outcome.metrics["free1000"] < 1e-6
    assert outcome.costs["n_params_trained"] == 102
    assert set(outcome.costs) >= {"t_compile", "t_fit", "t_predict", "n_params_total"}


def test_a_diverging_method_is_a_result_with_a_reason():
    task, settings = TASKS["sine_clean"], {"input_scaling": 2.0, "alpha": 0.0, "n_units": 900}
    noisy = dataclasses.replace(
        task.make(0), series=np.random.default_rng(0).normal(size=(2601, 1))
    )

    outcome = evaluate(task, noisy, METHODS["esn"], settings, 0)

    assert outcome.status == "diverged"
    assert "left the range" in outcome.reason


def test_controls_need_what_they_ask_for():
    assert METHODS["exact"].refusal(TASKS["sine_clean"])
    assert METHODS["sinusoid"].refusal(TASKS["oscillator_eta0.1_cos"])
    assert METHODS["persistence"].refusal(TASKS["oscillator_eta0.1_cos_simulation"])
    assert all(not method.tuned for method in METHODS.values() if method.kind == "baseline")


def test_a_system_of_dysts_runs_standardised_and_raw():
    pytest.importorskip("dysts")
    settings = {"bias_scaling": 1.0, "input_scaling": 0.1, "alpha": 1e-8, "n_units": 200}

    found = {}
    for name in ("dysts_Lorenz", "dysts_Lorenz_raw"):
        task = TASKS[name]
        data = task.data("test", 0)
        found[name] = evaluate(task, data, METHODS["esn"], settings, 0)

    assert data.n_train == 800
    assert len(data.series) == 1200
    assert found["dysts_Lorenz"].metrics["smape"] < 5
    assert found["dysts_Lorenz_raw"].metrics["smape"] < 200


def test_the_suite_of_all_tasks_leaves_out_hours_of_work():
    every = suites.load("full").tasks

    assert not [name for name in every if name.startswith(("memory5", "race", "dysts"))]
    assert set(suites.load("dysts").tasks) == {n for n in TASKS if n.startswith("dysts_")}
