"""Activations of the units: by name, or a function of one number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reservoirs import compiled
from reservoirs.compiled.storage import RELU, Activation
from reservoirs.sequences import Array

Function = Callable[[float], float]
ACTIVATIONS: dict[str, Activation] = {"tanh": False, "identity": True, "relu": RELU}
STEP = 1e-6  # of the differences that a slope is taken from


def pack_activation(activation: str | Function, dtype: str) -> Activation:
    """Return an activation as the compiled loops read it.

    A ValueError is raised for a function that numba cannot compile.
    """
    if isinstance(activation, str):
        return ACTIVATIONS[activation]
    return compiled.activations.compile_activation(activation, dtype)


def slopes_of(function: Function, z: Array) -> Array:
    """Return the derivative of a function of one number at every z."""
    each = np.vectorize(getattr(function, "py_func", function), otypes=[np.float64])
    slopes: Array = (each(z + STEP) - each(z - STEP)) / (2 * STEP)
    return slopes
