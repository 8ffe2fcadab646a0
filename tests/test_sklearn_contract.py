"""scikit-learn's own checks, with at most the two expected failures that time order explains."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import KFold, cross_validate
from sklearn.utils.estimator_checks import parametrize_with_checks

from reservoirs import NVAR, ESNClassifier, ESNRegressor, NVARRegressor, Reservoir, SequenceScaler
from trainers import RNNClassifier, RNNRegressor

ORDERED = {
    "check_methods_sample_order_invariance": "the rows of a series are ordered in time",
    "check_methods_subset_invariance": "the rows of a series depend on the rows before them",
}


def expected_failures(estimator):
    return {} if isinstance(estimator, SequenceScaler) else ORDERED


SMALL = {"n_units": 12, "max_iter": 60, "learning_rate": 0.01, "truncation": 20, "random_state": 0}
ESTIMATORS = [
    ESNRegressor(n_units=40, random_state=0),
    ESNClassifier(n_units=40, random_state=0),
    Reservoir(n_units=40, random_state=0),
    NVAR(),
    NVARRegressor(),
    SequenceScaler(),
    RNNRegressor(cell="rnn", **SMALL),
    RNNRegressor(cell="lstm", **SMALL),
    RNNRegressor(cell="gru", **SMALL),
    RNNRegressor(n_units=8, solver="hessian_free", max_iter=8, random_state=0),
    RNNClassifier(cell="rnn", **{**SMALL, "max_iter": 15, "learning_rate": 0.03}),
    RNNClassifier(cell="lstm", **{**SMALL, "max_iter": 15, "learning_rate": 0.03}),
]


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("model", [ESTIMATORS[0], ESTIMATORS[6]], ids=["esn", "rnn"])
def test_series_ids_are_routed_and_sliced_by_cross_validation(model):
    X = np.random.default_rng(0).normal(size=(120, 2))
    ids = np.repeat(np.arange(6), 20)

    with config_context(enable_metadata_routing=True):
        routed = clone(model).set_fit_request(series_id=True).set_score_request(series_id=True)
        results = cross_validate(
            routed, X, X[:, 0], cv=KFold(3), params={"series_id": ids}, return_estimator=True
        )

    assert [m.layout_.lengths for m in results["estimator"]] == [(20,) * 4] * 3
    assert np.isfinite(results["test_score"]).all()
