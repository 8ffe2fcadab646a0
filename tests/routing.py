"""Metadata routing, asked of the core's and of the trained networks' estimators alike."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.model_selection import KFold, cross_validate


def assert_series_ids_are_routed(model):
    """Cross-validate a model with series ids that scikit-learn routes and slices."""
    X = np.random.default_rng(0).normal(size=(120, 2))
    ids = np.repeat(np.arange(6), 20)

    with config_context(enable_metadata_routing=True):
        routed = clone(model).set_fit_request(series_id=True).set_score_request(series_id=True)
        results = cross_validate(
            routed, X, X[:, 0], cv=KFold(3), params={"series_id": ids}, return_estimator=True
        )

    assert [m.layout_.lengths for m in results["estimator"]] == [(20,) * 4] * 3
    assert np.isfinite(results["test_score"]).all()


def assert_weights_are_routed(model):
    """Cross-validate a model with weights of its loss, one of which is wrong in a single fold."""
    X = np.random.default_rng(0).normal(size=(60, 2))
    y, weights = X[:, 0] > 0 if is_classifier(model) else X[:, 0], np.ones(60)
    weights[40:] = 0.0
    settings = {"cv": KFold(3), "params": {"sample_weight": weights}, "error_score": np.nan}

    with config_context(enable_metadata_routing=True):
        routed = clone(model).set_fit_request(sample_weight=True)
        routed = routed.set_score_request(sample_weight=False)
        scores = cross_validate(routed, X, y, **settings)["test_score"]
        with pytest.raises(ValueError, match="sample_weight must be numbers >= 0"):
            cross_validate(
                routed,
                X,
                y,
                **{**settings, "params": {"sample_weight": -weights}} | {"error_score": "raise"},
            )
    assert np.isfinite(scores).all()
