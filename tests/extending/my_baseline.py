"""A baseline of one's own: it stands in every table, and is not ranked among the learners.

reservoirs-bench run smoke --plugin my_baseline.py -m seasonal -m esn
"""

import numpy as np

from benchmarks import Method, Simulation, Split


class Seasonal:
    """The value one period ago; the period is the highest peak of the autocorrelation."""

    n_weights = 1

    def fit(self, X, y):
        """Find the period, in steps."""
        self.n_outputs = y.shape[1]
        x = y[:, 0] - y[:, 0].mean()
        power = np.abs(np.fft.rfft(x, 2 * len(x))) ** 2
        correlation = np.fft.irfft(power)[: len(x) // 2]
        below = np.flatnonzero(correlation < 0)  # from here on the peak at lag 0 is over
        first = below[0] if len(below) else 1
        self.period = first + np.argmax(correlation[first:])
        return self

    def predict(self, X, *, context):
        """Return the value one period before the next row, for every row of X."""
        rows = np.vstack([context, X])[:, : self.n_outputs]  # known inputs come after those
        last = len(context) + np.arange(len(X))
        return rows[np.maximum(last + 1 - self.period, 0)]

    def forecast(self, n_steps, *, context, exog):
        """Repeat the last period."""
        return np.resize(context[-self.period :], (n_steps, context.shape[1]))


METHODS = [
    Method(
        "seasonal",
        "Seasonal: one period ago",
        lambda settings, task, data, seed: Seasonal(),
        kind="baseline",
        colour="#777777",
        line=":",
        kinds=(Split,),
        supports=lambda task: "nothing is observed" if issubclass(task.kind, Simulation) else "",
    )
]
