import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from numpy.testing import assert_array_equal
from sameness import same
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from reservoirs import (
    NVAR,
    ESNClassifier,
    ESNRegressor,
    Forecaster,
    LocalForecaster,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    load,
    next_step,
    save,
    topology,
)

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
    "forecaster": (Forecaster(ESNRegressor(**SMALL), season=30, random_state=0), (WAVE + 2,)),
    "local": (LocalForecaster(ESNRegressor(**SMALL), patch=2, halo=1), (np.sin(X + np.arange(4)),)),
    "esn_numbers_of_numpy": (ESNRegressor(n_units=np.int64(12), alpha=np.float64(1e-3)), (X, Y)),
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


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_comes_back_attribute_for_attribute(name, tmp_path):
    model = fitted(name)

    save(model, tmp_path / "model")
    again = load(tmp_path / "model")

    same(model, again)
    if MODELS[name][1] is not None and hasattr(model, "predict"):
        data = MODELS[name][1][0]
        same(model.predict(data), again.predict(data))


def test_a_saved_forecaster_goes_on_with_its_dates_and_intervals(tmp_path):
    frame = pd.DataFrame({"y": WAVE + 2}, pd.date_range("2020", periods=160))
    model = Forecaster(n_members=1, random_state=0).fit(frame)
    save(model, tmp_path / "model")

    again = load(tmp_path / "model")

    pd.testing.assert_frame_equal(model.forecast(9, level=80), again.forecast(9, level=80))
    assert_array_equal(again.labels_[0], frame.index)
    again.models_[0].used[0].branch.reservoirs[0].n_units += 1
    with pytest.raises(ValueError, match="shape"):
        save(again, tmp_path / "model")


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_partial_fit_goes_on_after_loading_as_if_nothing_had_happened(noise, tmp_path):
    whole = ESNRegressor(**SMALL, noise=noise).partial_fit(X[:70], Y[:70])
    save(whole, tmp_path / "model")

    again = load(tmp_path / "model").partial_fit(X[70:], Y[70:])

    assert_array_equal(again.coef_, whole.partial_fit(X[70:], Y[70:]).coef_)


def test_many_series_in_a_frame_come_back_with_their_names(tmp_path):
    index = pd.MultiIndex.from_product([["a", "b"], range(80)], names=["site", "day"])
    frame = pd.DataFrame({"u": WAVE, "v": WAVE**2}, index=index)
    model = ESNRegressor(**SMALL).fit(frame, frame[["u"]])
    save(model, tmp_path / "model")

    again = load(tmp_path / "model")

    same(model, again)
