"""How the units of a reservoir move along the training series, and a warning where they do not."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from reservoirs import compiled
from reservoirs.sequences import Array

SATURATED = 0.95  # size of a state, or root mean square of a unit, that is as good as 1
MOSTLY = 0.65  # share of the rows in which a saturated unit is beyond that size
NEARLY_ALL = 0.75  # units of which that is said: of Lorenz as it is, forecast well, half are so
FEWEST = 75  # rows from which on something is said: three quarters of 100
OVERDRIVEN = 10.0  # root mean square of W_in u: of a sine beyond 2, where tanh is 0.96, for 91 %
STILL = 1e-3  # deviation of a unit that hardly moves


TAIL = 1000  # training rows kept at most
TAIL_SIZE = 4096  # numbers in them


@dataclass(frozen=True)
class TrainingActivity:
    """How the units moved along the training series, and the inputs that moved them.

    The first quarter of every block of 1024 rows is left out.

    Attributes
    ----------
    n_rows : int
        Rows looked at.
    saturated : float
        Share of the states that were beyond 0.95 in size.
    still : float
        Share of the units that deviated by less than 0.001.
    input_mean : array of shape (n_features,)
        Mean of every input.
    input_deviation : array of shape (n_features,)
        Standard deviation of every input.
    tail : array of shape (n_kept, n_features)
        The last training rows: 1000, of many features fewer.
    """

    n_rows: int
    saturated: float
    still: float
    input_mean: Array
    input_deviation: Array
    tail: Array


def last_rows(rows: Array) -> Array:
    """Return a copy of the rows that are kept of a training series."""
    n_kept = min(len(rows), TAIL, max(TAIL_SIZE // rows.shape[1], 1))
    return rows[len(rows) - n_kept :].copy()


class Activity:
    """Sums over the training rows of every unit and every input, about the first of them.

    The centre, (n_units + n_features,), is the first of them; `sums`, (3, n_units + n_features),
    has sums and squares about it, and how often a value was beyond 0.95.
    """

    def __init__(self) -> None:
        self.n_rows = 0
        self.centre: Array = np.zeros(0)
        self.sums: Array = np.zeros((3, 0))

    def add(self, features: Array) -> None:
        """Add the rows of a block but its first quarter, where a start may fade.

        They are [state; input], (n_rows, n_units + n_features), float64.
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

    def summary(self, n_units: int, tail: Array) -> TrainingActivity:
        """Return what is kept of a training.

        The tail, (n_kept, n_features), is the last training rows.
        """
        mean, variance = self.moments()
        return TrainingActivity(
            n_rows=self.n_rows,
            saturated=float(self.sums[2, :n_units].mean() / self.n_rows),
            still=float(np.mean(variance[:n_units] < STILL**2)),
            input_mean=mean[n_units:],
            input_deviation=np.sqrt(variance[n_units:]),
            tail=tail,
        )

    def warn(self, input_weights: Array, name: str) -> bool:
        """Warn if most units saturate, or hardly move, under inputs that are not scaled.

        `input_weights` are W_in, (n_units, n_features), and `name` is the class of the estimator.
        Whether there was something to say is returned.
        """
        n_units = input_weights.shape[0]
        mean, variance = self.moments()
        size = mean**2 + variance
        if self.n_rows < FEWEST or not variance[n_units:].any():  # too few to tell, or constant
            return False
        # a leaky unit whose sign flips is never long at 1, but most of the time near it
        beyond = float(np.mean(self.sums[2, :n_units] > MOSTLY * self.n_rows))
        saturated = float(np.mean(size[:n_units] > SATURATED**2))
        saturated = max(saturated, beyond) if beyond > NEARLY_ALL else saturated
        # a leaky unit that a fast signal turns is never near 1, whatever the size of W_in u
        drive = input_weights**2 @ size[n_units:]
        saturated = max(saturated, float(np.mean(drive > OVERDRIVEN**2)))
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
