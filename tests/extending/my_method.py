"""A method of one's own: any model with fit, predict and forecast.

reservoirs-bench run smoke --plugin my_method.py -m analogue -m esn
"""

import numpy as np
from scipy.spatial import KDTree

from benchmarks import Method, Split


class Analogue:
    """What came after the most similar past comes again (Lorenz 1969)."""

    def __init__(self, n_lags):
        self.n_lags = n_lags

    def fit(self, X, y):
        """Store the last n_lags rows before every target."""
        self.targets = y[self.n_lags - 1 :]
        self.pasts = KDTree(self._pasts(X))
        self.n_weights = self.targets.size
        return self

    def _pasts(self, rows):
        """Put the last n_lags rows side by side, for every row that has as many."""
        windows = np.lib.stride_tricks.sliding_window_view(rows, self.n_lags, axis=0)
        return windows.reshape(len(windows), -1)

    def predict(self, X, *, context):
        """Return the next value for every row of X, the context before it."""
        rows = np.vstack([context[-self.n_lags + 1 :], X])
        _, nearest = self.pasts.query(self._pasts(rows))
        return self.targets[nearest]

    def forecast(self, n_steps, *, context, exog):
        """Feed every prediction back as the next observation."""
        rows = context
        for n_rows in range(len(context), len(context) + n_steps):
            X = rows if exog is None else np.hstack([rows, exog[:n_rows]])
            rows = np.vstack([rows, self.predict(X[-1:], context=X[:-1])])
        return rows[len(context) :]


def build(settings, task, data, seed):
    """Return a model for standardised data; one that draws weights takes the seed."""
    return Analogue(**settings)


METHODS = [
    Method(
        "analogue",
        "Nearest analogue",
        build,
        defaults={"n_lags": 10},
        space={"n_lags": [5, 10, 20, 40]},  # what `reservoirs-bench tune` tries
        colour="#882255",
        kinds=(Split,),  # a Simulation is one too
    )
]
