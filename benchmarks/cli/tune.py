"""The command that searches settings, or checks the stored searches."""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.cli.console import RESULTS, check_positive, console, errors
from benchmarks.running.suites import check_names
from benchmarks.tasks import TASKS
from benchmarks.tuning import audit, defaults, forecast_defaults, label_defaults, search, stored


def tune(options: argparse.Namespace) -> int:
    """Search settings, or check the stored logs, or run the study of the defaults."""
    if options.check:
        return _check(options)
    check_positive(options.jobs, "--jobs")
    if options.defaults:
        return _study_defaults(options)
    if options.forecast_defaults:
        return _study_forecasts(options)
    if options.label_defaults:
        return _study_labels(options)
    stored.budget(options.track)
    # Neither tasks that take another's settings nor, unless they are named, the long ones.
    own = [t.name for t in TASKS.values() if t.tuned and not (t.settings_from or t.on_request)]
    tasks = check_names(options.task or own, TASKS, "task")
    tunable = stored.tunable_methods()
    methods = check_names(
        options.method or stored.compared_methods(), tunable, "method with a search space"
    )
    folder = options.out or RESULTS / "tuned"
    folder.mkdir(parents=True, exist_ok=True)
    stored.add_folder(folder)
    pairs = [(task, m) for task in tasks for m in stored.applicable_methods(task, methods)]
    if not options.again:
        pairs = [pair for pair in pairs if not stored.load_search(*pair, options.track)]
    search.tune(pairs, options.track, folder, options.jobs)
    console.print(f"{len(pairs)} searches; settings and logs: {folder}", highlight=False)
    return 0


def _check(options: argparse.Namespace) -> int:
    complaints = audit.check(options.out)
    for text in complaints:
        errors.print(text, style="red", markup=False)
    if not complaints:
        console.print("every stored search is equal, on validation rows only, and repeats")
    return 1 if complaints else 0


def _study_defaults(options: argparse.Namespace) -> int:
    study = defaults.write_study(options.out or RESULTS / "tuned", options.jobs)
    for name, tuned, default, rank in defaults.compare_with_tuned(study["scores"]):
        numbers = f"tuned {tuned:.3g}, defaults {default:.3g}, {default / tuned:.3g} times"
        console.print(f"{name}: {numbers}, rank {rank} of {defaults.N_SETTINGS}")
    return 0


def _study_forecasts(options: argparse.Namespace) -> int:
    study = forecast_defaults.write_study(options.out or RESULTS / "tuned", options.jobs)
    met = np.sum(list(study["met"].values()), axis=0)
    ranks = forecast_defaults.mean_ranks(study)
    for settings, rank, count in zip(study["settings"], ranks, met, strict=True):
        line = f"mean rank {rank:.1f}, {count} forecasts met their bound: {settings}"
        console.print(line, markup=False)
    return 0


def _study_labels(options: argparse.Namespace) -> int:
    folder = options.out or RESULTS / "tuned"
    folder.mkdir(parents=True, exist_ok=True)
    study = label_defaults.write_study(folder, options.jobs)
    by_setting = zip(*study["errors"].values(), strict=True)
    for settings, shares in zip(study["settings"], by_setting, strict=True):
        console.print(f"{sum(shares) / len(shares):.3f} wrong: {settings}", markup=False)
    return 0
