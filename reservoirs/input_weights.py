"""Input weights W_in and bias b: drawn, or given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse

from reservoirs.sequences import Array
from reservoirs.topology import Sparse


def draw_input_weights(
    scaling: ArrayLike | Sparse, shape: tuple[int, int], rng: np.random.Generator
) -> Array:
    """Draw input weights, uniform on (-scaling, scaling).

    `scaling` is a number, one per feature, or W_in itself, of the shape (n_units, n_features).

    Raises
    ------
    ValueError
        If the scaling has another shape, or holds NaN.
    """
    setting: Any = scaling
    sizes = np.asarray(setting.toarray() if issparse(setting) else setting, dtype=np.float64)
    if not np.isfinite(sizes).all():
        raise ValueError("input_scaling must be finite, got NaN or infinity")
    if sizes.shape == shape:
        return sizes.copy()
    if sizes.shape not in {(), shape[1:]}:
        raise ValueError(
            f"input_scaling must be a number, one number per feature {shape[1:]}, or W_in "
            f"itself with shape {shape}, got shape {sizes.shape}"
        )
    return sizes * rng.uniform(-1, 1, shape)


def draw_bias(scaling: ArrayLike, n_units: int, rng: np.random.Generator) -> Array:
    """Draw a bias, uniform on (-scaling, scaling).

    `scaling` is a number, or b itself.

    Raises
    ------
    ValueError
        If the scaling has another shape, or holds NaN.
    """
    size = np.asarray(scaling, dtype=np.float64)
    if size.shape not in {(), (n_units,)} or not np.isfinite(size).all():
        raise ValueError(
            f"bias_scaling must be a number, or b itself with shape ({n_units},), finite; "
            f"got shape {size.shape}"
        )
    return size.copy() if size.ndim else size * rng.uniform(-1, 1, n_units)
