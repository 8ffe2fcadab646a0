"""Trained networks that 0.1.0 wrote load, and predict what they predicted."""

import pytest
from old_files import OF_TRAINERS, check

import trainers  # noqa: F401 # registers the trained networks


@pytest.mark.parametrize("name", OF_TRAINERS)
def test_a_file_of_0_1_0_loads_and_predicts_what_it_predicted(name):
    check(name)
