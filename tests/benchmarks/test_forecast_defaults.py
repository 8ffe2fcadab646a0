import numpy as np
import pytest

from benchmarks.tuning import forecast_defaults
from reservoirs import ESNRegressor


@pytest.fixture(scope="module")
def content():
    return forecast_defaults.stored_study()


def test_the_study_compares_the_defaults_with_the_settings_of_today(content):
    first = forecast_defaults.studied_settings()[0]

    assert content["settings"] == forecast_defaults.studied_settings()
    assert {name: ESNRegressor().get_params()[name] for name in first} == first


@pytest.mark.parametrize("name", ["sine, noise 0.05", "nile"])
def test_an_error_of_the_study_repeats(content, name):
    if name == "nile":
        pytest.importorskip("statsmodels")

    errors, n_met = forecast_defaults.errors(name, content["settings"][1])

    assert np.exp(np.mean(np.log(errors))) == pytest.approx(content["errors"][name][1], rel=1e-3)
    assert n_met == content["met"][name][1]


def test_a_drive_is_the_root_mean_square_of_the_input_term():
    settings = {"drive": 0.4, "alpha": 1e-6, "readout_features": "state+input"}
    for n_inputs in (1, 3, 12):
        X = np.random.default_rng(0).normal(size=(2000, n_inputs))
        reservoir = forecast_defaults.build(settings, n_inputs).fit(X, X[:, 0]).reservoir_

        assert np.sqrt(np.mean((X @ reservoir.input_weights_.T) ** 2)) == pytest.approx(0.4, 0.05)
