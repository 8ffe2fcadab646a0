import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from small_network import SMALL, SOLVERS, X, Y, fitted

from trainers import ESNInit, solvers


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_lowers_the_loss(solver):
    rate = {"sgd": 0.1, "momentum": 0.05, "nesterov": 0.05, "adam": 0.02, "rmsprop": 0.01}
    model = fitted(solver=solver, window=5, max_iter=25, learning_rate=rate.get(solver))

    assert model.loss_curve_[-1] < 0.3 * model.loss_curve_[0]
    assert model.n_iter_ == len(model.loss_curve_) == 25


@pytest.mark.parametrize("solver", SOLVERS)
def test_going_on_with_warm_start_equals_never_having_stopped(solver):
    settings = {"solver": solver, "window": 5, "warm_start": True, "learning_rate": None}
    uninterrupted = fitted(**settings, max_iter=6)

    parts = fitted(**settings, max_iter=2)
    parts.set_params(max_iter=4).fit(X, Y)

    for name, weights in uninterrupted.weights_.items():
        assert_array_equal(parts.weights_[name], weights)
    assert parts.loss_curve_ == uninterrupted.loss_curve_


def test_dtype_auto_takes_float64_where_curvature_needs_it():
    assert fitted(dtype="auto").dtype_ == "float32"
    assert fitted(dtype="auto", solver="hessian_free").dtype_ == "float64"
    assert fitted(dtype="auto", solver="lbfgs", learning_rate=None).dtype_ == "float64"


def test_no_torch_object_is_kept():
    def tensors(value):
        if isinstance(value, torch.Tensor | torch.nn.Module):
            yield value
        elif isinstance(value, dict):
            for item in value.values():
                yield from tensors(item)
        elif isinstance(value, list | tuple):
            for item in value:
                yield from tensors(item)

    for solver in SOLVERS:
        assert not list(tensors(vars(fitted(solver=solver, learning_rate=None, max_iter=2))))


def test_hessian_free_records_every_step():
    model = fitted(solver="hessian_free", window=5, max_iter=3)

    record = model.history_[0]
    assert {"rho", "damping", "cg_iterations", "chosen_iterate", "step_length", "reason"} <= set(
        record
    )
    assert record["loss_before"] > record["loss_after"]


def test_grid_search_reaches_solver_and_init_settings():
    constant = solvers.NesterovSolver(schedule="constant")  # "rnn" begins with 0.9 whatever comes
    start = {"solver": constant, "init": ESNInit(), "max_iter": 2}
    pipeline = Pipeline([("scale", StandardScaler()), ("rnn", clone(SMALL).set_params(**start))])
    grid = {"rnn__solver__momentum": [0.5, 0.9], "rnn__init__spectral_radius": [0.2, 1.1]}

    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(2)).fit(X, Y)

    assert len(set(search.cv_results_["mean_test_score"])) == 4
