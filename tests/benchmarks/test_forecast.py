import dataclasses

import numpy as np

from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.tasks import TASKS


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
