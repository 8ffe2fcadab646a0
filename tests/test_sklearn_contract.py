"""scikit-learn's own checks, with at most the two expected failures that time order explains."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from reservoirs import ESNRegressor, Reservoir
from trainers import RNNRegressor

ORDERED = {
    "check_methods_sample_order_invariance": "the rows of a series are ordered in time",
    "check_methods_subset_invariance": "the rows of a series depend on the rows before them",
}


def expected_failures(estimator):
    return ORDERED


SMALL = {"n_units": 12, "max_iter": 60, "learning_rate": 0.01, "truncation": 20, "random_state": 0}
ESTIMATORS = [
    ESNRegressor(n_units=40, random_state=0),
    Reservoir(n_units=40, random_state=0),
    RNNRegressor(cell="rnn", **SMALL),
    RNNRegressor(cell="lstm", **SMALL),
    RNNRegressor(cell="gru", **SMALL),
    RNNRegressor(n_units=8, solver="hessian_free", max_iter=8, random_state=0),
]


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learn_check(estimator, check):
    check(estimator)
