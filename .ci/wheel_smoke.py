"""Use the installed wheel as a user would: every estimator, a file, the command and its data."""

import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import numpy as np

from reservoirs import (
    NVAR,
    ESNClassifier,
    ESNRegressor,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    load,
    next_step,
    save,
)
from trainers import RNNClassifier, RNNRegressor

COMMAND = str(Path(sys.executable).parent / "reservoirs-bench")
SERIES = np.sin(0.2 * np.arange(400.0))[:, None]
X, Y = next_step(SERIES)
LABELLED = [SERIES[i : i + 30] for i in range(0, 300, 30)]
LABELS = [i % 2 for i in range(10)]
SMALL = {"n_units": 10, "random_state": 0}
FORECASTERS = (
    ESNRegressor(**SMALL),
    NVARRegressor(),
    *(RNNRegressor(cell=cell, max_iter=1, **SMALL) for cell in ("rnn", "lstm", "gru")),
    RNNRegressor(solver="hessian_free", max_iter=1, **SMALL),
)


def check(what, fine):
    """Print what was checked, or end with an error."""
    if not fine:
        sys.exit(f"the wheel fails: {what}")
    print(f"wheel: {what}")


def command(*arguments):
    """Return what the installed command prints."""
    return subprocess.run([COMMAND, *arguments], check=True, capture_output=True, text=True).stdout


def packages():
    """Check that the packages come from this environment, with their types."""
    for name in ("reservoirs", "trainers", "benchmarks"):
        home = Path(import_module(name).__file__)
        check(f"{name} is installed", Path(sys.prefix) in home.parents)
        check(f"{name} is typed", (files(name) / "py.typed").is_file())


def estimators(folder):
    """Fit each estimator and predict; a forecast is the same from a file."""
    for model in FORECASTERS:
        forecast = model.fit(X, Y).forecast(5)
        save(model, folder / "model.safetensors")
        again = load(folder / "model.safetensors").forecast(5)
        fine = np.isfinite(forecast).all() and np.array_equal(forecast, again)
        check(f"{model} forecasts, from a file too", fine)
    for model in (ESNClassifier(**SMALL), RNNClassifier(max_iter=1, **SMALL)):
        check(f"{model} classifies", len(model.fit(LABELLED, LABELS).predict(LABELLED)) == 10)
    for model in (Reservoir(**SMALL), NVAR(), SequenceScaler()):
        check(f"{model} transforms", np.isfinite(model.fit(X).transform(X)[50:]).all())


def commands(folder):
    """List, run a task with the settings that came along, and show published numbers."""
    check("--help", "usage: reservoirs-bench" in command("--help"))
    listed = command("list")
    check("list", all(name in listed for name in ("lagged_sine", "hessian_free", "smoke", "full")))
    check("published numbers", "Rodan" in command("records", "narma10"))
    command("run", "smoke", "-m", "esn", "-m", "lstm", "-m", "linear", "--out", str(folder))
    check("a run", (folder / "smoke" / "report.html").stat().st_size > 10_000)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        packages()
        estimators(Path(name))
        commands(Path(name))
