import numpy as np
import pytest

from reservoirs import ESNRegressor, NVARRegressor, SequenceScaler, next_step, save

WAVE = np.sin(0.2 * np.arange(160))
X, Y = next_step(WAVE)
SMALL = {"n_units": 12, "random_state": 0}


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    model = ESNRegressor(**SMALL).fit(X, Y)
    model.coef_ = model.coef_ * np.nan

    with pytest.raises(ValueError, match="coef_ must be finite"):
        save(model, tmp_path / "model")


@pytest.mark.parametrize(
    ("make", "spoil", "message"),
    [
        (lambda: ESNRegressor(**SMALL), {"n_units": 13}, "coef_ must be finite and of shape"),
        (lambda: ESNRegressor(**SMALL), {"last_states_": np.ones((1, 3))}, "last_states_ must be"),
        (lambda: NVARRegressor(), {"coef_": np.ones((1, 2))}, "coef_ must be finite"),
        (lambda: NVARRegressor(), {"intercept_": np.ones(3)}, "do not fit together"),
    ],
)
def test_a_model_whose_parts_do_not_fit_together_is_not_saved(make, spoil, message, tmp_path):
    model = make().fit(X, Y)
    vars(model).update(spoil)

    with pytest.raises(ValueError, match=message):
        save(model, tmp_path / "model")


def test_a_scaler_whose_parts_do_not_fit_together_is_not_saved(tmp_path):
    scaler = SequenceScaler().fit(X)
    scaler.mean_ = np.ones(2)

    with pytest.raises(ValueError, match="mean_ must be"):
        save(scaler, tmp_path / "model")
