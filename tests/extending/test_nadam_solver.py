"""A solver in a file of its own works with everything at once."""

import numpy as np
import pytest
import torch
from extending.nadam_solver import NAdamSolver, enter
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from reservoirs import load, next_step, save
from trainers import RNNClassifier, RNNRegressor, gradient_flow
from trainers.solvers import SOLVERS, FirstOrderSolver

WAVE = np.sin(0.3 * np.arange(120))
X, Y = next_step(WAVE)


def small(solver, **settings):
    return RNNRegressor(
        **{"n_units": 8, "max_iter": 4, "random_state": 0, "solver": solver, **settings}
    )


@pytest.fixture
def entered(monkeypatch):
    """Enter the solver for one test."""
    monkeypatch.setitem(SOLVERS, "nadam", NAdamSolver)  # so that it is taken out again
    enter()


def assert_same_weights(a, b):
    assert a.weights_.keys() == b.weights_.keys()
    for name, weights in a.weights_.items():
        assert_array_equal(weights, b.weights_[name])


def torch_solver(kind, *, full=False, **options):
    """Return a solver of one class of `torch.optim`, without parameters of its own."""

    class Own(FirstOrderSolver):
        full_batch = full

        def optimizer(self, parameter, learning_rate):
            return kind([parameter], lr=learning_rate, **options)

    return Own()


MINIBATCH = [
    (torch.optim.AdamW, {}),
    (torch.optim.AdamW, {"amsgrad": True, "fused": True}),
    (torch.optim.Adagrad, {}),
    (torch.optim.RAdam, {}),
    (torch.optim.NAdam, {}),
    (torch.optim.Adadelta, {}),
    (torch.optim.ASGD, {"t0": 3.0}),
    (torch.optim.Adamax, {}),
    (torch.optim.RMSprop, {"centered": True, "momentum": 0.5}),
    (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
]
CASES = [(kind, False, options) for kind, options in MINIBATCH]
CASES += [(torch.optim.Rprop, True, {}), (torch.optim.LBFGS, True, {"max_iter": 3})]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "full", "options"), CASES)
def test_any_optimizer_of_torch_trains_and_goes_on_as_if_never_stopped(kind, full, options, dtype):
    def model(max_iter):
        solver = torch_solver(kind, full=full, **options)
        return small(solver, learning_rate=0.01, max_iter=max_iter, dtype=dtype, warm_start=True)

    straight = model(5).fit(X, Y)
    halted = model(2).fit(X, Y)
    in_epochs = model(1)
    for _ in range(5):
        in_epochs.partial_fit(X, Y)

    halted.set_params(max_iter=3).fit(X, Y)

    assert straight.loss_curve_[-1] < straight.loss_curve_[0]
    assert_same_weights(halted, straight)
    assert_same_weights(in_epochs, straight)


def test_it_is_the_optimizer_of_torch():
    seen = []

    class Spy(NAdamSolver):
        def optimizer(self, parameter, learning_rate):
            seen.append(super().optimizer(parameter, learning_rate))
            return seen[-1]

    small(Spy(momentum_decay=0.3, learning_rate=0.02, rate_decay=0.5)).fit(X, Y)

    assert [type(one) for one in seen] == [torch.optim.NAdam]
    assert seen[0].defaults["momentum_decay"] == 0.3
    assert seen[0].param_groups[0]["lr"] == 0.02 * 0.5**4


def test_the_learning_rate_of_the_network_comes_before_the_solver_s():
    a = small(NAdamSolver(learning_rate=0.3), learning_rate=0.01).fit(X, Y)
    b = small(NAdamSolver(learning_rate=0.01)).fit(X, Y)

    assert_same_weights(a, b)


@pytest.mark.parametrize("settings", [{"cell": "lstm"}, {"window": 5}, {"n_layers": 2}])
def test_it_fits_predicts_forecasts_and_shows_its_gradients(settings):
    model = small(NAdamSolver(learning_rate=0.01), **settings).fit(X, Y)

    assert model.predict(X).shape == Y.shape
    assert np.isfinite(model.forecast(5)).all()
    assert np.isfinite(gradient_flow(model, X, Y).error_norms).all()


def test_it_trains_a_classifier():
    model = RNNClassifier(solver=NAdamSolver(learning_rate=0.02), n_units=8, random_state=0)

    assert model.fit(X, WAVE[1:] > 0).score(X, WAVE[1:] > 0) > 0.9


def test_it_is_cloned_and_searched_by_nested_names():
    model = small(NAdamSolver(learning_rate=0.01))
    grid = {"solver__momentum_decay": [0.0, 10.0], "solver__learning_rate": [0.01]}

    search = GridSearchCV(model, grid, cv=TimeSeriesSplit(2)).fit(X, Y)

    assert clone(model).solver.learning_rate == 0.01
    assert search.best_params_["solver__momentum_decay"] in (0.0, 10.0)
    assert len(set(search.cv_results_["mean_test_score"])) == 2


def test_a_name_in_solvers_is_one_entry(entered):
    by_name = small("nadam").fit(X, Y)

    assert_same_weights(by_name, small(NAdamSolver()).fit(X, Y))
    assert SOLVERS["nadam"] is NAdamSolver


def test_without_an_entry_the_name_is_refused():
    with pytest.raises(ValueError, match="'solver' parameter.*'adam'"):
        small("nadam").fit(X, Y)


@pytest.mark.parametrize("by_name", [True, False])
def test_a_saved_model_predicts_and_trains_on(entered, tmp_path, by_name):
    model = small("nadam" if by_name else NAdamSolver(momentum_decay=0.1), warm_start=True).fit(
        X, Y
    )
    save(model, tmp_path / "nadam.model")

    again = load(tmp_path / "nadam.model")

    assert_array_equal(again.predict(X), model.predict(X))
    assert_array_equal(again.forecast(5), model.forecast(5))
    assert_same_weights(again.fit(X, Y), model.fit(X, Y))


def test_a_class_that_files_do_not_know_is_refused_with_the_remedy(tmp_path):
    class Unregistered(NAdamSolver):
        pass

    with pytest.raises(TypeError, match=r"Unregistered.*reservoirs\.persistence\.register"):
        save(small(Unregistered()).fit(X, Y), tmp_path / "nadam.model")


def test_no_torch_object_is_kept():
    state = small(NAdamSolver()).fit(X, Y).solver_state_["epochs"]

    assert isinstance(state["optimizer"]["state"][0]["exp_avg"], np.ndarray)


def test_an_optimizer_may_keep_other_weights_than_those_to_evaluate():
    class Averaged(FirstOrderSolver):
        def optimizer(self, parameter, learning_rate):
            return torch.optim.ASGD([parameter], lr=learning_rate, t0=0.0)

        def weights(self, optimizer, parameter):
            return optimizer.state[parameter].get("ax", parameter).clone()

    model = small(Averaged(), learning_rate=0.01, max_iter=2).fit(X, Y)

    averages = model.solver_state_["epochs"]["optimizer"]["state"][0]["ax"]
    assert_array_equal(np.concatenate([w.ravel() for w in model.weights_.values()]), averages)


class Stubborn(torch.optim.SGD):
    """An optimizer whose step takes no closure."""

    def step(self):
        return super().step()


@pytest.mark.parametrize(
    ("solver", "message"),
    [
        (torch_solver(torch.optim.LBFGS), "LBFGS needs a closure.*full_batch = True of Own"),
        (torch_solver(Stubborn, full=True), "Stubborn takes no closure.*full_batch = False of Own"),
        (torch_solver(lambda parameters, lr: None), "must return a torch.optim.Optimizer, got Non"),
    ],
)
def test_an_optimizer_that_does_not_fit_is_refused_with_the_remedy(solver, message):
    with pytest.raises(TypeError, match=message):
        small(solver).fit(X, Y)


def test_a_step_without_a_closure_does_for_minibatches():
    solver, plain = torch_solver(Stubborn), torch_solver(torch.optim.SGD)

    assert_same_weights(small(solver).fit(X, Y), small(plain).fit(X, Y))


def test_the_base_class_cannot_be_used_itself():
    with pytest.raises(TypeError, match="abstract"):
        FirstOrderSolver()
