import itertools

import pytest
from containers import CASES, assert_verbs_are_those_of_each_series, naming, sampled

from trainers import RNNRegressor

MODELS = [
    RNNRegressor(cell="gru", n_units=6, max_iter=2, random_state=0),
    RNNRegressor(n_units=6, window=9, max_iter=1, random_state=0),
]


@pytest.mark.parametrize("cases", sampled(CASES, 8))
def test_every_verb_of_a_container_is_that_of_its_series(cases):
    for model, case in itertools.product(MODELS, cases):
        with naming((model, case)):
            assert_verbs_are_those_of_each_series(model, case)
