"""Free runs that are judged by the attractor they stay on."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.protocols.long_run import measure_long_run
from benchmarks.protocols.outcome import Outcome
from benchmarks.report import physics
from benchmarks.report.palette import Result
from benchmarks.results import tables
from benchmarks.tasks import Split, Task
from benchmarks.tasks.kinds import Attractor
from reservoirs.metrics import attractor_divergence, spectrum_distance

TIMES = 0.37 * np.arange(1200)
ORBIT = np.column_stack([np.cos(TIMES), 3.0 + np.sin(np.sqrt(2) * TIMES), np.sin(TIMES)])
METRICS = {"attractor_divergence", "spectrum_distance", "correlation_dimension", "true_dimension"}


class Replay:
    """A model that goes on with an orbit, wherever it starts."""

    def __init__(self, rows):
        self.rows = rows

    def forecast(self, n_steps, *, context, exog):
        assert exog is None
        return self.rows[:n_steps]


def test_a_long_run_is_compared_after_its_transient():
    truth, wrong = ORBIT[:800], ORBIT.copy()
    wrong[:200] = 50.0  # a fifth of 1000 steps
    outcome = Outcome()

    measure_long_run(Replay(wrong), ORBIT[:10], truth, outcome)

    expected = ORBIT[200:1000]
    assert METRICS < outcome.metrics.keys()
    assert outcome.metrics["long_run_lost"] == 0
    assert outcome.metrics["attractor_divergence"] == attractor_divergence(truth, expected)
    assert outcome.metrics["spectrum_distance"] == spectrum_distance(truth, expected)
    assert_allclose(
        outcome.metrics["correlation_dimension"], outcome.metrics["true_dimension"], 0.1
    )


def test_a_run_that_diverged_is_lost():
    outcome = Outcome()

    measure_long_run(Replay(np.full((1000, 3), np.nan)), ORBIT[:10], ORBIT[:800], outcome)

    assert outcome.metrics["long_run_lost"] == 1
    assert outcome.metrics["attractor_divergence"] == np.inf
    assert outcome.metrics["spectrum_distance"] == 1


def starts():
    pieces = np.stack([ORBIT[i : i + 80] for i in (3, 50, 91)])
    return Attractor(ORBIT[:500], pieces[:2], pieces[2:], 30, washout=20, long_run=ORBIT[400:])


def series():
    return Split(ORBIT[:500], n_train=300, n_valid=100, horizons=(50,), long_run=ORBIT[400:])


@pytest.mark.parametrize("make", [starts, series])
def test_both_protocols_measure_the_attractor_and_tuning_does_not(make):
    data = make()
    task = Task("own", "A task of the test", lambda seed: data, kind=type(data))

    tested, tuned = (evaluate(task, d, METHODS["linear"], {}, 0) for d in (data, data.for_tuning()))
    without = evaluate(task, replace(data, long_run=None), METHODS["linear"], {}, 0)

    assert METRICS < tested.metrics.keys()
    still = evaluate(task, data, METHODS["persistence"], {}, 0).metrics["attractor_divergence"]
    assert tested.metrics["attractor_divergence"] < 0.3 * still
    assert not METRICS & (tuned.metrics.keys() | without.metrics.keys())
    assert without.metrics.items() <= tested.metrics.items()


def test_records_that_measured_no_attractor_are_no_failures():
    old = {
        "task": "lorenz63",
        "method": "esn",
        "status": "ok",
        "reason": "",
        "metrics": {"vpt": 5.0},
    }
    new = {**old, "metrics": {"vpt": 6.0, "attractor_divergence": 0.5, "true_dimension": 2.05}}
    killed = {**old, "status": "killed", "metrics": {}}

    (row,) = tables.summarise([old, new])
    (worse,) = tables.summarise([old, new, killed, killed])

    assert row.metrics["attractor_divergence"] == (0.5, 0.5, 0.5)
    assert worse.metrics["attractor_divergence"][0] == np.inf
    assert tables.metric_names([old, new]) == ["attractor_divergence", "vpt"]


def test_the_climate_is_drawn_of_long_runs_and_of_forecasts_where_there_are_none():
    record = {"task": "lorenz63", "method": "esn", "status": "ok", "metrics": {"vpt": 5.0}}
    (row,) = tables.summarise([record])
    old = {"samples": np.ones(2), "error": np.ones(2)}
    old |= {"truth": ORBIT[:300], "prediction": ORBIT[:300]}
    new = {**old, "long_truth": ORBIT, "long_run": ORBIT}

    for arrays, n_rows in ((old, 300), (new, 1200)):
        figure = physics.climate([Result(row, [record], [arrays])], "title")
        peaks = figure.axes[2].lines[0].get_xdata()
        assert n_rows / 20 < len(peaks) < n_rows / 10  # a maximum every 17 rows
