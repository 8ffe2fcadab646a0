"""scikit-learn's own checks, with at most the two expected failures that time order explains."""

import pytest
from contract import run_check
from hybrid_steps import LastRow
from routing import assert_series_ids_are_routed
from sklearn.utils.estimator_checks import parametrize_with_checks

from reservoirs import (
    NVAR,
    Difference,
    ESNClassifier,
    ESNRegressor,
    Forecaster,
    HybridForecaster,
    LocalForecaster,
    Log,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
)

ORDERED = {
    "check_methods_sample_order_invariance": "the rows of a series are ordered in time",
    "check_methods_subset_invariance": "the rows of a series depend on the rows before them",
}


ONE_COLUMN = {"check_fit1d": "a series of one variable may be 1-D, as in next_step"}


def expected_failures(estimator):
    if isinstance(estimator, Forecaster):
        return ONE_COLUMN
    return {} if isinstance(estimator, SequenceScaler | Log) else ORDERED


ESTIMATORS = [
    ESNRegressor(n_units=40, random_state=0),
    ESNClassifier(n_units=40, random_state=0),
    Reservoir(n_units=40, random_state=0),
    NVAR(),
    NVARRegressor(),
    SequenceScaler(),
    Difference(),
    Log(shift=1.0),
    Forecaster(ESNRegressor(n_units=10), n_members=1, random_state=0),
    HybridForecaster(ESNRegressor(n_units=10, random_state=0), model=LastRow()),
    LocalForecaster(ESNRegressor(n_units=10, random_state=0), patch=1, halo=1, random_state=0),
]


@pytest.mark.filterwarnings("ignore:.* of the units (saturate|hardly move):UserWarning")
@pytest.mark.filterwarnings("ignore:.*orecaster forecasts the columns of X:UserWarning")
@pytest.mark.filterwarnings("ignore:closed loops from training rows are lost:UserWarning")
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_check(estimator, check):
    run_check(check, estimator, failing=expected_failures(estimator))


def test_series_ids_are_routed_and_sliced_by_cross_validation():
    assert_series_ids_are_routed(ESTIMATORS[0])
