import numpy as np
import pytest

from benchmarks.methods.informed import Oracle
from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.tasks import TASKS
from benchmarks.tasks.chaos import LORENZ


@pytest.fixture(scope="module")
def lorenz():
    """Return the data of a chaotic task, of ten starts in place of a hundred."""
    make = TASKS["lorenz63_xyz"].make
    return make.func(0, **{**make.keywords, "n_tests": 10, "n_train": 500})


def run(task, method, data=None):
    task = TASKS[task]
    return evaluate(task, data or task.data("test", 0), METHODS[method], {}, 0)


def test_baselines_need_what_they_ask_for():
    assert METHODS["exact"].refusal(TASKS["sine_clean"])
    assert METHODS["sinusoid"].refusal(TASKS["oscillator_eta0.1_cos"])
    assert METHODS["persistence"].refusal(TASKS["oscillator_eta0.1_cos_simulation"])
    assert all(not method.tuned for method in METHODS.values() if method.kind == "baseline")


def test_the_fitted_sinusoid_reaches_the_least_possible_error():
    task = TASKS["sine_noisy_0.1"]
    errors = {name: [] for name in ("sinusoid", "cramer_rao")}
    for seed in range(30):
        data = task.data("test", seed)
        for name, values in errors.items():
            values.append(evaluate(task, data, METHODS[name], {}, 0).metrics["free1000"])

    least = np.sqrt(np.mean(np.square(errors["cramer_rao"])))
    assert np.sqrt(np.mean(np.square(errors["sinusoid"]))) == pytest.approx(least, rel=0.25)
    assert least == pytest.approx(0.0113, rel=0.02)


def test_the_oracle_is_right_until_its_error_has_grown(lorenz):
    outcome = run("lorenz63_xyz", "oracle", lorenz)

    growth = outcome.arrays["error_quantiles"][1]
    unit = outcome.arrays["time"][0]
    assert growth[0] < 1e-5
    assert outcome.metrics["censored"] == 1.0  # 13.8 Lyapunov times until 1e-6 has grown to 1
    slope = np.polyfit(unit * np.arange(len(growth)), np.log(growth), 1)[0]
    assert slope == pytest.approx(1.0, abs=0.25)


def test_the_oracle_has_nothing_to_tune(lorenz):
    with pytest.raises(ValueError, match="needs the states at the starts"):
        Oracle(LORENZ).forecasts(lorenz.for_tuning())


@pytest.mark.parametrize(("method", "n_weights"), [("sinusoid", 4), ("cramer_rao", 4)])
def test_a_baseline_says_how_many_numbers_it_estimates(method, n_weights):
    assert run("sine_noisy_0.1", method).costs["n_params_trained"] == n_weights
