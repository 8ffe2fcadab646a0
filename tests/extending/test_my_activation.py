import numpy as np
from extending.my_activation import softsign
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import ESNRegressor, load, next_step, save

X, Y = next_step(np.sin(0.2 * np.arange(300)))


def test_an_activation_of_ones_own_runs_in_every_loop_and_comes_back_from_files(tmp_path):
    model = ESNRegressor(n_units=40, activation=softsign, random_state=0).fit(X, Y)

    assert_allclose(model.forecast(30), np.sin(0.2 * np.arange(300, 330)), atol=0.01)
    save(model, tmp_path / "model")
    again = load(tmp_path / "model", callables={"activation": softsign})
    assert_array_equal(again.forecast(30), model.forecast(30))
