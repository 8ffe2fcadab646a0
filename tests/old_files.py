"""Files that 0.1.0 wrote, one or more per class: they load, and predict what they predicted.

Each `.model` was written by `reservoirs.save` of 0.1.0; the `.npz` beside it holds what that
version predicted, transformed and forecast with it.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_info

from reservoirs import forecast, load, next_step

FOLDER = Path(__file__).parent / "fixtures" / "files_0_1_0"
NAMES = sorted(path.stem for path in FOLDER.glob("*.model"))
OF_TRAINERS = [name for name in NAMES if "RNN" in name]
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


def check(name):
    """Check that a file loads, and that the model predicts what it predicted."""
    model = load(FOLDER / f"{name}.model")
    X = INPUTS.get(name, next_step(WAVE)[0])
    recorded = dict(np.load(FOLDER / f"{name}.npz")) if "unfitted" not in name else {}

    index = recorded.pop("forecast_index", None)
    for verb, wanted in recorded.items():
        if verb == "forecast":
            got = forecast(model, 9, exog=EXOG.get(name))
            if name == "NVARRegressor":  # its loop is compiled now: the last bits are others
                np.testing.assert_allclose(got, wanted, rtol=1e-11)
                continue
            if index is not None:
                assert list(got.index.astype(str)) == list(index)
        else:
            got = getattr(model, verb)(X)
        same(got, wanted)
