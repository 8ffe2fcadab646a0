"""What is tried on one series: transforms, what is read, the horizon of the loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reservoirs.forecaster.branch import Inputs
from reservoirs.forecaster.transforms import Transform, possible_transforms
from reservoirs.sequences import Array

BASELINES = ("seasonal_naive", "persistence")
SHORTEST, LONGEST = 8, 100  # horizons, unless one is asked for
MOST_LAGS, MOST_HARMONICS = 60, 6


@dataclass(frozen=True)
class Plan:
    """What is tried on one series.

    Attributes
    ----------
    transforms : list of Transform
        Of the series.
    inputs : list of Inputs
        What is read beside the states.
    baselines : dict of str to int
        Name of each baseline, and how many of the last values it repeats.
    season : int
        Steps of a season, 1 where there is none or the series is too short for one.
    horizon : int
        Steps of the loops that are compared.
    margin : float
        How far outputs may leave the range of the transformed series, in ranges.
    best_only : bool
        Whether the best way is taken in place of all, weighed.
    missing : array of shape (n_rows,) of bool
        Rows of the series that were filled, which no loop is compared along.
    """

    transforms: list[Transform]
    inputs: list[Inputs]
    baselines: dict[str, int]
    season: int
    horizon: int
    margin: float
    best_only: bool
    missing: Array

    def comparable(self, origins: Array, length: int) -> Array:
        """Return those last known rows that no filled row follows soon; all where one does each."""
        ahead = self.missing[np.add.outer(origins, 1 + np.arange(length))].any(axis=1)
        return origins if ahead.all() else origins[~ahead]


def choose_horizon(n_rows: int, season: int, horizon: int | None) -> int:
    """Return the steps of the loops that are compared.

    Raises
    ------
    ValueError
        If the series is too short for one.
    """
    chosen = horizon or int(np.clip(max(season, n_rows // 20), SHORTEST, LONGEST))
    if horizon is None and n_rows < chosen + chosen // 2 + 4:
        chosen = max((n_rows - 4) * 2 // 3, 1)
    shortest = chosen + chosen // 2 + 4
    if n_rows < shortest:
        raise ValueError(
            f"a series of {n_rows} rows is too short to compare forecasts of {chosen} steps, which "
            f"needs {shortest}; lower horizon or pass a longer series"
        )
    return chosen


def choose_transforms(y: Array, season: int, horizon: int, transforms: str) -> list[Transform]:
    """Return the transforms of a series, (n, n_outputs), that are tried."""
    possible = possible_transforms(y, season, horizon)
    return possible if transforms == "auto" else possible[:1]


def choose_inputs(
    shape: tuple[int, ...], season: int, n_lags: int | str, n_harmonics: int | str
) -> list[Inputs]:
    """Return what is read beside the states, of a series of a shape (n, n_outputs)."""
    most = max(shape[0] // (5 * shape[1]), 1)
    lags = min(season + 1, most, MOST_LAGS) if n_lags == "auto" else min(int(n_lags), most)
    waves = min(season // 2, MOST_HARMONICS) if n_harmonics == "auto" else int(n_harmonics)
    ways = [Inputs()]
    if lags and (season > 1 or n_lags != "auto"):
        ways.append(Inputs(lags, season, waves if season > 1 else 0))
    return ways


def choose_baselines(baselines: list[str], season: int) -> dict[str, int]:
    """Return how many of the last values each baseline repeats.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    lags = dict(zip(BASELINES, (season, 1), strict=True))
    unknown = set(baselines) - set(lags)
    if unknown:
        raise ValueError(f"baselines must be of {BASELINES}, got {sorted(unknown)[0]!r}")
    # without a season it repeats the last value too
    return {name: lags[name] for name in baselines if season > 1 or name != BASELINES[0]}
