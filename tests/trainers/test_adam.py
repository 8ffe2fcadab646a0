"""AdamW and weight decay against plain torch, and by what they do to weights without a loss."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from small_network import SMALL, SOLVERS, X, Y, fitted, suited

from reservoirs import load, save
from trainers.solvers import SOLVERS as CLASSES
from trainers.solvers import AdamSolver, AdamWSolver
from trainers.training.used import OPTIONAL

STEPS = {  # of torch, for the same weights and gradients
    "adam": lambda p, c: torch.optim.Adam([p], lr=0.02, weight_decay=c),
    "adamw": lambda p, c: torch.optim.AdamW([p], lr=0.02, weight_decay=c),
    "rmsprop": lambda p, c: torch.optim.RMSprop([p], lr=0.02, alpha=0.9, weight_decay=c),
    "sgd": lambda p, c: torch.optim.SGD([p], lr=0.02, weight_decay=c),
}


def weights_of(model):
    return np.concatenate([np.ravel(w) for w in model.weights_.values()])


@pytest.mark.parametrize("solver", STEPS)
def test_weight_decay_is_that_of_torch(solver):
    epochs = [fitted(solver=solver, weight_decay=0.3, max_iter=k, truncation=240) for k in (1, 2)]
    start = fitted(solver="sgd", max_iter=1, learning_rate=1e-200, truncation=240)
    parameter = torch.tensor(weights_of(start))
    optimizer = STEPS[solver](parameter, 0.3)
    for model in epochs:
        # the gradient at these weights, by a step of plain descent from them
        probe = clone(start).set_params(learning_rate=1.0, warm_start=True)
        vars(probe).update({k: v for k, v in vars(start).items() if k.endswith("_")})
        state = {**start.solver_state_["epochs"], "theta": parameter.numpy().copy()}
        probe.solver_state_ = {**start.solver_state_, "epochs": state}
        probe.fit(X, Y)
        parameter.grad = parameter.detach() - torch.tensor(weights_of(probe))
        optimizer.step()

        assert_allclose(weights_of(model), parameter.numpy(), rtol=1e-9, atol=1e-11)


def test_the_networks_decay_comes_before_that_of_the_solver():
    ours = fitted(solver=AdamWSolver(weight_decay=0.5), max_iter=2)
    given = fitted(solver="adamw", weight_decay=0.5, max_iter=2)
    none = fitted(solver="adamw", weight_decay=0.0, max_iter=2)

    assert_array_equal(weights_of(ours), weights_of(given))
    assert_allclose(weights_of(none), weights_of(fitted(solver="adam", max_iter=2)), rtol=1e-12)
    assert (weights_of(ours) != weights_of(fitted(solver="adamw", max_iter=2))).any()


@pytest.mark.parametrize("solver", [s for s in SOLVERS if "weight_decay" in CLASSES[s]().uses])
def test_decay_makes_weights_smaller_and_is_not_in_the_loss(solver):
    settings = {"solver": solver, "max_iter": 20, "learning_rate": None}
    plain = suited(clone(SMALL).set_params(**settings)).fit(X, Y)
    decayed = clone(plain).set_params(weight_decay=0.5 if solver != "adamw" else 50.0).fit(X, Y)

    assert np.linalg.norm(weights_of(decayed)) < np.linalg.norm(weights_of(plain))
    if solver == "lbfgs":  # whose loss is that of the weights it ends with
        errors = (decayed.predict(X) - Y) / decayed.target_scale_
        assert decayed.loss_curve_[-1] == pytest.approx(0.5 * np.mean(errors**2), rel=1e-9)


def test_files_and_resuming(tmp_path):
    model = fitted(solver=AdamWSolver(weight_decay=0.1, beta_2=0.99), warm_start=True, max_iter=2)
    save(model, tmp_path / "model")
    again = load(tmp_path / "model").fit(X, Y)

    assert_array_equal(weights_of(again), weights_of(model.fit(X, Y)))
    whole = fitted(solver=AdamWSolver(weight_decay=0.1, beta_2=0.99), max_iter=4)
    assert_array_equal(weights_of(again), weights_of(whole))


@pytest.mark.parametrize("changed", [{"learning_rate": 0.5}, {"weight_decay": 5.0}])
def test_a_rate_and_a_decay_asked_anew_are_taken_on_resuming(changed):
    for solver in ("adamw", AdamSolver(rate_decay=0.5)):
        first = fitted(solver=solver, warm_start=True, max_iter=1)
        kept = clone(first).fit(X, Y).fit(X, Y)
        other = clone(first).fit(X, Y).set_params(**changed).fit(X, Y)

        assert (weights_of(kept) != weights_of(other)).any()


def test_what_a_solver_uses_is_known():
    assert all(CLASSES[name]().uses <= OPTIONAL for name in SOLVERS)
