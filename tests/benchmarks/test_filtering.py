import numpy as np
import pytest

from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.protocols.filtering import profile
from benchmarks.tasks import TASKS, Task
from benchmarks.tasks.kinds import Filter

SMALL = {"n_units": 20, "alpha": 1e-8}


def run(data, method="esn", settings=SMALL, **about):
    task = Task("own", "A task of the test", lambda seed: data, **about)
    return evaluate(task, data, METHODS[method], settings, 0)


def run_task(task, method, settings=None):
    task = TASKS[task]
    return evaluate(task, task.data("test", 0), METHODS[method], settings or {}, 0)


def sums(n_rows=600):
    inputs = np.random.default_rng(0).uniform(size=(n_rows, 1))
    return Filter(inputs, 3.0 + 2.0 * inputs, n_train=300, n_valid=100, washout=10, warm_up=10)


def test_a_filter_is_scored_on_the_test_rows_only():
    data = sums()
    data.targets[300:400] = 1e6  # validation rows: neither learned from nor scored

    assert run(data).metrics["nmse"] < 1e-8


def test_symbols_are_decided_in_raw_units():
    symbols = np.random.default_rng(0).choice([-3.0, -1.0, 1.0, 3.0], size=(600, 1))
    data = Filter(10.0 * symbols + 1.0, symbols, 300, 100, metric="ser")

    assert run(data).metrics["ser"] == 0.0


def test_a_shift_register_remembers_as_much_as_it_is_long():
    u = np.random.default_rng(0).uniform(-1, 1, 5000)
    past = np.lib.stride_tricks.sliding_window_view(u, 21)[:, :0:-1]
    outputs = np.where(np.arange(20) < 7, past, np.random.default_rng(1).normal(size=past.shape))

    assert profile(past, outputs).sum() == pytest.approx(7.0)


def test_no_reservoir_remembers_more_than_it_has_units():
    assert (
        90
        < run_task("memory_capacity", "esn_cycle", {"topology": "cycle"}).metrics["capacity"]
        < 100
    )
    assert 30 < run_task("memory_capacity", "esn").metrics["capacity"] < 60
