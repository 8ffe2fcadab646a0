"""scikit-learn's own checks, with at most the three expected failures that time order explains."""

from contract import run_check
from routing import assert_series_ids_are_routed
from sklearn.utils.estimator_checks import parametrize_with_checks

from trainers import RNNClassifier, RNNRegressor

ORDERED = {
    "check_methods_sample_order_invariance": "the rows of a series are ordered in time",
    "check_methods_subset_invariance": "the rows of a series depend on the rows before them",
    "check_sample_weight_equivalence_on_dense_data": "a row of weight 0 enters the state all the "
    "same, and a row that comes twice is two steps",
}
SMALL = {"n_units": 6, "max_iter": 6, "learning_rate": 0.1, "truncation": 20, "random_state": 0}
ESTIMATORS = [
    RNNRegressor(cell="rnn", **SMALL),
    RNNRegressor(cell="lstm", **SMALL),
    RNNRegressor(cell="gru", **SMALL),
    RNNRegressor(n_units=4, solver="hessian_free", max_iter=4, random_state=0),
    # six epochs also where a check sets max_iter=1000: no loss falls by ten
    RNNClassifier(cell="rnn", tol=10.0, n_iter_no_change=5, **SMALL),
    RNNClassifier(cell="lstm", tol=10.0, n_iter_no_change=5, **SMALL),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_check(estimator, check):
    run_check(check, estimator, failing=ORDERED)


def test_series_ids_are_routed_and_sliced_by_cross_validation():
    assert_series_ids_are_routed(ESTIMATORS[0])
