import numpy as np
import pytest

from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.tasks import Task
from benchmarks.tasks.kinds import Attractor
from benchmarks.tuning import search as tuning

SMALL = {"n_units": 20, "alpha": 1e-8}


def run(data, method="esn", settings=SMALL, **about):
    task = Task("own", "A task of the test", lambda seed: data, **about)
    return evaluate(task, data, METHODS[method], settings, 0)


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
    squashed = np.tanh(raw[:, None])
    data = Attractor(
        squashed[:500], squashed[None, 500:600], squashed[None, 600:700], 50, metric="nrmse84"
    )

    error = run(data, settings={"n_units": 100, "alpha": 1e-12}).metrics["nrmse84"]

    assert error < 1e-3
