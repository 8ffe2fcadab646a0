import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks.methods.baselines import Mean
from benchmarks.methods.registry import METHODS
from benchmarks.protocols import physics
from benchmarks.protocols.evaluate import evaluate
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks import TASKS


def run(task, method, settings=None):
    task = TASKS[task]
    return evaluate(task, task.data("test", 0), METHODS[method], settings or {}, 0)


@pytest.mark.parametrize(
    ("method", "largest"), [("linear", 1e-10), ("esn", 1e-3), ("persistence", np.inf)]
)
def test_a_model_that_knows_the_oscillator_has_its_resonance(method, largest):
    settings = {"input_scaling": 0.01, "leak_rate": 0.3, "alpha": 1e-14} if method == "esn" else {}

    outcome = run("oscillator_eta0.1_hold", method, settings)

    assert outcome.metrics["resonance"] < largest
    if method != "persistence":
        true = 1 / np.sqrt((1 - physics.TONES**2) ** 2 + (0.1 * physics.TONES) ** 2)
        middle = (physics.TONES > 0.4) & (physics.TONES < 2)  # steps of 0.1 hold the force
        assert_allclose(outcome.arrays["true_gain"][middle], true[middle], rtol=0.25)


def test_a_linear_model_keeps_a_kick_forever():
    assert run("van_der_pol_mu1", "linear").metrics["recovery"] == np.inf


def test_recovery_is_the_step_from_which_amplitudes_agree():
    t = np.arange(2000.0)
    wave = np.sin(0.1 * t)

    assert physics.recovery(wave, wave) == 0.0
    assert physics.recovery(wave, 1.2 * wave) == np.inf
    steps = physics.recovery(wave, (1 + 0.2 * np.exp(-t / 100)) * wave)
    assert abs(steps - 100 * np.log(10)) < 40


def test_gradients_are_kept_before_and_after_training():
    outcome = run("lagged_sine", "rnn", {"window": 12, "max_iter": 2, "n_units": 8})

    assert outcome.arrays["flow_before"].shape == outcome.arrays["flow_after"].shape == (12,)
    assert not np.allclose(outcome.arrays["flow_before"], outcome.arrays["flow_after"])


def test_no_gradients_are_sought_where_there_are_none():
    outcome = Outcome()

    physics.gradients(Mean(), np.zeros((3, 1)), np.zeros((3, 1)), outcome)

    assert outcome.arrays == {}
