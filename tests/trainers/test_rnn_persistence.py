import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sameness import same

from reservoirs import load, next_step, save
from trainers import ESNInit, RNNClassifier, RNNRegressor, solvers

X, Y = next_step(np.sin(0.2 * np.arange(160)))
SERIES = [np.random.default_rng(i).standard_normal((12 + i, 2)) for i in range(6)]
LABELS = np.array(["up", "down", "up", "down", "flat", "flat"])
MODELS = {
    "lstm": (RNNRegressor(cell="lstm", n_units=5, max_iter=2, random_state=0), (X, Y)),
    "momentum": (
        RNNRegressor(
            n_units=16,
            max_iter=2,
            init=ESNInit(),
            random_state=0,
            window=5,
            solver=solvers.NesterovSolver(),
            learn_initial_state=True,
        ),
        (X, Y),
    ),
    "hessian_free": (RNNRegressor(n_units=5, max_iter=2, solver="hessian_free"), (X, Y)),
    "numbers_of_numpy": (
        RNNRegressor(n_units=np.int64(5), n_layers=np.int64(2), max_iter=np.int64(2)),
        (X, Y),
    ),
    "rnn_labels": (RNNClassifier(n_units=5, n_layers=2, max_iter=2), (SERIES, LABELS)),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_comes_back_attribute_for_attribute(name, tmp_path):
    model, data = MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(*data)

    save(model, tmp_path / "model")
    again = load(tmp_path / "model")

    same(model, again)
    same(model.predict(data[0]), again.predict(data[0]))


@pytest.mark.parametrize("solver", ["adam", "lbfgs", "nesterov", "hessian_free", "rmsprop"])
def test_training_goes_on_after_loading_as_if_nothing_had_happened(solver, tmp_path):
    first = RNNRegressor(
        n_units=5, window=5, solver=solver, max_iter=2, warm_start=True, random_state=0
    ).fit(X, Y)
    save(first, tmp_path / "model")

    again = load(tmp_path / "model").fit(X, Y)

    for name, weights in first.fit(X, Y).weights_.items():
        assert_array_equal(again.weights_[name], weights)
