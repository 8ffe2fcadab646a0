"""Settings changed after a fit are refused where they decided it, obeyed where they are read.

Those of the trained networks: tests/trainers/test_rnn_changed_settings.py.
"""

import copy
from functools import cache

import numpy as np
import pytest
from changed_settings import OTHER, X, Y, check_change, check_copies, check_new_fit, fit
from sklearn.base import clone

from reservoirs import (
    NVAR,
    ESNClassifier,
    ESNRegressor,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
)
from reservoirs.topology import SmallWorld

ESTIMATORS = {
    "esn": ESNRegressor(n_units=9, random_state=0),
    "esn_classifier": ESNClassifier(n_units=9, standardize=True, random_state=0),
    "nvar_regressor": NVARRegressor(),
    "reservoir": Reservoir(n_units=9, random_state=0),
    "nvar": NVAR(),
    "scaler": SequenceScaler(),
}
READ_AT_PREDICTION = {
    "esn": {"n_jobs", "initial_state", "exog_align", "bound", "interval_origins", "verbose"},
    "esn_classifier": {"n_jobs", "initial_state", "verbose"},
    "nvar_regressor": {"exog_align", "bound", "interval_origins", "substeps"},
    "reservoir": {"n_jobs", "leak_rate", "activation", "dtype"},
    "nvar": {"stride"},
    "scaler": set(),
}
DECIDES = {  # one that the shapes in a file do not tell
    **dict.fromkeys(["esn", "esn_classifier", "reservoir"], "spectral_radius"),
    **dict.fromkeys(["nvar", "nvar_regressor"], "degree"),
    "scaler": "with_mean",
}
LONG = {("nvar_regressor", "dtype"): "longdouble"}  # the only other type that it has
NAMES = [
    (kind, name) for kind, model in ESTIMATORS.items() for name in model.get_params(deep=False)
]


@cache
def fitted(kind):
    return fit(clone(ESTIMATORS[kind]))


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_a_setting_changed_after_a_fit_is_refused_or_obeyed(kind, name):
    check_change(
        fitted(kind),
        name,
        LONG.get((kind, name), OTHER[name]),
        free=name in READ_AT_PREDICTION[kind],
    )


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_new_fit_takes_new_settings(kind):
    name = next(name for name in ESTIMATORS[kind].get_params(deep=False) if name in OTHER)

    check_new_fit(fitted(kind), name, OTHER[name])


@pytest.mark.parametrize("name", ["leak_rate", "activation", "dtype"])
def test_a_reservoir_obeys_what_it_reads_as_if_it_were_new(name):
    changed = copy.deepcopy(fitted("reservoir")).set_params(**{name: OTHER[name]})
    new = clone(ESTIMATORS["reservoir"]).set_params(**{name: OTHER[name]}).fit(X)

    assert np.array_equal(changed.transform(X), new.transform(X))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_change_is_seen_through_pickles_and_refused_by_files(kind, tmp_path):
    check_copies(fitted(kind), DECIDES[kind], tmp_path / "model")


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
    model = copy.deepcopy(fitted("esn")).set_params(**same)

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


def test_chunks_refuse_what_the_first_decided_and_take_the_rest():
    esn = clone(ESTIMATORS["esn"]).partial_fit(X[:30], Y[:30])
    with pytest.raises(ValueError, match="leak_rate was changed after fit"):
        esn.set_params(leak_rate=0.1).partial_fit(X[30:], Y[30:])
    esn.set_params(leak_rate=0.7, alpha=0.25).partial_fit(X[30:], Y[30:])
    assert esn.alpha_ == 0.25
    assert esn.predict(X).shape == Y.shape


def test_a_fit_after_chunks_starts_afresh_with_new_settings():
    model = clone(ESTIMATORS["esn"]).partial_fit(X, Y).set_params(n_units=5).fit(X, Y)

    assert model.set_params(n_units=6).partial_fit(X, Y).predict(X).shape == Y.shape
