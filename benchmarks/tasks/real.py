"""Real series that come inside packages."""

from __future__ import annotations

from functools import partial

from benchmarks.tasks.base import Task
from benchmarks.tasks.kinds import Rolling
from benchmarks.tasks.real_files import FILES, FRESH, RealFile
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


def _rolling(seed: int, file: RealFile) -> Rolling:
    """Four forecasts from the end of a file backwards, the same for every seed."""
    return Rolling(file.load(), file.season, file.horizon)


def _task(file: RealFile, study: str) -> Task:
    season = f"season {file.season}" if file.season > 1 else "no season"
    return Task(
        f"real_{file.name}",
        file.title,
        partial(_rolling, file=file),
        kind=Rolling,
        note=f"from {file.package} (extra real-data); {season}, {file.horizon} steps ahead",
        ranking="relative_rmse",
        study=study,
        tuned=False,
        most_seeds=1,
    )


TASKS = [
    *(_task(file, "real") for file in FILES),
    *(_task(file, "real-fresh") for file in FRESH),
    Task(
        "sunspots",
        "Yearly sunspot numbers",
        _sunspots,
        n_units=100,
        fixed={"esn": {"alpha": "closed_loop"}},
        note="real data from statsmodels (extra real-data); alpha is chosen by closed loops",
    ),
]
