from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_network import X, Y, fitted

from reservoirs import load, next_step, save
from trainers import RNNClassifier, RNNRegressor

OLD = Path(__file__).parents[1] / "fixtures" / "files_0_1_0"


@pytest.mark.parametrize("name", ["adam_warm", "hessian_free", "lbfgs", "nesterov"])
def test_a_file_of_0_1_0_is_trained_on(name):
    model = load(OLD / f"RNNRegressor_{name}.model")
    n_before, history = model.n_iter_, list(model.history_)

    model.set_params(warm_start=True, max_iter=2).fit(*next_step(np.sin(0.2 * np.arange(160))))

    assert model.n_iter_ == n_before + 2
    assert model.history_[:-2] == history
    assert model.loss_curve_[-1] < model.loss_curve_[n_before - 1]
    assert set(model.solver_state_) == {"epochs", "rng"}


@pytest.mark.parametrize("solver", ["adam", "lbfgs", "nesterov", "hessian_free"])
def test_a_saved_network_trains_on_as_the_one_in_memory(solver, tmp_path):
    model = fitted(solver=solver, window=5, warm_start=True, learning_rate=None)
    save(model, tmp_path / "network.model")

    again = load(tmp_path / "network.model").fit(X, Y)

    for name, weights in model.fit(X, Y).weights_.items():
        assert_array_equal(again.weights_[name], weights)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda m: m.weights_.pop("bias_0"), "weights_ must hold"),
        (lambda m: m.weights_["bias_0"].fill(np.nan), "finite"),
        (lambda m: setattr(m, "n_units", 9), "not the network that the parameters describe"),
    ],
)
@pytest.mark.parametrize("classify", [False, True])
def test_a_file_whose_weights_are_not_those_of_its_network_is_refused(
    classify, spoil, message, tmp_path
):
    model = fitted(max_iter=1)
    if classify:
        model = RNNClassifier(n_units=8, max_iter=1, random_state=0).fit(X, Y[:, 0] > 0)
    spoil(model)

    with pytest.raises(ValueError, match=message):
        save(model, tmp_path / "network.model")


def test_a_history_of_thousands_of_epochs_can_be_saved(tmp_path):
    model = RNNRegressor(n_units=3, max_iter=1).fit(np.ones((9, 1)), np.ones(9))
    model.history_ = [dict(record) for record in model.history_ * 5_000]

    save(model, tmp_path / "model")

    assert load(tmp_path / "model").history_ == model.history_
