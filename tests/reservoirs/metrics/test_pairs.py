import numpy as np
import pandas as pd
import pytest

from reservoirs import metrics


def mase(y_true, y_pred):
    return metrics.mase(y_true, y_pred, y_train=values((9, *np.shape(y_true)[1:][-1:])))


def skill(y_true, y_pred):
    return metrics.skill(y_true, y_pred, np.full(np.shape(y_true), 2.0))


METRICS = [
    mase,
    skill,
    metrics.nrmse,
    metrics.nmse,
    metrics.smape,
    metrics.error_growth,
    metrics.valid_prediction_time,
    metrics.amplitude_ratio,
    metrics.count_errors,
    metrics.sequence_error_rate,
    metrics.symbol_error_rate,
    metrics.wrong_steps,
    metrics.wrong_sequences,
]
SHAPES = [(10,), (10, 1), (1, 10), (10, 2), (2, 10), (20,), (5, 2, 2), (2, 5, 2), (10, 2, 1), (9,)]


def values(shape):
    return np.sin(np.arange(np.prod(shape)).reshape(shape))


@pytest.mark.parametrize("metric", METRICS)
def test_other_shapes_are_refused_by_every_metric(metric):
    for of_truth in SHAPES:
        for of_prediction in SHAPES:
            alike = of_truth == of_prediction or {of_truth, of_prediction} == {(10,), (10, 1)}
            if alike:
                metric(values(of_truth), values(of_prediction), **scale(metric))
                continue
            with pytest.raises(ValueError, match="must have the same shape, got"):
                metric(values(of_truth), values(of_prediction))


def scale(metric):
    """A single row has no deviation of its own."""
    names = metric.__kwdefaults__ or {}
    return {"scale": 1.0} if "scale" in names else {}


@pytest.mark.parametrize("metric", METRICS)
def test_a_truth_that_is_not_finite_is_refused_by_every_metric(metric):
    for missing in (np.nan, np.inf, -np.inf, np.ma.masked):
        truth = np.ma.array(values((10, 2)))
        truth[3, 1] = missing
        for broken in (truth, truth[3]):
            with pytest.raises(ValueError, match="at least one value, all finite"):
                metric(broken, np.zeros(broken.shape))


@pytest.mark.parametrize("metric", METRICS)
def test_a_prediction_may_be_anything_finite_or_not(metric):
    for wrong in (np.nan, np.inf, 1e300):
        assert not np.isnan(metric(values((10, 1)), np.full(10, wrong))).all() or (
            metric in {metrics.error_growth, metrics.amplitude_ratio}
        )


def test_labels_of_any_kind_are_compared():
    labels = np.array(["a", "b"])

    assert metrics.sequence_error_rate(labels, labels[::-1]) == 1.0
    assert metrics.sequence_error_rate([True, False], [True, True]) == 0.5


@pytest.mark.parametrize(
    "metric", [metrics.nrmse, metrics.nmse, metrics.error_growth, metrics.valid_prediction_time]
)
def test_a_scale_is_one_positive_number_per_output(metric):
    for scale in (np.inf, np.nan, 0.0, -1.0, [1.0, 2.0, 3.0], np.ones((10, 2))):
        with pytest.raises(ValueError, match="scale must be"):
            metric(values((10, 2)), values((10, 2)), scale=scale)


@pytest.mark.parametrize("n_scored", [0, -1])
def test_at_least_one_step_is_scored(n_scored):
    with pytest.raises(ValueError, match="n_scored must be"):
        metrics.count_errors([[1, 2]], [[1, 2]], n_scored=n_scored)


def test_rows_of_other_dates_and_columns_in_another_order_are_refused():
    days = pd.date_range("2024", periods=11)
    truth = pd.DataFrame(values((10, 2)), days[:10], columns=["a", "b"])

    assert metrics.nrmse(truth, truth.reset_index(drop=True)) == 0  # numbered: by position
    assert metrics.nrmse(truth["a"], truth[["a"]]) == 0
    for other, message in [
        (truth.set_axis(days[1:]), "same labels, got 2024-01-01.* and 2024-01-02.* in row 0"),
        (truth[["b", "a"]], "columns in one order"),
    ]:
        with pytest.raises(ValueError, match=message):
            metrics.nrmse(truth, other)
