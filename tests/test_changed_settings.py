"""Settings changed after a fit are refused where they decided it, obeyed where they are read."""

import copy
import pickle
from functools import cache

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import (
    NVAR,
    ESNClassifier,
    ESNRegressor,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    forecast,
    load,
    next_step,
    save,
)
from reservoirs.topology import SmallWorld
from trainers import ESNInit, RNNClassifier, RNNRegressor, gradient_flow
from trainers.solvers import AdamSolver, RMSpropSolver

X, Y = next_step(np.sin(0.3 * np.arange(60)))
NETWORK = {"n_units": 4, "max_iter": 1, "random_state": 0}
ESTIMATORS = {
    "esn": ESNRegressor(n_units=9, random_state=0),
    "esn_classifier": ESNClassifier(n_units=9, random_state=0),
    "nvar_regressor": NVARRegressor(),
    "reservoir": Reservoir(n_units=9, random_state=0),
    "nvar": NVAR(),
    "scaler": SequenceScaler(),
    "rnn": RNNRegressor(**NETWORK),
    "rnn_classifier": RNNClassifier(**NETWORK),
}
READ_AT_PREDICTION = {
    "esn": {"n_jobs", "initial_state", "exog_align", "verbose"},
    "esn_classifier": {"n_jobs", "initial_state", "verbose"},
    "nvar_regressor": {"exog_align"},
    "reservoir": {"n_jobs", "leak_rate", "activation", "dtype"},
    "nvar": {"stride"},
    "scaler": set(),
    "rnn": {"device", "verbose", "warm_start", "exog_align"},
    "rnn_classifier": {"device", "verbose", "warm_start"},
}
DECIDES = {  # one that the shapes in a file do not tell
    **dict.fromkeys(["esn", "esn_classifier", "reservoir"], "spectral_radius"),
    **dict.fromkeys(["nvar", "nvar_regressor"], "degree"),
    **dict.fromkeys(["rnn", "rnn_classifier"], "max_iter"),
    "scaler": "with_mean",
}
OTHER = {  # a valid value that no estimator above has
    "n_units": 7, "spectral_radius": 0.3, "leak_rate": 0.25, "input_scaling": 0.9,
    "bias_scaling": 0.1, "degree": 3, "topology": "cycle", "activation": "identity", "noise": 0.1,
    "alpha": 0.5, "alpha_cv": 3, "solver": "qr", "washout": 2, "pooling": "mean",
    "bidirectional": True, "initial_state": "zero", "dtype": "float32", "n_jobs": 2,
    "random_state": 5, "n_delays": 3, "stride": 2, "per_series": True, "with_mean": False,
    "with_std": False,
    "cell": "gru", "n_layers": 2, "init": "orthogonal", "window": 5, "truncation": 7,
    "max_iter": 3, "batch_size": 5, "learning_rate": 0.3, "clip_norm": 1.0,
    "vanishing_penalty": 0.2, "learn_initial_state": True, "hidden_bias": False, "n_scored": 2,
    "validation_fraction": 0.3, "early_stopping": True, "tol": 0.1, "n_iter_no_change": 3,
    "warm_start": True, "verbose": 1, "standardize": False, "device": "cpu",
    "exog_align": "target", "class_weight": "balanced",
}  # fmt: skip
NAMES = [
    (kind, name) for kind, model in ESTIMATORS.items() for name in model.get_params(deep=False)
]


@cache
def fitted_once(kind):
    return clone(ESTIMATORS[kind]).fit(X, Y > 0 if "classifier" in kind else Y)


def fitted(kind):
    return copy.deepcopy(fitted_once(kind))


def other(kind, name):
    return "rmsprop" if name == "solver" and "rnn" in kind else OTHER[name]


def uses(model):
    """Every way in which a fitted estimator answers."""
    if hasattr(model, "transform"):
        yield model.transform
    if hasattr(model, "inverse_transform"):
        yield model.inverse_transform
    if hasattr(model, "predict"):
        yield model.predict
        yield lambda rows: model.score(rows, model.predict(rows))
    if hasattr(model, "predict_proba"):
        yield model.predict_proba
    if hasattr(model, "forecast"):
        yield lambda rows: model.forecast(3)
        yield lambda rows: model.backtest(rows, horizon=2, step=5)
        yield lambda rows: forecast(make_pipeline(StandardScaler().fit(rows), model), 3)


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_a_setting_changed_after_a_fit_is_refused_or_obeyed(kind, name):
    model = fitted(kind)
    free = name in READ_AT_PREDICTION[kind]
    old = getattr(model, name)
    model.set_params(**{name: other(kind, name)})

    for use in [*uses(model)][: 1 if free else None]:
        if free:
            use(X)
            continue
        with pytest.raises(ValueError, match=f"^{name} was changed after fit, from .*: fit again"):
            use(X)

    answer = next(uses(model.set_params(**{name: old})))
    assert np.array_equal(answer(X), next(uses(fitted(kind)))(X))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_new_fit_takes_new_settings(kind):
    model = fitted(kind)
    name = [name for name in model.get_params(deep=False) if name in OTHER][0]

    model.set_params(**{name: other(kind, name)}).fit(X, Y > 0 if "classifier" in kind else Y)

    next(uses(model))(X)


@pytest.mark.parametrize("name", ["leak_rate", "activation", "dtype"])
def test_a_reservoir_obeys_what_it_reads_as_if_it_were_new(name):
    changed = fitted("reservoir").set_params(**{name: OTHER[name]})
    new = clone(ESTIMATORS["reservoir"]).set_params(**{name: OTHER[name]}).fit(X)

    assert np.array_equal(changed.transform(X), new.transform(X))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_change_is_seen_through_pickles_and_refused_by_files(kind, tmp_path):
    model = fitted(kind)
    name = DECIDES[kind]
    save(model, tmp_path / "model")
    for answering in (pickle.loads(pickle.dumps(model)), load(tmp_path / "model")):
        assert np.array_equal(next(uses(answering))(X), next(uses(model))(X))
        with pytest.raises(ValueError, match=f"{name} was changed after fit"):
            next(uses(answering.set_params(**{name: OTHER[name]})))(X)

    changed = pickle.loads(pickle.dumps(model.set_params(**{name: OTHER[name]})))

    with pytest.raises(ValueError, match=f"{name} was changed after fit"):
        next(uses(changed))(X)
    with pytest.raises(ValueError, match=f"{name} was changed after fit"):
        save(changed, tmp_path / "model")


@pytest.mark.parametrize(
    "same",
    [
        {"n_units": np.int64(9)},
        {"leak_rate": np.float64(0.7)},
        {"alpha": 1e-6},
        {"random_state": np.int32(0)},
    ],
    ids=str,
)
def test_the_same_value_in_another_type_is_no_change(same):
    model = fitted("esn").set_params(**same)

    assert np.isfinite(model.predict(X)).all()


def test_arrays_matrices_and_objects_are_compared_by_what_they_hold():
    W = 0.1 * np.eye(9)
    model = ESNRegressor(n_units=9, topology=W, alpha=[1e-3, 1e-2], random_state=0).fit(X, Y)

    model.set_params(topology=W.copy(), alpha=np.array([1e-3, 1e-2])).predict(X)

    with pytest.raises(ValueError, match="topology was changed"):
        model.set_params(topology=2 * W).predict(X)
    small = ESNRegressor(n_units=9, topology=SmallWorld(rewiring=0.1), random_state=0).fit(X, Y)
    small.set_params(topology=SmallWorld(rewiring=0.1)).predict(X)
    with pytest.raises(ValueError, match="topology was changed"):
        small.set_params(topology=SmallWorld(rewiring=0.2)).predict(X)


@pytest.mark.parametrize("nested", ["solver__learning_rate", "init__spectral_radius"])
def test_nested_settings_changed_in_place_are_seen(nested):
    model = RNNRegressor(**{**NETWORK, "solver": AdamSolver(), "init": ESNInit(fan_in=2)})
    model.fit(X, Y).predict(X)

    with pytest.raises(ValueError, match=f"{nested.split('__')[0]} was changed after fit"):
        model.set_params(**{nested: 0.5}).predict(X)


def test_chunks_refuse_what_the_first_decided_and_take_the_rest():
    esn = clone(ESTIMATORS["esn"]).partial_fit(X[:30], Y[:30])
    with pytest.raises(ValueError, match="leak_rate was changed after fit"):
        esn.set_params(leak_rate=0.1).partial_fit(X[30:], Y[30:])
    esn.set_params(leak_rate=0.7, alpha=0.25).partial_fit(X[30:], Y[30:])
    assert esn.alpha_ == 0.25
    assert esn.predict(X).shape == Y.shape

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


def test_a_fit_after_chunks_starts_afresh_with_new_settings():
    model = clone(ESTIMATORS["esn"]).partial_fit(X, Y).set_params(n_units=5).fit(X, Y)

    assert model.set_params(n_units=6).partial_fit(X, Y).predict(X).shape == Y.shape


def test_the_gradient_flow_of_changed_settings_is_refused():
    with pytest.raises(ValueError, match="window was changed after fit"):
        gradient_flow(fitted("rnn").set_params(window=3), X, Y)


def test_a_solver_of_another_kind_is_another_setting():
    model = RNNRegressor(**NETWORK, solver=AdamSolver()).fit(X, Y)

    with pytest.raises(ValueError, match="solver was changed after fit"):
        model.set_params(solver=RMSpropSolver()).predict(X)
