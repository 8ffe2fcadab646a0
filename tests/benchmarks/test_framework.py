"""The scores of the Common Task Framework on own data."""

import numpy as np
import pytest

from benchmarks.methods.framework import Network
from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.protocols.framework import score
from benchmarks.tasks import TASKS
from benchmarks.tasks.framework import BETWEEN, LEARNED, Framework, Pair

TRUTH = np.random.default_rng(0).normal(size=(1000, 3))


@pytest.mark.parametrize("what", ["short", "all", "long"])
def test_the_truth_scores_a_hundred_and_what_left_the_worst(what):
    assert score(what, TRUTH, TRUTH) == 100
    assert score(what, TRUTH, TRUTH * np.nan) == -100
    assert score(what, TRUTH, 1e9 * TRUTH) < -90


def test_zeros_score_nothing():
    assert score("short", TRUTH, 0 * TRUTH) == score("all", TRUTH, 0 * TRUTH) == 0


def test_only_the_rows_that_a_score_is_of_count():
    late, early = TRUTH.copy(), TRUTH.copy()
    late[20:] = 0.0
    early[:500] = 0.0

    assert score("short", TRUTH, late) == score("long", TRUTH, early) == 100
    assert score("short", TRUTH, early) == 0 > score("long", TRUTH, late)


def test_all_twelve_are_measured_and_averaged():
    few = TRUTH[:60]
    pairs = [Pair({"short": f"e{k}"}, [few], few) for k in range(1, 13)]
    data = Framework(pairs)

    outcome = evaluate(TASKS["ctf_lorenz"], data, METHODS["ctf_zero"], {}, 0)

    assert outcome.metrics == {"average": 0.0, **{f"e{k}": 0.0 for k in range(1, 13)}}
    assert "own data" in TASKS["ctf_lorenz"].title


def test_a_model_of_several_parameters_forecasts_another():
    def wave(frequency, n_rows):
        return np.column_stack([np.cos(t := frequency * np.arange(n_rows)), np.sin(t)])

    learned = [wave(0.01 * rho, 200) for rho in LEARNED]
    rows = wave(0.01 * BETWEEN, 130)
    pair = Pair({"short": "e11"}, learned, rows[100:], LEARNED, (rows[:100], BETWEEN))

    assert score("short", rows[100:], Network(0).rows_of(pair)) > 80
