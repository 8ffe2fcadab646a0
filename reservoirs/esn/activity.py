"""How the units of a reservoir move along the training series, and a warning where they do not."""

from __future__ import annotations

import warnings

import numpy as np

from reservoirs.sequences import Array

EVERY = 16  # rows of which one is looked at
SATURATED = 0.95  # root mean square of a unit that is as good as constant, at +-1
FEWEST = 100  # training rows from which on something is said
STILL = 1e-3  # deviation of a unit that hardly moves


class Activity:
    """Sums and squares of every unit over some of the training rows, about the first of them."""

    def __init__(self) -> None:
        self.n_rows = 0
        self.centre: Array = np.zeros(())
        self.sums: Array = np.zeros(())
        self.squares: Array = np.zeros(())

    def add(self, states: Array) -> None:
        """Look at every sixteenth row of a block but its first quarter, where a start may fade.

        Parameters
        ----------
        states : array of shape (n_rows, n_units)
            The states of a block.
        """
        rows = states[len(states) // 4 :: EVERY].astype(np.float64)
        if not self.n_rows:
            self.centre = rows[0]
        self.n_rows += len(rows)
        self.sums = self.sums + (rows - self.centre).sum(axis=0)
        self.squares = self.squares + np.square(rows - self.centre).sum(axis=0)

    def warn(self, inputs: Array, name: str) -> None:
        """Warn if most units saturate, or hardly move, under inputs that are not scaled.

        Parameters
        ----------
        inputs : array of shape (n_rows, n_features)
            The training rows.
        name : str
            Class of the estimator.
        """
        if len(inputs) < FEWEST or not inputs.std(axis=0).any():  # too few to tell, or constant
            return
        shift = self.sums / self.n_rows
        variance = self.squares / self.n_rows - shift**2
        saturated = float(np.mean((self.centre + shift) ** 2 + variance > SATURATED**2))
        still = float(np.mean(variance < STILL**2))
        # of scaled inputs this is what input_scaling asks for
        saturated *= bool((np.abs(inputs[::EVERY]).mean(axis=0) > 3.0).any())
        still *= bool((inputs[::EVERY].std(axis=0) < 0.1).all())
        if max(saturated, still) <= 0.5:
            return
        what = "saturate" if saturated > 0.5 else "hardly move"
        warnings.warn(
            f"{max(saturated, still):.0%} of the units {what}: X is too "
            f"{'large' if saturated > 0.5 else 'small'} for input_scaling. Scale it, "
            f"make_pipeline(StandardScaler(), {name}(...)), or change input_scaling",
            UserWarning,
            stacklevel=2,
        )
