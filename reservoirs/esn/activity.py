"""How the units of a reservoir move along the training series, and a warning where they do not."""

from __future__ import annotations

import warnings

import numpy as np

from reservoirs import compiled
from reservoirs.sequences import Array

SATURATED = 0.95  # size of a state, or root mean square of a unit, that is as good as 1
FEWEST = 75  # rows from which on something is said: three quarters of 100
STILL = 1e-3  # deviation of a unit that hardly moves


class Activity:
    """Sums over the training rows of every unit and every input, about the first of them.

    Attributes
    ----------
    n_rows : int
        Rows that were summed.
    centre : array of shape (n_units + n_features,)
        The first of them.
    sums : array of shape (3, n_units + n_features)
        Sums and squares about the centre, and how often a value was beyond 0.95.
    """

    def __init__(self) -> None:
        self.n_rows = 0
        self.centre: Array = np.zeros(0)
        self.sums: Array = np.zeros((3, 0))

    def add(self, features: Array) -> None:
        """Add the rows of a block but its first quarter, where a start may fade.

        Parameters
        ----------
        features : array of shape (n_rows, n_units + n_features)
            [state; input], float64.
        """
        first = len(features) // 4
        if not self.n_rows:
            self.centre = features[first].copy()
            self.sums = np.zeros((3, len(self.centre)))
        self.n_rows += len(features) - first
        compiled.moments.add_moves(features, first, SATURATED, self.centre, self.sums)

    def moments(self) -> tuple[Array, Array]:
        """Return mean and variance of every unit and every input."""
        shift = self.sums[0] / self.n_rows
        return self.centre + shift, np.maximum(self.sums[1] / self.n_rows - shift**2, 0.0)

    def warn(self, n_units: int, name: str) -> bool:
        """Warn if most units saturate, or hardly move, under inputs that are not scaled.

        Parameters
        ----------
        n_units : int
            How many columns are units.
        name : str
            Class of the estimator.

        Returns
        -------
        bool
            Whether there was something to say.
        """
        mean, variance = self.moments()
        size = mean**2 + variance
        if self.n_rows < FEWEST or not variance[n_units:].any():  # too few to tell, or constant
            return False
        saturated = float(np.mean(size[:n_units] > SATURATED**2))
        still = float(np.mean(variance[:n_units] < STILL**2))
        # of scaled inputs this is what input_scaling asks for
        saturated *= bool((size[n_units:] > 3.0**2).any())
        still *= bool((variance[n_units:] < 0.1**2).all())
        if max(saturated, still) <= 0.5:
            return False
        what = "saturate" if saturated > 0.5 else "hardly move"
        warnings.warn(
            f"{max(saturated, still):.0%} of the units {what}: X is too "
            f"{'large' if saturated > 0.5 else 'small'} for input_scaling. Scale it, "
            f"make_pipeline(StandardScaler(), {name}(...)), or change input_scaling",
            UserWarning,
            stacklevel=2,
        )
        return True
