import json
import os
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler

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
    persistence,
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
        ESNRegressor(**SMALL, topology="orthogonal", dtype="float32", alpha=[1e-6, 1e-2]), (X, Y)),
    "esn_own_weights": (
        ESNRegressor(n_units=12, topology=scipy.sparse.csr_array(np.eye(12) / 2)), (X, Y)),
    "esn_small_world": (ESNRegressor(**SMALL, topology=topology.SmallWorld()), (X, Y)),
    "esn_many": (ESNRegressor(**SMALL), (SERIES, [s[:, 0] for s in SERIES])),
    "esn_random_state": (
        ESNRegressor(n_units=12, random_state=np.random.RandomState(3)), (X, Y)),
    "esn_labels": (ESNClassifier(**SMALL, pooling="both", bidirectional=True), (SERIES, LABELS)),
    "nvar": (NVAR(n_delays=3), (X,)),
    "nvar_regressor": (NVARRegressor(n_delays=3), (X, Y)),
    "reservoir": (Reservoir(**SMALL), (X,)),
    "scaler": (SequenceScaler(), (X,)),
    "lstm": (RNNRegressor(cell="lstm", n_units=5, max_iter=2, random_state=0), (X, Y)),
    "momentum": (
        RNNRegressor(n_units=16, max_iter=2, init=ESNInit(), random_state=0, window=5,
                     solver=solvers.NesterovSolver(), learn_initial_state=True), (X, Y)),
    "hessian_free": (RNNRegressor(n_units=5, max_iter=2, solver="hessian_free"), (X, Y)),
    "numbers_of_numpy": (
        RNNRegressor(n_units=np.int64(5), n_layers=np.int64(2), max_iter=np.int64(2)), (X, Y)),
    "esn_numbers_of_numpy": (ESNRegressor(n_units=np.int64(12), alpha=np.float64(1e-3)), (X, Y)),
    "rnn_labels": (RNNClassifier(n_units=5, n_layers=2, max_iter=2), (SERIES, LABELS)),
    "pipeline": (make_pipeline(StandardScaler(), MinMaxScaler(), ESNRegressor(**SMALL)), (X, Y)),
    "pipeline_of_lists": (
        make_pipeline(SequenceScaler(), ESNClassifier(**SMALL)), (SERIES, LABELS)),
    "ridge_on_states": (make_pipeline(RobustScaler(), Reservoir(**SMALL), Ridge()), (X, Y)),
    "target_transformed": (
        TransformedTargetRegressor(ESNRegressor(**SMALL), transformer=StandardScaler()), (X, Y)),
}  # fmt: skip


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


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2024-01-31", periods=160, freq="ME"),
        pd.date_range("2024-03-30", periods=160, freq="h", tz="Europe/Oslo", name="time"),
        pd.period_range("1900-01", periods=160, freq="M"),
        pd.timedelta_range(0, periods=160, freq="s"),
        pd.RangeIndex(5, 165),
        pd.Index(np.linspace(0, 1, 160), name="x"),
        pd.Index([f"row {i}" for i in range(160)]),
    ],
    ids=lambda index: type(index).__name__,
)
def test_a_forecast_goes_on_from_the_index_of_the_data_after_loading(index, tmp_path):
    frame = pd.DataFrame({"height": WAVE}, index=index)
    model = ESNRegressor(**SMALL).fit(*next_step(frame))
    save(model, tmp_path / "model")

    again = load(tmp_path / "model")

    same(model.layout_.index, again.layout_.index)
    pd.testing.assert_frame_equal(model.forecast(3), again.forecast(3))


def test_many_series_in_a_frame_come_back_with_their_names(tmp_path):
    index = pd.MultiIndex.from_product([["a", "b"], range(80)], names=["site", "day"])
    frame = pd.DataFrame({"u": WAVE, "v": WAVE**2}, index=index)
    model = ESNRegressor(**SMALL).fit(frame, frame[["u"]])
    save(model, tmp_path / "model")

    again = load(tmp_path / "model")

    same(model, again)


def test_what_no_file_can_hold_is_named_and_the_old_file_stays(tmp_path):
    path = tmp_path / "model"
    save(ESNRegressor(), path)
    before = path.read_bytes()
    model = make_pipeline(FunctionTransformer(np.sin), ESNRegressor())

    with pytest.raises(TypeError, match=r"model\.steps\[0\]\[1\] is a sklearn.*register.*skops"):
        save(model, path)

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model"]


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    model = ESNRegressor(**SMALL).fit(X, Y)
    model.coef_ = model.coef_ * np.nan

    with pytest.raises(ValueError, match="coef_ must be finite"):
        save(model, tmp_path / "model")


class Doubler(BaseEstimator):
    def fit(self, X, y=None):
        self.factor_ = np.array([2.0])
        return self


def test_a_class_of_ones_own_is_registered_in_one_call(tmp_path):
    with pytest.raises(TypeError, match="register a class of yours"):
        save(Doubler().fit(X), tmp_path / "model")

    persistence.register(Doubler, name="tests.Doubler")
    save(Doubler().fit(X), tmp_path / "model")

    assert load(tmp_path / "model").factor_ == 2
    with pytest.raises(ValueError, match="taken"):
        persistence.register(Ridge, name="tests.Doubler")


def test_an_unregistered_type_says_what_to_import(tmp_path, monkeypatch):
    from reservoirs.persistence import registry

    save(fitted("lstm"), tmp_path / "model")
    monkeypatch.delitem(registry._BY_NAME, "trainers.RNNRegressor")

    with pytest.raises(ValueError, match="import trainers first"):
        load(tmp_path / "model")


def rewritten(path, **changes):
    """Return the bytes of a file with other words in its header."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] |= changes
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: b"", "not written by reservoirs.save"),
        (lambda path: b"hello", "not written by reservoirs.save"),
        (lambda path: pickle.dumps(1) * 9, "not written by reservoirs.save"),
        (lambda path: path.read_bytes()[:-1], "damaged"),
        (lambda path: rewritten(path, reservoirs_format="2"), "format version 2"),
        (lambda path: rewritten(path, tree="{}"), "digest"),
        (lambda path: (2**63).to_bytes(8, "little") + path.read_bytes()[8:], "header claims"),
    ],
)
def test_a_file_that_is_not_whole_says_so(spoil, message, tmp_path):
    path = tmp_path / "model"
    save(fitted("esn"), path)
    path.write_bytes(spoil(path))

    with pytest.raises(ValueError, match=message):
        load(path)


def test_a_file_larger_than_allowed_is_not_read(tmp_path):
    save(fitted("esn"), tmp_path / "model")

    with pytest.raises(ValueError, match="more than max_bytes=100"):
        load(tmp_path / "model", max_bytes=100)


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ValueError, match="not a regular file"):
        load(tmp_path / "pipe")
    with pytest.raises(OSError):
        load(tmp_path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "missing")


def test_a_pickle_of_another_version_warns():
    data = pickle.dumps(fitted("esn"))

    pickle.loads(data)  # warns nothing
    older = data.replace(
        b"_reservoirs_version\x94\x8c\x050.1.0", b"_reservoirs_version\x94\x8c\x050.0.9"
    )

    with pytest.warns(persistence.ModelVersionWarning, match=r"by reservoirs 0\.0\.9, this is 0"):
        pickle.loads(older)


def test_skops_keeps_what_save_cannot(tmp_path):
    import skops.io

    model = make_pipeline(FunctionTransformer(), ESNRegressor(**SMALL)).fit(X, Y)

    skops.io.dump(model, tmp_path / "model.skops")
    again = skops.io.load(tmp_path / "model.skops", trusted=persistence.trusted_types())

    assert_array_equal(again.predict(X), model.predict(X))
    assert_array_equal(forecast(again, 5), forecast(model, 5))


class Thermometer:
    """A class whose attribute was called `degrees` before."""

    def __init__(self, kelvin):
        self.kelvin = kelvin


def test_a_registered_class_may_upgrade_what_older_files_hold(tmp_path):
    persistence.register(Thermometer, name="tests.Thermometer")
    old = Thermometer(0)
    vars(old).clear()
    old.degrees = 20.0
    save(old, tmp_path / "model")

    persistence.register(
        Thermometer,
        name="tests.Thermometer",
        upgrade=lambda state: {"kelvin": state["degrees"] + 273.15},
    )
    again = load(tmp_path / "model")

    assert vars(again) == {"kelvin": 293.15}
