"""Real series that come inside packages."""

from __future__ import annotations

from benchmarks.tasks.base import Split, Task
from reservoirs import datasets


def _sunspots(seed: int) -> Split:
    """Yearly sunspot numbers 1700-2008, the last 40 years forecast."""
    values = datasets.sunspots()[:, None]
    return Split(
        series=values,
        exog=None,
        n_train=209,
        n_valid=59,
        n_watched=59,
        washout=10,
        warm_up=60,
        horizons=(11, 40),
        dt=1.0,
    )


TASKS = [
    Task(
        "sunspots",
        "Yearly sunspot numbers",
        _sunspots,
        n_units=100,
        tuned_like="sine_noisy_0.1",
        note="real data from statsmodels (extra real-data)",
    ),
]
