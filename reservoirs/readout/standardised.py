"""Features on one scale, so that a penalty counts alike on all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from reservoirs.readout.solved import EPSILON, Readout
from reservoirs.sequences import Array

Block = tuple[Array, Array]  # features (n_rows, n_features), targets (n_rows, n_outputs)


def feature_scale(blocks: Iterable[Block], weigh: Callable[[Array], Array] | None) -> Array:
    """Return the standard deviation of every feature, 1 of one that is constant.

    `weigh` makes of the targets of some rows what each counts; None: 1.
    """
    total, mean, squares = 0.0, np.zeros(1), np.zeros(1)
    for features, targets in blocks:
        weights = np.ones(len(features)) if weigh is None else weigh(targets)
        if not (count := float(weights.sum())):
            continue
        own = weights @ features / count
        spread = weights @ np.square(features - own)
        # two sets of rows, each about its own mean, about the mean of both
        apart, both = own - mean, total + count
        squares = squares + spread + np.square(apart) * (total * count / both)
        mean, total = mean + apart * (count / both), both
    scale = np.sqrt(squares / total)
    constant = scale <= 10 * EPSILON * np.abs(mean)
    return np.where(constant, 1.0, scale)


def scaled(blocks: Callable[[], Iterable[Block]], scale: Array) -> Callable[[], Iterator[Block]]:
    """Return what yields the blocks with every feature divided by its scale, (n_features,)."""

    def divided() -> Iterator[Block]:
        for features, targets in blocks():
            yield features / scale, targets

    return divided


def unscaled(readout: Readout, scale: Array) -> Readout:
    """Return the readout of the features as they were, before they were divided by their scale."""
    return replace(
        readout,
        coefficients=readout.coefficients / scale,
        feature_mean=readout.feature_mean * scale,
    )
