import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.tasks.chaos import LORENZ, LORENZ_X


def test_a_flow_goes_on_from_the_states_of_its_own_runs():
    runs = LORENZ.simulate(30, dt=LORENZ.dt, n_series=2, random_state=0)

    ahead = LORENZ.ahead(runs[:, 9], 20)

    assert_allclose(ahead, runs[:, 10:], rtol=1e-9, atol=1e-9)


def test_a_flow_shows_as_many_variables_as_are_seen():
    states = np.array([[1.0, 2.0, 30.0]])

    assert LORENZ_X.ahead(states, 5).shape == (1, 5, 1)
    assert_array_equal(LORENZ_X.ahead(states, 5), LORENZ.ahead(states, 5)[..., :1])
