import numpy as np
import pytest

from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.tasks import Task
from benchmarks.tasks.kinds import Labelled

SMALL = {"n_units": 20, "alpha": 1e-8}


def run(data, method="esn", settings=SMALL, **about):
    task = Task("own", "A task of the test", lambda seed: data, **about)
    return evaluate(task, data, METHODS[method], settings, 0)


def labelled():
    series = [np.full((5 + i % 3, 1), float(i % 2)) for i in range(40)]
    labels = np.arange(40) % 2
    return Labelled(series[:30], labels[:30], series[30:], labels[30:], seed=0)


def test_series_are_labelled():
    outcome = run(labelled())

    assert outcome.metrics == {"accuracy": 1.0, "error_rate": 0.0}


def test_minirocket_labels_ragged_series():
    pytest.importorskip("sktime")
    data = labelled()

    outcome = run(data, "minirocket", {})

    assert outcome.metrics["accuracy"] == 1.0
    assert outcome.costs["n_params_trained"] > 1000
