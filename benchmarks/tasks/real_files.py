"""Real series that other packages ship (the extra `real-data`): where they lie, season, horizon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.tasks.data import Array

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class RealFile:
    """A real series: a name, a title for people, the package, how it is read, season, horizon."""

    name: str
    title: str
    package: str
    read: Callable[[], Array]
    season: int
    horizon: int

    def load(self) -> Array:
        """Return the series, (n_rows,), without the missing values at its ends.

        Raises
        ------
        ImportError
            If its package is not installed.
        """
        try:
            values = np.asarray(self.read(), dtype=np.float64)
        except ImportError as error:
            raise ImportError(
                f"{self.name} comes with {self.package}: pip install 'reservoirs[real-data]'"
            ) from error
        known = np.flatnonzero(np.isfinite(values))
        return values[known[0] : known[-1] + 1]


def _table(package: str, path: str) -> pandas.DataFrame:
    """Return a table that a package ships, without importing the package."""
    import pandas

    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(package)
    return pandas.read_csv(Path(spec.submodule_search_locations[0]) / path)


def _column(package: str, path: str, column: str, first: int | None = None) -> Array:
    """Return a column of such a table, of its first rows."""
    return _table(package, path)[column].to_numpy()[:first]


def _called(function: str, first: int | None = None) -> Array:
    """Return what a function of pmdarima's data sets returns, its first values."""
    return getattr(import_module("pmdarima.datasets"), function)()[:first]


def _elnino() -> Array:
    """Return the months of all years in a line, without those that are missing."""
    months = _table("statsmodels", "datasets/elnino/elnino.csv").iloc[:, 1:].to_numpy().ravel()
    return months[np.isfinite(months.astype(np.float64))]


def _co2() -> Array:
    """Return monthly means of weekly values, gaps filled by straight lines."""
    weeks = _table("statsmodels", "datasets/co2/co2.csv")
    series = weeks.set_index(weeks["date"].astype(str).astype("datetime64[ns]"))["co2"]
    return series.resample("MS").mean().interpolate().to_numpy()


def _elec_equip() -> Array:
    return _table("statsmodels", "datasets/elec_equip/elec_equip.csv").iloc[:, -1].to_numpy()


_sktime = partial(_column, "sktime")
_statsmodels = partial(_column, "statsmodels")
_vega = partial(_column, "vega_datasets")
_macro = partial(_statsmodels, "datasets/macrodata/macrodata.csv")
_jobs = partial(_vega, "_data/us-employment.csv")

FILES = [
    RealFile(
        "airline",
        "Airline passengers, monthly",
        "sktime",
        partial(_sktime, "datasets/data/Airline/Airline.csv", "Passengers"),
        12,
        12,
    ),
    RealFile("lynx", "Lynx trapped, yearly", "pmdarima", partial(_called, "load_lynx"), 10, 10),
    RealFile(
        "sunspots",
        "Sunspots, yearly",
        "statsmodels",
        partial(_statsmodels, "datasets/sunspots/sunspots.csv", "SUNACTIVITY"),
        11,
        11,
    ),
    RealFile("co2", "CO2 in the air, monthly", "statsmodels", _co2, 12, 24),
    RealFile("elnino", "Sea temperature of El Nino, monthly", "statsmodels", _elnino, 12, 12),
    RealFile(
        "nile",
        "Flow of the Nile, yearly",
        "statsmodels",
        partial(_statsmodels, "datasets/nile/nile.csv", "volume"),
        1,
        8,
    ),
    RealFile("gdp", "Real GDP, quarterly", "statsmodels", partial(_macro, "realgdp"), 4, 8),
    RealFile("infl", "Inflation, quarterly", "statsmodels", partial(_macro, "infl"), 4, 8),
    RealFile("unemp", "Unemployment, quarterly", "statsmodels", partial(_macro, "unemp"), 4, 8),
    RealFile(
        "seatbelts",
        "Killed and injured on roads, monthly",
        "sktime",
        partial(_sktime, "datasets/data/seatbelts/seatbelts.csv", "KSI"),
        12,
        12,
    ),
    RealFile(
        "jobs",
        "Jobs in construction, monthly",
        "vega_datasets",
        partial(_jobs, "construction"),
        12,
        12,
    ),
    RealFile(
        "temps",
        "Temperature in Seattle, hourly",
        "vega_datasets",
        partial(_vega, "_data/seattle-temps.csv", "temp", 1200),
        24,
        24,
    ),
    RealFile(
        "weather",
        "Warmest of the day in Seattle",
        "vega_datasets",
        partial(_vega, "_data/seattle-weather.csv", "temp_max"),
        365,
        14,
    ),
    RealFile(
        "taylor",
        "Demand of electricity, half-hourly",
        "pmdarima",
        partial(_called, "load_taylor", 1344),
        48,
        48,
    ),
    RealFile("elec_equip", "Electrical equipment, monthly", "statsmodels", _elec_equip, 12, 12),
]
# named in docs/benchmarks.md before anybody looked at their numbers
FRESH = [
    RealFile("wine", "Wine sales, monthly", "pmdarima", partial(_called, "load_wineind"), 12, 12),
    RealFile(
        "beer", "Production of beer, quarterly", "pmdarima", partial(_called, "load_ausbeer"), 4, 8
    ),
    RealFile(
        "sf_temps",
        "Temperature in San Francisco, hourly",
        "vega_datasets",
        partial(_vega, "_data/sf-temps.csv", "temp", 1200),
        24,
        24,
    ),
    RealFile(
        "leisure",
        "Jobs in leisure, monthly",
        "vega_datasets",
        partial(_jobs, "leisure_and_hospitality"),
        12,
        12,
    ),
    RealFile(
        "tbill", "Treasury bills, quarterly", "statsmodels", partial(_macro, "tbilrate"), 4, 8
    ),
    RealFile(
        "production",
        "Growth of production, quarterly",
        "sktime",
        partial(_sktime, "datasets/data/Uschange/Uschange.csv", "Production"),
        4,
        8,
    ),
]
