"""Context parroting, a control on chaotic tasks: what followed the past rows nearest to now."""

from __future__ import annotations

from typing import Self

import numpy as np

from benchmarks.methods.base import Method
from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Attractor, Reconstruction
from benchmarks.tasks.split import Split

N_MATCHED = 10  # rows that are compared
STUDIES = ("dysts", "noise", "reconstruction")  # of chaotic systems


class Parroting:
    """Repeat what followed the past rows that are nearest to the last ones.

    The past are the training rows, or the context where that is longer. Pieces of ten rows are
    compared by the sum of squared differences. One that ends too near the end to be followed by
    the whole forecast is taken only where half of the past is no longer than the forecast.

    References
    ----------
    Zhang & Gilpin (2025), Context parroting: a simple but tough-to-beat baseline for foundation
    models in scientific machine learning.
    """

    n_weights = 0

    def fit(self, X: Array, y: Array) -> Self:
        """Remember the series."""
        self.series = np.vstack([X[:1, : y.shape[1]], y])
        return self

    def predict(self, X: Array, *, context: Array) -> Array:
        """Return what followed the pieces nearest to those that end with every row."""
        n_outputs = self.series.shape[1]
        rows = np.vstack([context[:, :n_outputs], X[:, :n_outputs]])
        ends = range(len(context), len(rows))
        return np.vstack([self._continue(self.series, rows[: end + 1], 1) for end in ends])

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Copy as many rows as there are, and look again from there until there are enough."""
        # a context that is longer goes on where the training rows end
        series, stop = max((self.series, context), key=len), len(context) + n_steps
        rows = context
        while len(rows) < stop:
            rows = np.vstack([rows, self._continue(series, rows, stop - len(rows))])
        return rows[len(context) :]

    @staticmethod
    def _continue(series: Array, recent: Array, n_steps: int) -> Array:
        """Return up to so many rows that followed the best match in the series."""
        n_matched = min(N_MATCHED, len(recent), len(series) // 2)
        last = len(series) - min(n_steps, len(series) // 2)  # pieces end before it
        sought = recent[len(recent) - n_matched :]
        # |a - b|^2 of every row with every row sought, summed along the diagonals
        products = series[:last] @ sought.T
        sizes = (series[:last] ** 2).sum(axis=1)
        distances = np.zeros(last - n_matched + 1)
        for k in range(n_matched):
            rows = slice(k, k + len(distances))
            distances += sizes[rows] - 2.0 * products[rows, k]
        end = int(np.argmin(distances)) + n_matched
        return series[end : end + n_steps]


def _is_chaotic(task: Task) -> str:
    chaotic = task.study in STUDIES or issubclass(task.kind, Attractor)
    return "" if chaotic else "it is a control of forecasts of chaos"


METHODS = [
    Method(
        "parroting",
        "Parroting, what followed the nearest rows",
        lambda settings, task, data, seed: Parroting(),
        kind="baseline",
        colour="#999999",
        line=(0, (5, 1)),
        marker="v",
        kinds=(Split, Attractor, Reconstruction),
        supports=_is_chaotic,
    ),
]
