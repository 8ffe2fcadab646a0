import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from numpy.testing import assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from reservoirs import (
    NVAR,
    ESNClassifier,
    ESNRegressor,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    load,
    next_step,
    save,
    topology,
)
from trainers import ESNInit, RNNClassifier, RNNRegressor, solvers

WAVE = np.sin(0.2 * np.arange(160))
X, Y = next_step(WAVE)
SERIES = [np.random.default_rng(i).standard_normal((12 + i, 2)) for i in range(6)]
LABELS = np.array(["up", "down", "up", "down", "flat", "flat"])
SMALL = {"n_units": 12, "random_state": 0}
MODELS = {
    "esn": (ESNRegressor(**SMALL), (X, Y)),
    "esn_unfitted": (ESNRegressor(**SMALL), None),
    "esn_dense_float32": (
        ESNRegressor(**SMALL, topology="orthogonal", dtype="float32", alpha=[1e-6, 1e-2]),
        (X, Y),
    ),
    "esn_own_weights": (
        ESNRegressor(n_units=12, topology=scipy.sparse.csr_array(np.eye(12) / 2)),
        (X, Y),
    ),
    "esn_small_world": (ESNRegressor(**SMALL, topology=topology.SmallWorld()), (X, Y)),
    "esn_many": (ESNRegressor(**SMALL), (SERIES, [s[:, 0] for s in SERIES])),
    "esn_random_state": (ESNRegressor(n_units=12, random_state=np.random.RandomState(3)), (X, Y)),
    "esn_labels": (ESNClassifier(**SMALL, pooling="both", bidirectional=True), (SERIES, LABELS)),
    "nvar": (NVAR(n_delays=3), (X,)),
    "nvar_regressor": (NVARRegressor(n_delays=3), (X, Y)),
    "reservoir": (Reservoir(**SMALL), (X,)),
    "scaler": (SequenceScaler(), (X,)),
    "lstm": (RNNRegressor(cell="lstm", n_units=5, max_iter=2, random_state=0), (X, Y)),
    "momentum": (
        RNNRegressor(
            n_units=16,
            max_iter=2,
            init=ESNInit(),
            random_state=0,
            window=5,
            solver=solvers.NesterovSolver(),
            learn_initial_state=True,
        ),
        (X, Y),
    ),
    "hessian_free": (RNNRegressor(n_units=5, max_iter=2, solver="hessian_free"), (X, Y)),
    "numbers_of_numpy": (
        RNNRegressor(n_units=np.int64(5), n_layers=np.int64(2), max_iter=np.int64(2)),
        (X, Y),
    ),
    "esn_numbers_of_numpy": (ESNRegressor(n_units=np.int64(12), alpha=np.float64(1e-3)), (X, Y)),
    "rnn_labels": (RNNClassifier(n_units=5, n_layers=2, max_iter=2), (SERIES, LABELS)),
    "pipeline": (make_pipeline(StandardScaler(), MinMaxScaler(), ESNRegressor(**SMALL)), (X, Y)),
    "pipeline_of_lists": (
        make_pipeline(SequenceScaler(), ESNClassifier(**SMALL)),
        (SERIES, LABELS),
    ),
    "ridge_on_states": (make_pipeline(RobustScaler(), Reservoir(**SMALL), Ridge()), (X, Y)),
    "target_transformed": (
        TransformedTargetRegressor(ESNRegressor(**SMALL), transformer=StandardScaler()),
        (X, Y),
    ),
}


def fitted(name):
    model, data = MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model if data is None else model.fit(*data)


def same(a, b):
    """Compare two attributes, whatever they are made of."""
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        same_array(a, b)
    elif scipy.sparse.issparse(a):
        for part in ("data", "indices", "indptr"):
            same(getattr(a, part), getattr(b, part))
    elif isinstance(a, list | tuple):
        assert len(a) == len(b) and all(same(*pair) for pair in zip(a, b, strict=True))
    elif isinstance(a, dict):
        same(list(a.items()), list(b.items()))
    elif isinstance(a, np.random.RandomState):
        same(a.get_state(), b.get_state())
    elif isinstance(a, pd.Index):
        pd.testing.assert_index_equal(a, b, exact=True)
        assert getattr(a, "freq", None) == getattr(b, "freq", None)
    elif hasattr(a, "__dict__") and not isinstance(a, type):
        left, right = vars(a), vars(b)
        cached = {"shapes", "_sizes"}  # computed when first asked for
        assert set(left) - cached == set(right) - cached
        for name in set(left) - cached:
            same(left[name], right[name])
    else:
        assert a == b or (a != a and b != b)
    return True


def same_array(a, b):
    assert a.dtype == b.dtype
    assert a.flags.f_contiguous == b.flags.f_contiguous
    assert a.flags.writeable == b.flags.writeable
    assert_array_equal(a, b)


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_comes_back_attribute_for_attribute(name, tmp_path):
    model = fitted(name)

    save(model, tmp_path / "model")
    again = load(tmp_path / "model")

    same(model, again)
    if MODELS[name][1] is not None and hasattr(model, "predict"):
        data = MODELS[name][1][0]
        same(model.predict(data), again.predict(data))


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_partial_fit_goes_on_after_loading_as_if_nothing_had_happened(noise, tmp_path):
    whole = ESNRegressor(**SMALL, noise=noise).partial_fit(X[:70], Y[:70])
    save(whole, tmp_path / "model")

    again = load(tmp_path / "model").partial_fit(X[70:], Y[70:])

    assert_array_equal(again.coef_, whole.partial_fit(X[70:], Y[70:]).coef_)


@pytest.mark.parametrize("solver", ["adam", "lbfgs", "nesterov", "hessian_free", "rmsprop"])
def test_training_goes_on_after_loading_as_if_nothing_had_happened(solver, tmp_path):
    first = RNNRegressor(
        n_units=5, window=5, solver=solver, max_iter=2, warm_start=True, random_state=0
    ).fit(X, Y)
    save(first, tmp_path / "model")

    again = load(tmp_path / "model").fit(X, Y)

    for name, weights in first.fit(X, Y).weights_.items():
        assert_array_equal(again.weights_[name], weights)


def test_many_series_in_a_frame_come_back_with_their_names(tmp_path):
    index = pd.MultiIndex.from_product([["a", "b"], range(80)], names=["site", "day"])
    frame = pd.DataFrame({"u": WAVE, "v": WAVE**2}, index=index)
    model = ESNRegressor(**SMALL).fit(frame, frame[["u"]])
    save(model, tmp_path / "model")

    again = load(tmp_path / "model")

    same(model, again)
