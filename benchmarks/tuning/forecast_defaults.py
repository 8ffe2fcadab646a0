"""The study of the defaults by what users do first: forecasts in a closed loop.

Settings of `ESNRegressor` are compared on chaos, all columns or one of them, on driven oscillators
and sines, with and without noise, and on real files, cut before the rows that the suite `real`
judges. Each is fitted once before every one of four origins, or once and started from contexts
where the series is long. It is stored: `study/forecasts.json` in the archive of the source tree.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import rankdata

from benchmarks.cells.archive import read_archive
from benchmarks.cells.files import replace_file
from benchmarks.cells.processes import fork_server
from benchmarks.protocols.divergence import watch_bounds
from benchmarks.tasks.base import Settings
from benchmarks.tasks.data import Array
from benchmarks.tasks.real_files import FILES, RealFile
from reservoirs import ESNRegressor, datasets, next_step

FILE = "study/forecasts.json"
N_ROWS = 2000  # that a long series is learned from
N_ORIGINS = 4
CONTEXT = 300
LARGEST = 10.0  # error of one forecast at most, in deviations: none decides alone
SEED = 900_500  # of data and models, used by no search and no test


class Series(NamedTuple):
    """One series: what is learned, (n_rows, n_columns), the truth, the force, the horizon."""

    observed: Array
    truth: Array
    force: Array | None
    horizon: int


def _flow(name: str, dt: float, columns: int, noise: float) -> Series:
    """Return a chaotic flow at 30 rows a Lyapunov time, or near it; three of them are forecast."""
    n_rows = N_ROWS + 100 * N_ORIGINS
    truth = getattr(datasets, name)(n_rows, dt=dt, random_state=SEED)[:, :columns]
    return _noisy(truth, noise, None, 100)


def _noisy(truth: Array, noise: float, force: Array | None, horizon: int) -> Series:
    """Return a series in deviations of its training rows, with noise of so many of them."""
    rows = truth[:N_ROWS]
    truth = (truth - rows.mean(axis=0)) / rows.std(axis=0)
    added = noise * np.random.default_rng(SEED).normal(size=truth.shape)
    return Series(truth + added, truth, force, horizon)


def _mackey_glass(noise: float) -> Series:
    rows = datasets.mackey_glass(N_ROWS + 100 * N_ORIGINS, random_state=SEED)
    return _noisy(np.reshape(rows, (-1, 1)), noise, None, 100)


def _oscillator(force: str, noise: float) -> Series:
    data = datasets.oscillator(N_ROWS + 100 * N_ORIGINS, force=force, random_state=SEED)
    return _noisy(np.column_stack([data.x, data.v]), noise, np.reshape(data.force, (-1, 1)), 100)


def _sine(noise: float) -> Series:
    rows = datasets.sine(N_ROWS + 100 * N_ORIGINS, random_state=SEED).clean
    return _noisy(rows[:, None], noise, None, 100)


FLOWS = {"lorenz63": (0.037, 3), "roessler": (0.47, 3), "double_scroll": (0.26, 3)}
DATA: dict[str, Callable[[], Series]] = {
    f"{name}, {columns} of {n}, noise {noise}": partial(_flow, name, dt, columns, noise)
    for name, (dt, n) in FLOWS.items()
    for columns in (n, 1)
    for noise in (0.0, 0.05)
}
for level in (0.0, 0.05):
    DATA[f"mackey_glass, noise {level}"] = partial(_mackey_glass, level)
    DATA[f"sine, noise {level}"] = partial(_sine, level)
    for force_name in ("multi", "hold"):
        DATA[f"oscillator, {force_name}, noise {level}"] = partial(_oscillator, force_name, level)
REAL = {file.name: file for file in FILES}


def studied_settings() -> list[Settings]:
    """Return the settings compared; `drive` is the rms of W_in u, whatever the number of inputs.

    The first are the defaults of `ESNRegressor`; the last, with penalties chosen by closed loops,
    take too long for a default.
    """
    scales = [{"input_scaling": s} for s in (0.2, 0.1, 0.5, 1.0)]
    scales += [{"drive": r} for r in (0.2, 0.4, 0.6)]
    compared: list[Settings] = [
        {**scale, "alpha": alpha, "readout_features": features}
        for alpha in (1e-6, 1e-4)
        for features in ("state+input", "state")
        for scale in scales
    ]
    chosen = {"alpha": "closed_loop", "readout_features": "state+input"}
    return [*compared, {**scales[0], **chosen}, {**scales[5], **chosen}]


def build(settings: Settings, n_inputs: int) -> ESNRegressor:
    """Return the network of a setting."""
    parameters = dict(settings)
    drive = parameters.pop("drive", None)
    if drive is not None:  # entries uniform on (-s, s) have the variance s^2 / 3
        parameters["input_scaling"] = float(drive) * np.sqrt(3 / n_inputs)
    return ESNRegressor(random_state=SEED, **parameters)


def errors(name: str, settings: Settings) -> tuple[list[float], int]:
    """Return the errors of the forecasts from every origin, and how many met their bound.

    Errors are root mean squares over the horizon, in deviations of the training rows, 10 at most;
    of a real file in those of the seasonal naive forecast.
    """
    warnings.simplefilter("ignore")
    runs = _real_runs(REAL[name], settings) if name in REAL else _runs(DATA[name](), settings)
    found, n_met = [], 0
    for error, met in runs:
        found.append(min(error, LARGEST) if np.isfinite(error) else LARGEST)
        n_met += met
    return found, n_met


def _runs(series: Series, settings: Settings) -> Iterator[tuple[float, bool]]:
    """Fit once, and forecast after a context before each origin."""
    observed, force, h = series.observed, series.force, series.horizon
    learned = None if force is None else force[:N_ROWS]
    X, y = next_step(observed[:N_ROWS], learned)
    model = build(settings, X.shape[1]).fit(X, y)
    for origin in range(N_ROWS, N_ROWS + h * N_ORIGINS, h):
        span = slice(origin - CONTEXT, origin)
        known = None if force is None else force[span.start : origin + h - 1]
        with watch_bounds() as steps:
            ahead = model.forecast(h, context=observed[span], exog=known)
        wrong = np.reshape(ahead, (h, -1)) - series.truth[origin : origin + h]
        yield float(np.sqrt(np.mean(wrong**2))), bool(steps)


def _real_runs(file: RealFile, settings: Settings) -> Iterator[tuple[float, bool]]:
    """Fit before each of four origins, all before the rows that the suite `real` forecasts."""
    values, h, season = file.load(), file.horizon, file.season
    rows = values[: len(values) - h * N_ORIGINS]
    for k in range(N_ORIGINS):
        origin = len(rows) - h * (k + 1)
        past, truth = rows[:origin], rows[origin : origin + h]
        mean, scale = past.mean(), past.std()
        X, y = next_step((past - mean) / scale)
        with watch_bounds() as steps:
            ahead = build(settings, 1).fit(X, y).forecast(h)
        naive = np.resize(past[-season:], h)
        wrong = mean + scale * np.ravel(ahead) - truth
        ratio = np.sqrt(np.mean(wrong**2) / np.mean((naive - truth) ** 2))
        yield float(ratio), bool(steps)


def study(workers: int) -> dict[str, Any]:
    """Score every setting on every series, the real ones whose packages are installed."""
    compared = studied_settings()
    names = [*DATA, *(name for name, file in REAL.items() if find_spec(file.package))]
    with ProcessPoolExecutor(workers, mp_context=fork_server()) as pool:
        jobs = {name: [pool.submit(errors, name, s) for s in compared] for name in names}
        results = {name: [job.result() for job in submitted] for name, submitted in jobs.items()}
    return {
        "settings": compared,
        "errors": {
            name: [float(np.exp(np.mean(np.log(e)))) for e, _ in rows]
            for name, rows in results.items()
        },
        "met": {name: [met for _, met in rows] for name, rows in results.items()},
    }


def mean_ranks(content: dict[str, Any]) -> Array:
    """Return the mean rank of every setting over all series, small is good."""
    return np.mean([rankdata(values) for values in content["errors"].values()], axis=0)


def stored_study() -> dict[str, Any]:
    """Return the study of the archive; an ArchiveMissingError is raised if there is none."""
    content: dict[str, Any] = json.loads(read_archive(FILE)[FILE])
    return content


def write_study(folder: Path, workers: int) -> dict[str, Any]:
    """Run the study and store it in the folder of the tracks."""
    content = study(workers)
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    replace_file(folder / FILE, text.encode())
    return content
