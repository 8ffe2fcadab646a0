import pytest
from wrapping import CHECKS

from reservoirs import datasets, next_step
from trainers import RNNRegressor

DATA = datasets.oscillator(500, force="hold", random_state=0)
X, Y = next_step(DATA.x, DATA.force[:, None])
RNN = RNNRegressor(n_units=8, window=8, max_iter=6, learning_rate=0.01, random_state=0)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_scikit_learn_may_wrap_a_trained_network(check):
    check(RNN, X, Y)
