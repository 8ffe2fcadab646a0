"""Files of an echo state network, damaged or made to hurt: a clear error, or the same model.

Those of a trained network: tests/trainers/test_rnn_persistence_fuzz.py.
"""

import pytest
from fuzzing import TIMES, X, Y, check_damaged, check_hostile, outcome
from hostile import signed, unsigned
from numpy.testing import assert_array_equal

from reservoirs import ESNRegressor, save


@pytest.fixture
def saved(tmp_path):
    """A path, and what the model there predicts."""
    model = ESNRegressor(n_units=8, random_state=0).fit(X, Y)
    save(model, tmp_path / "model")
    return tmp_path / "model", model.predict(X)


@pytest.mark.parametrize("times", TIMES)
def test_a_damaged_file_is_refused_or_gives_the_model_that_was_saved(saved, times):
    check_damaged(*saved, times)


@pytest.mark.parametrize("times", TIMES)
def test_a_hostile_file_with_a_valid_digest_is_refused_or_harmless(saved, times):
    check_hostile(saved[0], times)


def test_a_hand_made_file_is_accepted_so_that_the_others_fail_for_what_they_hold(saved):
    path, expected = saved

    found = outcome(path, signed(*unsigned(path.read_bytes())))

    assert_array_equal(found.predict(X), expected)
