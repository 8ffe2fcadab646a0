"""A driven oscillator and small models that forecast it, for the tests of forecasting."""

from sklearn.base import clone

from reservoirs import ESNRegressor, datasets, next_step
from trainers import RNNRegressor

DATA = datasets.oscillator(700, eta=0.1, force="multi", random_state=0)
S, F = DATA.x[:, None], DATA.force[:, None]
T, N = 400, 50
ESN = ESNRegressor(n_units=40, input_scaling=0.1, leak_rate=0.5, alpha=1e-8, random_state=0)
RNN = RNNRegressor(n_units=8, max_iter=3, truncation=50, dtype="float64", random_state=0)
WINDOWED = RNNRegressor(n_units=8, max_iter=2, window=6, dtype="float64", random_state=0)
MODELS = [ESN, RNN, WINDOWED]


def fitted(model):
    """Return a copy fitted on the first T observations and their forces."""
    return clone(model).fit(*next_step(S[:T], F))
