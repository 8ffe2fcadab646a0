"""A topology of one's own: feedforward layers, each driven by the one before, one ring at the end.

W has a block below the diagonal for every pair of neighbouring layers; only the last layer feeds
back, through a ring, so that the spectral radius is that of the ring.
"""

import numpy as np
import scipy.sparse

from reservoirs.topology import TOPOLOGIES

N_LAYERS = 4


def layered(n_units, degree, rng):
    """Return W, unscaled: unit i of a layer hears `degree` units of the layer before."""
    layers = np.array_split(np.arange(n_units), min(N_LAYERS, n_units))
    W = scipy.sparse.lil_array((n_units, n_units))
    for before, layer in zip(layers, layers[1:], strict=False):
        for i in layer:
            heard = rng.choice(before, min(degree, len(before)), replace=False)
            W[i, heard] = rng.uniform(-1, 1, len(heard))
    ring = layers[-1]
    W[ring, np.roll(ring, 1)] = 1.0
    return W.tocsr()


TOPOLOGIES["layered"] = layered  # from here on ESNRegressor(topology="layered") is accepted
