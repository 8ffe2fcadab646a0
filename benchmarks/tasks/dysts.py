"""Systems of the dysts package: 100 points per period, 1000 to learn from, 200 to forecast.

The protocol of a much-cited study in which echo state networks came out badly; there they saw the
data unscaled. Here each system runs twice, standardised and on its raw scale, with the same search.
LSODA integrates: it agrees with dysts' Radau over 12 periods to 1e-5 and is 100 times as fast.
"""

from __future__ import annotations

import json
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.stats import loguniform

from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.split import Split

PER_PERIOD, N_TRAIN, N_VALID, HORIZON = 100, 800, 200, 200
SEGMENT = N_TRAIN + N_VALID + HORIZON
SEGMENTS = 5  # of one long trajectory
LONG_RUN = 2000  # rows after the last of them


def systems() -> list[str]:
    """Return the names of the continuous systems, none where dysts is not installed."""
    spec = find_spec("dysts")
    if spec is None or not spec.submodule_search_locations:
        return []
    path = Path(spec.submodule_search_locations[0]) / "data" / "chaotic_attractors.json"
    catalogue: dict[str, dict[str, bool]] = json.loads(path.read_text(encoding="utf-8"))
    return sorted(name for name, about in catalogue.items() if not about.get("delay"))


def trajectory(name: str, n_rows: int) -> Array:
    """Return so many rows of a system from the start that dysts gives it, 100 per period.

    The time of a row depends a little on how many there are: dysts divides the time by one less.

    Raises
    ------
    ValueError
        If it diverges.
    """
    import dysts.flows

    flow = getattr(dysts.flows, name)()
    rows = np.asarray(
        flow.make_trajectory(n_rows, resample=True, pts_per_period=PER_PERIOD, method="LSODA")
    )
    if not np.isfinite(rows).all():
        raise ValueError(f"{name} diverges with dysts' own settings")
    return rows


def _system(seed: int, name: str, scaled: bool) -> Split:
    """Return one of five pieces of a trajectory of the system, by the seed."""
    first = SEGMENT * (seed % SEGMENTS)
    return Split(
        trajectory(name, first + SEGMENT)[first:],
        n_train=N_TRAIN,
        n_valid=N_VALID,
        washout=100,
        warm_up=N_TRAIN + N_VALID - 1,
        horizons=(HORIZON,),
        scaled=scaled,
        long_run=trajectory(name, SEGMENT * SEGMENTS + LONG_RUN)[-LONG_RUN:],
    )


# The values that the published study's protocol was repeated with; continuous where it had a grid
SPACE = {
    "input_scaling": [0.03, 0.1, 0.3, 1.0],
    "bias_scaling": [0.0, 1.0],
    "leak_rate": [0.1, 0.3, 0.6, 1.0],
    "spectral_radius": [0.4, 0.9, 1.1],
    "alpha": loguniform(1e-10, 1e-4),
}


def _task(name: str, scaled: bool) -> Task:
    return Task(
        f"dysts_{name}" if scaled else f"dysts_{name}_raw",
        f"dysts: {name}" if scaled else f"dysts: {name}, raw scale",
        partial(_system, name=name, scaled=scaled),
        n_units=500,
        ranking="smape",
        trained_networks=False,
        on_request=True,
        study="dysts",
        space={"esn": SPACE},
        trials=50,
        runs=1,
    )


TASKS = [_task(name, scaled) for name in systems() for scaled in (True, False)]
