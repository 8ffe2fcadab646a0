"""Logarithms and differences of a series, and the way back to its levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reservoirs.sequences import Array


@dataclass(frozen=True)
class Transform:
    """A logarithm, differences of some lags, both or neither.

    z[t] = (1 - B^l1) (1 - B^l2) ... g[t],  g = log y or y,  B the shift by one step

    Attributes
    ----------
    lags : tuple of int
        l1, l2, ...: the lag of each difference.
    log : bool
        Whether the logarithm comes first.
    """

    lags: tuple[int, ...] = ()
    log: bool = False

    @property
    def name(self) -> str:
        """Return what it is called in tables: "log d12 d1", say."""
        words = ["log"] * self.log + [f"d{lag}" for lag in self.lags]
        return " ".join(words) or "identity"

    @property
    def reach(self) -> int:
        """Earlier levels that a value depends on."""
        return sum(self.lags)

    @property
    def weights(self) -> Array:
        """Return a with g[t] = z[t] + a[0] g[t-1] + a[1] g[t-2] + ..., (reach,)."""
        polynomial = np.ones(1)
        for lag in self.lags:
            polynomial = np.convolve(polynomial, [1.0, *[0.0] * (lag - 1), -1.0])
        return -polynomial[1:]

    def levels(self, y: Array) -> Array:
        """Return g."""
        return np.log(y) if self.log else y

    def back(self, levels: Array) -> Array:
        """Return values of the series from g; infinite where they explode."""
        with np.errstate(over="ignore"):  # what explodes weighs nothing, or is held
            return np.exp(levels) if self.log else levels

    def forward(self, y: Array) -> Array:
        """Return z without its first `reach` rows, which have no value."""
        values = self.levels(y)
        for lag in self.lags:
            values = values[lag:] - values[:-lag]
        return values


def possible_transforms(y: Array, season: int, horizon: int) -> list[Transform]:
    """Return the transforms that a series is long and positive enough for."""
    lags: list[tuple[int, ...]] = [(), (1,)]
    if season > 1 and len(y) >= 3 * season + horizon:
        lags += [(season,), (season, 1)]
    logs = [False, True] if (y > 0).all() else [False]
    return [Transform(of_one, log) for log in logs for of_one in lags]
