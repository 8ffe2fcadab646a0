"""Attractors that are learned from a short context."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.methods import context
from benchmarks.methods.context import ContextSearch
from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.tasks import TASKS, Task
from benchmarks.tasks.kinds import Reconstruction
from benchmarks.tasks.reconstruction import DEMOS

TIMES = 0.37 * np.arange(1400)
ORBIT = np.column_stack([np.cos(TIMES), 3.0 + np.sin(np.sqrt(2) * TIMES)])
PUBLISHED = {"demo_lorenz": "0.80", "demo_chua": "2.21", "demo_sprott_m": "3.32"}


@pytest.fixture
def data():
    return Reconstruction(ORBIT[:200], ORBIT[200:1200], transient=0.1)


def run(data, method, settings=None):
    task = Task("own", "A task of the test", lambda seed: data, kind=Reconstruction)
    return evaluate(task, data, METHODS[method], settings or {}, 0)


def test_a_free_run_from_the_end_of_the_context_is_judged(data):
    esn, still = run(data, "esn", {"n_units": 50, "alpha": 1e-8}), run(data, "persistence")

    assert esn.status == "ok"
    for name in ("attractor_divergence", "spectrum_distance", "mase10"):
        assert esn.metrics[name] < 0.3 * still.metrics[name]
    assert esn.arrays["prediction"].shape == (1000, 2)


def test_tuning_sees_the_context_alone(data):
    tuning = data.for_tuning()

    assert_array_equal(np.vstack([tuning.context, tuning.truth]), data.context)


def test_the_search_inside_a_context_prefers_what_keeps_to_it(data, monkeypatch):
    monkeypatch.setattr(context, "POLYNOMIALS", [(1, 2, 1e-2), (2, 2, 1e-8)])
    monkeypatch.setattr(context, "N_NETWORKS", 1)

    model = ContextSearch(0).fit(data.context[:-1], data.context[1:])

    assert model.model.get_params()["n_delays"] == 2  # two delays of a sine determine the next
    assert_allclose(model.forecast(20, context=data.context, exog=None), data.truth[:20], atol=0.1)


def test_demonstrations_are_as_long_as_those_of_dynamix_and_name_its_figures():
    for name, (_, velocity, _, n_context, figures) in DEMOS.items():
        task = TASKS[name]
        assert figures.startswith(PUBLISHED[name]) and "zero-shot" in task.note
        assert n_context in (2000, 1028, 512)
        assert len(velocity(0.0, np.ones(3))) == 3


@pytest.mark.parametrize("name", DEMOS)
def test_a_demonstration_moves_about_a_fixed_point_that_is_one(name):
    fixed = {
        "demo_lorenz": [np.sqrt(72.0), np.sqrt(72.0), 27.0],
        "demo_chua": [1.5, 0.0, -1.5],
        "demo_sprott_m": [(-1.7 - np.sqrt(1.7**2 - 4 * -1.7)) / -2, 0.0, 0.0],
    }[name]
    velocity = DEMOS[name][1]
    if name == "demo_sprott_m":
        x = fixed[0]
        fixed = [x, -(x**2), 0.0]

    assert_allclose(velocity(0.0, np.array(fixed)), 0.0, atol=1e-12)
