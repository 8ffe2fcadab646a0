"""Random calls, most of them wrong: a documented error that says something, or a right answer."""

import pytest
from misuse import assert_misuses_are_answered

from reservoirs import ESNClassifier, ESNRegressor, NVARRegressor, Reservoir

MODELS = {
    ESNRegressor: {"n_units", "spectral_radius", "leak_rate", "input_scaling", "degree", "topology",
                   "alpha", "alpha_cv", "washout", "pooling", "initial_state", "solver", "noise"},
    ESNClassifier: {"n_units", "leak_rate", "alpha", "washout", "bidirectional", "dtype"},
    NVARRegressor: {"n_delays", "stride", "degree", "alpha", "noise"},
    Reservoir: {"n_units", "spectral_radius", "degree", "bias_scaling", "activation"},
}  # fmt: skip


@pytest.mark.parametrize("times", [40, pytest.param(1300, marks=pytest.mark.slow)])
def test_a_wrong_call_says_what_is_wrong_and_a_right_one_answers(times):
    assert_misuses_are_answered(MODELS, times)
