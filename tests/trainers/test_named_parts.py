"""Settings of a solver or a start that is given by its name, as a search sets them."""

import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small_network import SMALL, SOLVERS, X, Y

from trainers import ESNInit, RNNClassifier, RNNRegressor, solvers

PLAIN = clone(SMALL).set_params(learning_rate=None, max_iter=1)


def searched(estimator, grid):
    return GridSearchCV(estimator, grid, cv=TimeSeriesSplit(2), error_score="raise").fit(X, Y)


def test_a_search_reaches_the_settings_of_a_solver_by_name():
    search = searched(PLAIN, {"solver__learning_rate": [1e-4, 0.05]})

    assert len(set(search.cv_results_["mean_test_score"])) == 2
    assert isinstance(search.best_estimator_.solver, solvers.AdamSolver)
    assert PLAIN.solver == "adam"
    pipeline = make_pipeline(StandardScaler(), PLAIN)
    inside = searched(pipeline, {"rnnregressor__solver__beta_1": [0.0, 0.9]})
    assert len(set(inside.cv_results_["mean_test_score"])) == 2


def test_a_search_over_solvers_and_their_settings():
    grid = [
        {"solver": ["sgd", "adam"], "solver__learning_rate": [0.01]},
        {"solver": ["adamw"], "solver__weight_decay": [0.0, 0.5]},
        {"init": ["esn"], "init__spectral_radius": [0.5, 0.9]},
    ]

    tried = searched(PLAIN, grid).cv_results_["params"]

    assert [type(p.get("solver")) for p in tried[:4]] == [str] * 4
    model = clone(PLAIN).set_params(solver="sgd", solver__learning_rate=0.3)
    assert (type(model.solver), model.solver.learning_rate) == (solvers.SGDSolver, 0.3)


@pytest.mark.parametrize("name", SOLVERS)
def test_every_named_solver_takes_each_of_its_settings(name):
    for setting, value in solvers.SOLVERS[name]().get_params().items():
        model = RNNClassifier(solver=name).set_params(**{f"solver__{setting}": value})

        assert model.get_params()[f"solver__{setting}"] == value


def test_other_settings_of_an_object_are_kept():
    model = RNNRegressor(solver=solvers.AdamSolver(beta_2=0.5), init=ESNInit(fan_in=3))

    model.set_params(solver__learning_rate=0.1, init__spectral_radius=0.7)

    assert (model.solver.beta_2, model.solver.learning_rate) == (0.5, 0.1)
    assert (model.init.fan_in, model.init.spectral_radius) == (3, 0.7)


def test_what_a_part_does_not_have_is_refused_by_name():
    with pytest.raises(ValueError, match="damping.*AdamSolver"):
        RNNRegressor().set_params(solver__damping=0.1)
    with pytest.raises(ValueError, match="init='default' has no parameters of its own"):
        RNNRegressor().set_params(init__spectral_radius=0.9)
    with pytest.raises(ValueError, match="solver='adamx' has no parameters"):
        RNNRegressor(solver="adamx").set_params(solver__learning_rate=0.1)
