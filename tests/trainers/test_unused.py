"""Every parameter of a network changes the training by every solver, or is refused."""

from functools import cache

import numpy as np
import pytest
from sklearn.base import clone
from small_network import SOLVERS, X, Y

from trainers import ESNInit, RNNClassifier, RNNRegressor, solvers
from trainers.solvers import FirstOrderSolver
from trainers.training.used import OPTIONAL

ROWS, TARGETS = X[:80], Y[:80]
BASE = RNNRegressor(n_units=3, max_iter=3, dtype="float64", random_state=0)
CHANGED = {  # a value, and what must be set for it to say anything
    "cell": ("gru", {}),
    "n_units": (4, {}),
    "n_layers": (2, {}),
    "activation": ("identity", {}),
    "init": (ESNInit(), {}),
    "window": (5, {}),
    "truncation": (7, {}),
    "max_iter": (2, {}),
    "batch_size": (2, {"window": 5}),
    "learning_rate": (0.3, {}),
    "clip_norm": (1e-3, {}),
    "vanishing_penalty": (5.0, {}),
    "learn_initial_state": (True, {}),
    "hidden_bias": (False, {}),
    "n_scored": (2, {}),
    "standardize": (False, {}),
    "validation_fraction": (0.3, {}),
    "early_stopping": (True, {}),
    "tol": (1e6, {"n_iter_no_change": 1}),
    "n_iter_no_change": (1, {"tol": 1e6}),
    "dtype": ("float32", {}),
    "random_state": (1, {}),
    "weight_decay": (0.1, {}),
    "input_noise": (0.1, {}),
    "dropout": (0.3, {"n_layers": 2}),
    "schedule": ("cosine", {}),
    "loss": ("huber", {}),
    "quantiles": ((0.1, 0.5, 0.9), {"loss": "quantile"}),
    "readout": ("ridge", {}),
    "alpha": (0.5, {"readout": "ridge"}),
    "washout": (5, {}),
}
ELSEWHERE = {  # training by one solver, once, is alike
    *("solver", "warm_start", "device", "verbose", "exog_align", "bound", "interval_origins"),
    "teacher_forcing",  # needs a loop, and has a test of its own with every solver
}
EXPECTED = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@cache
def trained(solver, **settings):
    model = clone(BASE).set_params(solver=solver, **settings).fit(3 * ROWS + 1, TARGETS)
    return np.concatenate([np.ravel(w) for w in model.weights_.values()])


def test_every_parameter_is_looked_at():
    assert CHANGED.keys() | ELSEWHERE == set(BASE.get_params(deep=False))
    assert CHANGED.keys() >= OPTIONAL


@EXPECTED
@pytest.mark.parametrize("solver", SOLVERS)
def test_every_parameter_changes_the_training_or_is_refused(solver):
    unused = OPTIONAL - solvers.SOLVERS[solver]().uses
    for name, (value, beside) in CHANGED.items():
        if name in unused:
            says = f"Solver does not use {name}, got {name}={value!r}; leave it at .* or take"
            with pytest.raises(ValueError, match=says):
                trained(solver, **{name: value})
        elif solver == "levenberg_marquardt" and name in ("dtype", "loss", "quantiles"):
            with pytest.raises(ValueError, match="is for squared error, in float64 on the CPU"):
                trained(solver, **beside, **{name: value})
        else:
            plain, changed = trained(solver, **beside), trained(solver, **beside, **{name: value})
            assert np.isfinite(plain).all()
            assert not np.array_equal(plain, changed), name


def test_a_message_names_the_solvers_that_use_it():
    with pytest.raises(ValueError, match=r"leave it at 32, or take .*: 'adam', .*'sgd'"):
        RNNClassifier(solver="hessian_free", batch_size=1).fit(X, Y[:, 0] > 0)
    with pytest.raises(ValueError, match="LBFGSSolver does not use truncation"):
        RNNRegressor(solver="lbfgs", truncation=9).partial_fit(X, Y)


def test_a_solver_of_ones_own_says_so_by_one_line():
    class Plain(FirstOrderSolver):
        uses = frozenset({"batch_size"})

        def optimizer(self, parameter, learning_rate):
            raise AssertionError("nothing is trained")

    with pytest.raises(ValueError, match="Plain does not use clip_norm"):
        RNNRegressor(solver=Plain(), clip_norm=1.0).fit(X, Y)
