"""Real series that come inside packages."""

from __future__ import annotations

from benchmarks.tasks.base import Task
from benchmarks.tasks.split import Split
from reservoirs import datasets


def _sunspots(seed: int) -> Split:
    """Yearly sunspot numbers 1700-2008, the last 40 years forecast."""
    values = datasets.sunspots()[:, None]
    return Split(
        series=values,
        n_train=209,
        n_valid=59,
        n_monitored=59,
        washout=10,
        warm_up=60,
        horizons=(11, 40),
    )


TASKS = [
    Task(
        "sunspots",
        "Yearly sunspot numbers",
        _sunspots,
        n_units=100,
        settings_from="sine_noisy_0.1",
        note="real data from statsmodels (extra real-data)",
    ),
]
