import numpy as np
import pytest

from reservoirs import Reservoir

INPUT = np.random.default_rng(0).uniform(-1, 1, size=(800, 1))
INPUT.setflags(write=False)


@pytest.fixture
def driving():
    """Return an input, (800, 1), uniform in [-1, 1]."""
    return INPUT


@pytest.fixture
def draw_reservoir():
    """Return a function of settings to a reservoir of 40 units that is driven strongly."""

    def draw(**settings):
        defaults = {
            "n_units": 40,
            "spectral_radius": 0.9,
            "leak_rate": 1.0,
            "input_scaling": 1.0,
            "bias_scaling": 0.5,
            "random_state": 0,
        }
        return Reservoir(**{**defaults, **settings}).fit(INPUT)

    return draw
