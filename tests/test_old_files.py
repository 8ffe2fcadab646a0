"""Files that 0.1.0 wrote, one or more per class: they load, and predict what they predicted.

Each `.model` was written by `reservoirs.save` of 0.1.0; the `.npz` beside it holds what that
version predicted, transformed and forecast with it.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info

import trainers  # noqa: F401 # registers the trained networks
from reservoirs import forecast, load, next_step

FOLDER = Path(__file__).parent / "fixtures" / "files_0_1_0"
NAMES = sorted(path.stem for path in FOLDER.glob("*.model"))
WRITTEN_ON = "Haswell"  # the OpenBLAS kernels of the machine: others round the last bit elsewhere
WAVE = np.sin(0.2 * np.arange(160))
FORCE = np.cos(0.13 * np.arange(200))[:, None]
SERIES = [np.random.default_rng(i).standard_normal((12 + i, 2)) for i in range(6)]
FRAME = pd.DataFrame(
    {"a": WAVE, "b": np.cos(0.2 * np.arange(160))},
    index=pd.date_range("2024-01-01", periods=160, freq="D"),
)
INPUTS = {
    "ESNRegressor_frame": FRAME,
    "RNNRegressor_frame": FRAME,
    "ESNRegressor_exog": next_step(WAVE[:, None], FORCE)[0],
    "RNNRegressor_gru_layers": next_step(WAVE[:, None], FORCE)[0],
    "ESNRegressor_list": [next_step(s)[0] for s in SERIES],
    "Pipeline_SequenceScaler": [next_step(s)[0] for s in SERIES],
    **dict.fromkeys(
        ("ESNRegressor_per_series", "ESNClassifier", "SequenceScaler", "RNNClassifier"), SERIES
    ),
}
EXOG = {name: FORCE[159:168] for name in ("ESNRegressor_exog", "RNNRegressor_gru_layers")}


def same(got, wanted):
    """Compare bit by bit where the kernels of BLAS are those of the machine that wrote the file."""
    blas = {
        info["architecture"] for info in threadpool_info() if info["internal_api"] == "openblas"
    }
    if isinstance(got, list):
        got = np.concatenate([np.asarray(one) for one in got])
    if blas == {WRITTEN_ON} or wanted.dtype.kind != "f":
        np.testing.assert_array_equal(np.asarray(got), wanted)
    else:
        np.testing.assert_allclose(np.asarray(got), wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_0_1_0_loads_and_predicts_what_it_predicted(name):
    model = load(FOLDER / f"{name}.model")
    X = INPUTS.get(name, next_step(WAVE)[0])
    recorded = dict(np.load(FOLDER / f"{name}.npz")) if "unfitted" not in name else {}

    index = recorded.pop("forecast_index", None)
    for verb, wanted in recorded.items():
        if verb == "forecast":
            got = forecast(model, 9, exog=EXOG.get(name))
            if index is not None:
                assert list(got.index.astype(str)) == list(index)
        else:
            got = getattr(model, verb)(X)
        same(got, wanted)


@pytest.mark.parametrize("name", ["ESNRegressor_noise_stream", "ESNRegressor_cholesky_stream"])
def test_a_stream_of_0_1_0_goes_on_learning(name):
    X, y = next_step(WAVE)
    model = load(FOLDER / f"{name}.model")
    n_rows = model.stream_.n_rows

    model.partial_fit(X, y, new_series=True)

    assert model.stream_.n_rows == n_rows + len(X) - model.washout
    assert np.isfinite(model.predict(X)).all()


def test_private_names_of_0_1_0_become_fitted_attributes():
    model = load(FOLDER / "ESNRegressor.model")

    assert model.auto_initial_state_ == "mean"
    assert model.seed_ == model.reservoir_.random_state
    assert not {"_auto_zero", "_seed"} & set(vars(model))
