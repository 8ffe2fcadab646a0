"""scikit-learn's own checks, with at most the two expected failures that time order explains."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from reservoirs import ESNRegressor, Reservoir

ORDERED = {
    "check_methods_sample_order_invariance": "the rows of a series are ordered in time",
    "check_methods_subset_invariance": "the rows of a series depend on the rows before them",
}


def expected_failures(estimator):
    return ORDERED


@parametrize_with_checks(
    [ESNRegressor(n_units=40, random_state=0), Reservoir(n_units=40, random_state=0)],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_check(estimator, check):
    check(estimator)
