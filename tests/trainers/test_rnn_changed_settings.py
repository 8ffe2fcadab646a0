"""Settings of trained networks changed after a fit are refused, or obeyed where they are read."""

import copy
from functools import cache

import pytest
from changed_settings import OTHER, X, Y, check_change, check_copies, check_new_fit, fit
from sklearn.base import clone

from trainers import ESNInit, RNNClassifier, RNNRegressor, gradient_flow
from trainers.solvers import AdamSolver, RMSpropSolver

NETWORK = {"n_units": 4, "max_iter": 1, "random_state": 0}
ESTIMATORS = {
    "rnn": RNNRegressor(**NETWORK),
    "rnn_classifier": RNNClassifier(**NETWORK),
}
READ_AT_PREDICTION = {
    "rnn": {"device", "verbose", "warm_start", "exog_align", "bound", "interval_origins"},
    "rnn_classifier": {"device", "verbose", "warm_start"},
}
VALUES = {**OTHER, "solver": "rmsprop"}
NAMES = [
    (kind, name) for kind, model in ESTIMATORS.items() for name in model.get_params(deep=False)
]


@cache
def fitted(kind):
    return fit(clone(ESTIMATORS[kind]))


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_a_setting_changed_after_a_fit_is_refused_or_obeyed(kind, name):
    check_change(fitted(kind), name, VALUES[name], free=name in READ_AT_PREDICTION[kind])


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_new_fit_takes_new_settings(kind):
    name = next(name for name in ESTIMATORS[kind].get_params(deep=False) if name in OTHER)

    check_new_fit(fitted(kind), name, VALUES[name])


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_change_is_seen_through_pickles_and_refused_by_files(kind, tmp_path):
    check_copies(fitted(kind), "max_iter", tmp_path / "model")


@pytest.mark.parametrize("nested", ["solver__learning_rate", "init__spectral_radius"])
def test_nested_settings_changed_in_place_are_seen(nested):
    model = RNNRegressor(**{**NETWORK, "solver": AdamSolver(), "init": ESNInit(fan_in=2)})
    model.fit(X, Y).predict(X)

    with pytest.raises(ValueError, match=f"{nested.split('__')[0]} was changed after fit"):
        model.set_params(**{nested: 0.5}).predict(X)


def test_chunks_refuse_what_the_first_decided_and_take_the_rest():
    rnn = clone(ESTIMATORS["rnn"]).partial_fit(X, Y)
    with pytest.raises(ValueError, match="n_units was changed after fit"):
        rnn.set_params(n_units=5).partial_fit(X, Y)
    rnn.set_params(n_units=4, learning_rate=0.5).partial_fit(X, Y).predict(X)


def test_a_warm_start_refuses_another_network_and_takes_other_training():
    model = RNNRegressor(**NETWORK, warm_start=True).fit(X, Y)

    model.set_params(max_iter=2).fit(X, Y)

    assert model.n_iter_ == 3
    with pytest.raises(ValueError, match="cell was changed after fit"):
        model.set_params(cell="lstm").fit(X, Y)
    assert model.set_params(cell="lstm", warm_start=False).fit(X, Y).n_iter_ == 2


def test_the_gradient_flow_of_changed_settings_is_refused():
    with pytest.raises(ValueError, match="window was changed after fit"):
        gradient_flow(copy.deepcopy(fitted("rnn")).set_params(window=3), X, Y)


def test_a_solver_of_another_kind_is_another_setting():
    model = RNNRegressor(**NETWORK, solver=AdamSolver()).fit(X, Y)

    with pytest.raises(ValueError, match="solver was changed after fit"):
        model.set_params(solver=RMSpropSolver()).predict(X)
