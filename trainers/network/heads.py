"""What the outputs of a network say of each target: its value, its quantiles, its distribution."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtri

from reservoirs.sequences import Array
from trainers.network.losses import (
    LOSSES,
    SMALLEST_LOG_DEVIATION,
    Loss,
    LossFunction,
    function_loss,
    quantile_loss,
)

QUANTILES = (0.05, 0.5, 0.95)
REGRESSION_LOSSES = ("squared_error", "absolute", "huber", "quantile", "gaussian")


@dataclass(frozen=True)
class Head:
    """One output per target, its prediction.

    Attributes
    ----------
    loss : Loss
        The loss of the outputs.
    width : int, default=1
        Outputs per target, side by side.
    """

    loss: Loss
    width: int = 1

    def point(self, outputs: Array) -> Array:
        """Return the predictions, (..., n_targets), of outputs, (..., n_targets * width)."""
        return outputs

    def start(self, mean: Array) -> Array:
        """Return the outputs, (n_targets * width,), for standardised targets of that mean."""
        return mean


class SpreadHead(Head, ABC):
    """Outputs that say how far a target may be from its prediction."""

    @abstractmethod
    def draw(self, outputs: Array, normal: Array) -> Array:
        """Return targets, (..., n_targets), drawn by normal numbers of that shape."""


@dataclass(frozen=True)
class GaussianHead(SpreadHead):
    """The mean of every target and the logarithm of its deviation."""

    width: int = 2

    def point(self, outputs: Array) -> Array:
        """Return the means."""
        return outputs[..., ::2]

    def start(self, mean: Array) -> Array:
        """Return the mean, and 0 for a deviation of 1."""
        return np.stack([mean, np.zeros_like(mean)], axis=-1).ravel()

    def draw(self, outputs: Array, normal: Array) -> Array:
        """Return m + s z."""
        deviation = np.exp(np.maximum(outputs[..., 1::2], SMALLEST_LOG_DEVIATION))
        drawn: Array = outputs[..., ::2] + deviation * normal
        return drawn


@dataclass(frozen=True)
class QuantileHead(SpreadHead):
    """Some quantiles of every target, which are put in order where they cross.

    Their levels increase; the prediction is the middle one.
    """

    levels: tuple[float, ...] = (0.5,)

    def _sorted(self, outputs: Array) -> Array:
        by_target = outputs.reshape(*outputs.shape[:-1], -1, self.width)
        ordered: Array = np.sort(by_target, axis=-1)
        return ordered

    def point(self, outputs: Array) -> Array:
        """Return the middle quantiles."""
        return self._sorted(outputs)[..., self.width // 2]

    def start(self, mean: Array) -> Array:
        """Return the quantiles of a normal distribution."""
        quantiles: Array = (mean[:, None] + ndtri(self.levels)).ravel()
        return quantiles

    def draw(self, outputs: Array, normal: Array) -> Array:
        """Return the quantiles at a normal number z, linear in z between two levels and beyond."""
        z, values = ndtri(self.levels), self._sorted(outputs)
        if self.width == 1:
            return values[..., 0]
        right = np.clip(np.searchsorted(z, normal), 1, self.width - 1)
        numbers = np.stack([right - 1, right], axis=-1)
        low, high = np.moveaxis(np.take_along_axis(values, numbers, -1), -1, 0)
        share = (normal - z[right - 1]) / (z[right] - z[right - 1])
        drawn: Array = low + share * (high - low)
        return drawn


HEADS = {  # made once: a closed loop asks at every step
    **{name: Head(LOSSES[name]) for name in ("squared_error", "absolute", "huber")},
    "gaussian": GaussianHead(LOSSES["gaussian"]),
}


def make_head(loss: str | LossFunction, quantiles: Sequence[float]) -> Head:
    """Return the head of a loss: a key of `HEADS`, "quantile" or a function.

    Raises
    ------
    ValueError
        For quantiles that are not shares in (0, 1) in increasing order, an odd number of them.
    """
    if isinstance(loss, str) and loss in HEADS:
        return HEADS[loss]
    if not isinstance(loss, str):
        return Head(function_loss(loss))
    return _quantile_head(tuple(float(level) for level in quantiles))


@cache
def _quantile_head(levels: tuple[float, ...]) -> QuantileHead:
    between = all(0 < level < 1 for level in levels)
    if not between or len(levels) % 2 == 0 or list(levels) != sorted(set(levels)):
        raise ValueError(
            "quantiles must be an odd number of shares in (0, 1) in increasing order, the middle "
            f"one is predicted, (.05, .5, .95) say; got {levels}"
        )
    return QuantileHead(quantile_loss(levels), len(levels), levels)
