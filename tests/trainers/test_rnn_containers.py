import pytest
from containers import CASES, assert_verbs_are_those_of_each_series, sampled

from trainers import RNNRegressor

MODELS = {
    "gru": RNNRegressor(cell="gru", n_units=6, max_iter=2, random_state=0),
    "window": RNNRegressor(n_units=6, window=9, max_iter=1, random_state=0),
}


@pytest.mark.parametrize("case", sampled(CASES, 8))
@pytest.mark.parametrize("name", MODELS)
def test_every_verb_of_a_container_is_that_of_its_series(name, case):
    assert_verbs_are_those_of_each_series(MODELS[name], case)
