"""A small network and its data, which the tests of the trainers share."""

import numpy as np
from sklearn.base import clone

from trainers import RNNRegressor, solvers
from trainers.training.solvers import resolve
from trainers.training.used import OPTIONAL

X = np.random.default_rng(0).uniform(-1, 1, size=(240, 2))
Y = 0.5 * X[:, :1] - np.vstack([np.zeros((1, 1)), X[:-1, 1:]])
SMALL = RNNRegressor(
    n_units=8, max_iter=4, truncation=30, learning_rate=0.02, dtype="float64", random_state=0
)
SOLVERS = sorted(solvers.SOLVERS)


def fitted(X=X, Y=Y, **settings):
    """Return the small network with other settings, fitted."""
    return suited(clone(SMALL).set_params(**settings)).fit(X, Y)


def suited(model):
    """Return the network, what its solver does not use at the defaults."""
    if isinstance(model.solver, str) and model.solver not in solvers.SOLVERS:
        return model
    defaults = type(model)().get_params(deep=False)
    unused = OPTIONAL - resolve(model.solver).uses
    return model.set_params(**{name: defaults[name] for name in unused & defaults.keys()})
