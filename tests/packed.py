"""Reservoirs packed for the compiled loops, beside the matrices that they are."""

import numpy as np

from reservoirs.compiled.storage import pack_weights
from reservoirs.topology import draw

INPUTS = np.random.default_rng(0).normal(size=(60, 3))


def weights(n_units, dtype=np.float64, leak_rate=0.3):
    rng = np.random.default_rng(n_units)
    W = draw("random", n_units, degree=5, seed=n_units)
    W_in, bias = rng.normal(size=(n_units, 3)), rng.normal(size=n_units)
    return W.toarray(), W_in, bias, pack_weights(W, W_in, bias, leak_rate=leak_rate, dtype=dtype)


def matrix(kind, n_units):
    rng = np.random.default_rng(1)
    if kind == "dense":
        return rng.normal(size=(n_units, n_units)) / n_units
    if kind == "lonely row":
        first = np.diag([0.5] + [0.0] * (n_units - 1))
        return first + np.eye(n_units, k=3) * rng.normal(size=n_units)
    return draw(kind, n_units, degree=4, seed=1).toarray()
