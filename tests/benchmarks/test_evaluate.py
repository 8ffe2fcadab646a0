from dataclasses import replace

import numpy as np
import pytest

from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.tasks import TASKS, Task
from benchmarks.tasks.kinds import Filter

SMALL = {"n_units": 20, "alpha": 1e-8}


def run(data, method="esn", settings=SMALL, **about):
    task = Task("own", "A task of the test", lambda seed: data, **about)
    return evaluate(task, data, METHODS[method], settings, 0)


def test_published_settings_of_a_task_override_the_tuned_ones():
    inputs = np.random.default_rng(0).uniform(size=(600, 1))
    data = Filter(inputs, 2.0 * inputs, n_train=300, n_valid=100)

    outcome = run(data, settings={"n_units": 500}, fixed={"esn": {"n_units": 7}})

    assert outcome.costs["n_params_trained"] == 7 + 1 + 1


def test_data_of_no_kind_are_refused_with_those_there_are():
    with pytest.raises(ValueError, match="made a ndarray; data are one of Split, Filter"):
        evaluate(TASKS["sine_clean"], np.zeros(3), METHODS["mean"], {}, 0)


def test_a_probe_that_does_not_exist_is_refused_with_those_there_are():
    task = TASKS["sine_clean"]
    asking = replace(task, probes=("colour",))

    with pytest.raises(ValueError, match="asks for the probe 'colour'; there are kick, resonance"):
        evaluate(asking, task.make(0), METHODS["linear"], {}, 0)
