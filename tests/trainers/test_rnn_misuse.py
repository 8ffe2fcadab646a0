"""Random calls, most of them wrong: a documented error that says something, or a right answer."""

import pytest
from misuse import assert_misuses_are_answered

from trainers import RNNClassifier, RNNRegressor

MODELS = {
    RNNRegressor: {"n_units", "cell", "window", "truncation", "batch_size", "learning_rate",
                   "clip_norm", "validation_fraction", "solver", "init", "n_layers", "n_scored"},
    RNNClassifier: {"n_units", "cell", "window", "batch_size", "dtype", "vanishing_penalty"},
}  # fmt: skip


@pytest.mark.parametrize("times", [20, pytest.param(700, marks=pytest.mark.slow)])
def test_a_wrong_call_says_what_is_wrong_and_a_right_one_answers(times):
    assert_misuses_are_answered(MODELS, times)
