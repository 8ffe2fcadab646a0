"""scikit-learn's own checks, with at most the two expected failures that time order explains."""

import pytest
from routing import assert_series_ids_are_routed
from sklearn.utils.estimator_checks import parametrize_with_checks

from reservoirs import NVAR, ESNClassifier, ESNRegressor, NVARRegressor, Reservoir, SequenceScaler

ORDERED = {
    "check_methods_sample_order_invariance": "the rows of a series are ordered in time",
    "check_methods_subset_invariance": "the rows of a series depend on the rows before them",
}


def expected_failures(estimator):
    return {} if isinstance(estimator, SequenceScaler) else ORDERED


ESTIMATORS = [
    ESNRegressor(n_units=40, random_state=0),
    ESNClassifier(n_units=40, random_state=0),
    Reservoir(n_units=40, random_state=0),
    NVAR(),
    NVARRegressor(),
    SequenceScaler(),
]


@pytest.mark.filterwarnings("ignore:.* of the units (saturate|hardly move):UserWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learn_check(estimator, check):
    check(estimator)


def test_series_ids_are_routed_and_sliced_by_cross_validation():
    assert_series_ids_are_routed(ESTIMATORS[0])
