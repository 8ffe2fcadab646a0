import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.dummy import DummyRegressor

from reservoirs import metrics

TRUTH = np.sin(0.3 * np.arange(200))[:, None] * [1.0, 10.0]


def test_the_mean_has_an_nrmse_of_one_and_the_truth_of_zero():
    assert_allclose(metrics.nrmse(TRUTH, np.broadcast_to(TRUTH.mean(axis=0), TRUTH.shape)), 1.0)
    assert metrics.nrmse(TRUTH, TRUTH) == 0.0


def test_nrmse_divides_by_the_deviation_not_the_variance():
    assert_allclose(metrics.nrmse(TRUTH[:, 1], TRUTH[:, 1] + 1.0), 1.0 / TRUTH[:, 1].std())


def test_a_forecast_that_is_not_finite_is_infinitely_wrong():
    assert metrics.nrmse([1.0, 2.0], [1.0, np.nan]) == np.inf


def test_the_valid_time_ends_at_the_first_step_beyond_the_threshold():
    prediction = np.zeros(10)
    prediction[6] = 5.0

    assert metrics.valid_prediction_time(np.zeros(10), prediction, dt=0.5, scale=1.0) == 3.0
    assert metrics.valid_prediction_time(np.zeros(10), np.zeros(10), scale=1.0) == 10.0


def test_the_amplitude_ratio_compares_sizes():
    assert_allclose(metrics.amplitude_ratio(TRUTH, 2 * TRUTH), 2.0)


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [(np.ones(5), np.ones(5), "constant series"), (TRUTH, TRUTH[:9], "same shape")],
)
def test_what_cannot_be_scored_is_refused(truth, prediction, message):
    with pytest.raises(ValueError, match=message):
        metrics.nrmse(truth, prediction)


@pytest.mark.parametrize("truth", [np.full(5, np.nan), np.empty(0)])
@pytest.mark.parametrize(
    "metric", [metrics.nrmse, metrics.smape, metrics.error_growth, metrics.symbol_error_rate]
)
def test_a_truth_that_was_not_measured_is_refused(metric, truth):
    with pytest.raises(ValueError, match="at least one value, all finite"):
        metric(truth, np.zeros(len(truth)))


def test_a_constant_truth_has_no_amplitude():
    with pytest.raises(ValueError, match="must not be constant"):
        metrics.amplitude_ratio(np.ones(5), TRUTH[:5, 0])


def test_smape_is_zero_for_a_perfect_forecast_and_200_for_a_lost_one():
    truth = np.array([1.0, -2.0, 0.0, 4.0])

    assert metrics.smape(truth, truth) == 0.0
    assert metrics.smape(truth, -truth) == pytest.approx(150.0)  # zero is right
    assert metrics.smape(truth, np.full(4, np.nan)) == 200.0
    assert metrics.smape([1.0], [3.0]) == pytest.approx(100.0)


def test_the_scorer_is_minus_the_error():
    X = np.arange(20.0)[:, None]
    model = DummyRegressor().fit(X, X[:, 0])

    assert metrics.nrmse_scorer(model, X, X[:, 0]) == -1.0
