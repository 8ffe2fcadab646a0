"""A driven oscillator and small models that forecast it, for the tests of forecasting."""

from importlib.util import find_spec

import pytest
from sklearn.base import clone

from reservoirs import ESNRegressor, datasets, next_step

DATA = datasets.oscillator(700, eta=0.1, force="multi", random_state=0)
S, F = DATA.x[:, None], DATA.force[:, None]
T, N = 400, 50
ESN = ESNRegressor(n_units=40, input_scaling=0.1, leak_rate=0.5, alpha=1e-8, random_state=0)
MODELS = {"esn": ESN}
if find_spec("torch"):  # the core's tests run without it
    from trainers import RNNRegressor

    small = {"n_units": 8, "dtype": "float64", "random_state": 0}
    MODELS["rnn"] = RNNRegressor(max_iter=3, truncation=50, **small)
    MODELS["window"] = RNNRegressor(max_iter=2, window=6, **small)
each_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def fitted(model):
    """Return a copy fitted on the first T observations and their forces."""
    return clone(model).fit(*next_step(S[:T], F))
