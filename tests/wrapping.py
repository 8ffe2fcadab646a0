"""What scikit-learn wraps around a regressor, each check named by what it finds."""

import numpy as np
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import StackingRegressor, VotingRegressor
from sklearn.inspection import permutation_importance
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, TimeSeriesSplit, learning_curve
from sklearn.preprocessing import StandardScaler


def the_inputs_that_matter_are_found_by_permutation(model, X, Y):
    noise = np.random.default_rng(0).standard_normal((len(X), 1))
    fitted = clone(model).fit(np.hstack([X, noise]), Y)

    found = permutation_importance(fitted, np.hstack([X, noise]), Y, n_repeats=2, random_state=0)

    assert found.importances_mean[0] > 10 * abs(found.importances_mean[2])


def a_learning_curve_grows_with_the_data(model, X, Y):
    sizes, _, scores = learning_curve(
        clone(model), X, Y, cv=TimeSeriesSplit(3), train_sizes=[0.3, 1.0], shuffle=False
    )

    assert len(sizes) == 2
    assert np.isfinite(scores).all()


def a_stack_and_a_vote_take_our_regressors(model, X, Y):
    members = [("ours", clone(model)), ("ridge", Ridge())]

    stacked = StackingRegressor(members, final_estimator=Ridge(), cv=KFold(3)).fit(X, Y)
    voted = VotingRegressor(members).fit(X, Y)

    assert stacked.score(X, Y) > 0.8
    assert_allclose(
        voted.predict(X), (model.fit(X, Y).predict(X) + Ridge().fit(X, Y).predict(X)) / 2
    )


def targets_are_transformed_on_the_way_in_and_back_on_the_way_out(model, X, Y):
    wrapped = TransformedTargetRegressor(clone(model), transformer=StandardScaler()).fit(X, Y)

    assert wrapped.predict(X).shape == Y.shape
    assert wrapped.score(X, Y) > 0.8


CHECKS = [
    the_inputs_that_matter_are_found_by_permutation,
    a_learning_curve_grows_with_the_data,
    a_stack_and_a_vote_take_our_regressors,
    targets_are_transformed_on_the_way_in_and_back_on_the_way_out,
]
