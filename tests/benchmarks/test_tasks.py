import dataclasses
import importlib.util

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.running import suites
from benchmarks.tasks import TASKS, Split, Task
from benchmarks.tasks.kinds import Filter

NAMES = [  # of single series; the other kinds are in test_kinds.py and test_memory.py
    name
    for name, task in TASKS.items()
    if issubclass(task.kind, Split)
    and not task.study
    and (name != "sunspots" or importlib.util.find_spec("statsmodels"))
]


SLOW = {"van_der_pol_mu1", "van_der_pol_mu5"}  # mu=0.5 is the same code


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in NAMES]
)
def test_a_task_has_the_rows_it_promises_and_repeats(name):
    split, again = TASKS[name].make(0), TASKS[name].make(0)

    assert len(split.series) > split.origin + split.horizons[-1]
    assert np.isfinite(split.series).all()
    assert_array_equal(split.series, again.series)
    assert split.washout < split.n_train


def test_a_task_whose_data_are_of_another_kind_is_refused():
    data = TASKS["narma10"].make(0)
    task = Task("own", "A filter that says it is a series", lambda seed: data)

    with pytest.raises(ValueError, match=r"'own' has kind Split.*write Task\(..., kind=Filter\)"):
        task.data("test", 0)
    assert dataclasses.replace(task, kind=Filter).data("test", 0) is data


@pytest.mark.skipif(importlib.util.find_spec("statsmodels") is None, reason="needs statsmodels")
def test_sunspots_stay_in_their_range():
    task, esn = TASKS["sunspots"], METHODS["esn"]

    outcomes = [evaluate(task, task.data("test", 0), esn, {}, seed) for seed in range(3)]

    assert [outcome.status for outcome in outcomes] == ["ok"] * 3
    assert np.median([outcome.metrics["free40"] for outcome in outcomes]) < 1.5  # the mean: 1.59


def test_a_decay_stops_the_force_at_the_origin():
    split = TASKS["oscillator_eta0.1_hold_decay"].make(0)

    assert np.abs(split.exog[: split.origin]).max() > 0.5
    assert_array_equal(split.exog[split.origin + 1 :], 0.0)


def test_another_force_begins_where_the_known_rows_end():
    split = TASKS["forced_hold_triple"].make(0)

    known, later = np.abs(split.exog[: split.origin]), np.abs(split.exog[split.origin :])
    noise = (split.series - split.clean).std() / split.scale
    assert known.max() <= 1 < 2.5 < later.max() <= 3
    assert noise == pytest.approx(0.05, rel=0.05)


def test_the_unidentifiable_task_says_so():
    assert "unidentifiable" in TASKS["oscillator_eta0.5_cos"].note
    assert TASKS["oscillator_eta0.1_cos"].note == ""


def test_a_system_of_dysts_runs_standardised_and_raw():
    pytest.importorskip("dysts")
    settings = {"bias_scaling": 1.0, "input_scaling": 0.1, "alpha": 1e-8, "n_units": 200}

    outcomes = {}
    for name in ("dysts_Lorenz", "dysts_Lorenz_raw"):
        task = TASKS[name]
        data = task.data("test", 0)
        outcomes[name] = evaluate(task, data, METHODS["esn"], settings, 0)

    assert data.n_train == 800
    assert len(data.series) == 1200
    assert outcomes["dysts_Lorenz"].metrics["smape"] < 5
    assert outcomes["dysts_Lorenz_raw"].metrics["smape"] < 200


def test_the_suite_of_all_tasks_leaves_out_hours_of_work():
    every = suites.load_suite("full").tasks

    assert not [name for name in every if name.startswith(("memory5", "race", "dysts"))]
    assert set(suites.load_suite("dysts").tasks) == {n for n in TASKS if n.startswith("dysts_")}
