"""Files that 0.1.0 wrote load, and predict what they predicted.

Those of the trained networks: tests/trainers/test_rnn_old_files.py.
"""

import numpy as np
import pytest
from old_files import FOLDER, NAMES, OF_TRAINERS, WAVE, check

from reservoirs import load, next_step


@pytest.mark.parametrize("name", sorted({*NAMES} - {*OF_TRAINERS}))
def test_a_file_of_0_1_0_loads_and_predicts_what_it_predicted(name):
    check(name)


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
