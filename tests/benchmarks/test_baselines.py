import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks.methods.baselines import Linear
from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.tasks import TASKS


@pytest.mark.parametrize(
    ("task", "method", "bound"),
    [
        ("sine_clean", "linear", 1e-10),
        ("sine_clean", "sinusoid", 1e-10),
        ("sine_clean", "persistence", 3.0),
        ("sine_clean", "mean", 1.1),
        ("oscillator_eta0.1_hold", "linear", 1e-9),
        ("oscillator_eta0.1_hold", "exact", 1e-12),
        ("oscillator_eta0.1_hold_simulation", "exact", 1e-5),
        ("oscillator_eta0.1_hold_decay", "exact", 1e-10),
        ("sine_noisy_0.1", "sinusoid", 0.02),
        ("forced_multi_square", "ridge_arx", 0.01),
    ],
)
def test_a_baseline_is_as_good_as_it_must_be(task, method, bound):
    split = TASKS[task].make(0)

    outcome = evaluate(TASKS[task], split, METHODS[method], {}, 0)

    assert outcome.status == "ok"
    assert outcome.metrics[split.main_metric] < bound


def test_the_linear_baseline_finds_the_order_of_the_oscillator():
    split = TASKS["oscillator_eta0.1_multi"].make(0).standardised()

    model = Linear().fit(*split.examples(split.n_train))

    assert model.n_lags == 2


def test_the_linear_fit_of_the_noisy_notes_series_nears_its_floor():
    task = TASKS["lagged_sine_noisy"]

    errors = [
        evaluate(task, task.make(seed), METHODS["linear"], {}, 0).metrics["one_step_mse"]
        for seed in range(5)
    ]

    assert 0.30 < np.median(errors) < 0.45


def test_the_linear_baseline_forecasts_an_autoregression_exactly():
    series = np.empty((200, 1))
    series[:2, 0] = 1.0, 0.5
    for t in range(2, 200):
        series[t] = 1.6 * series[t - 1] - 0.9 * series[t - 2] + 0.1

    model = Linear().fit(series[:-1], series[1:])

    free = model.forecast(30, context=series[:100], exog=None)
    assert_allclose(free, series[100:130], atol=1e-9)
    assert_allclose(
        model.predict(series[100:130], context=series[:100]), series[101:131], atol=1e-9
    )
