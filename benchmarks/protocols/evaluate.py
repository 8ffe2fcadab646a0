"""One method on the data of one task, by the kind of the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.methods.base import Method
from benchmarks.protocols.attractor import evaluate_attractor
from benchmarks.protocols.filtering import evaluate_filter
from benchmarks.protocols.forecast import evaluate_forecast
from benchmarks.protocols.framework import evaluate_framework
from benchmarks.protocols.labelling import evaluate_classification
from benchmarks.protocols.long_memory import evaluate_memory
from benchmarks.protocols.outcome import Outcome
from benchmarks.protocols.race import evaluate_race
from benchmarks.protocols.reconstruction import evaluate_reconstruction
from benchmarks.protocols.rolling import evaluate_rolling
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Data
from benchmarks.tasks.framework import Framework
from benchmarks.tasks.kinds import (
    Attractor,
    Filter,
    Labelled,
    Memory,
    Race,
    Reconstruction,
    Rolling,
)
from benchmarks.tasks.split import Split

PROTOCOLS: dict[type, Callable[..., None]] = {
    Split: evaluate_forecast,
    Filter: evaluate_filter,
    Attractor: evaluate_attractor,
    Framework: evaluate_framework,
    Labelled: evaluate_classification,
    Memory: evaluate_memory,
    Race: evaluate_race,
    Reconstruction: evaluate_reconstruction,
    Rolling: evaluate_rolling,
}


def evaluate(
    task: Task,
    data: Data,
    method: Method,
    settings: Settings,
    seed: int,
    checkpoint: Path | None = None,
) -> Outcome:
    """Fit a method on the training rows and score it on the test rows.

    The data are in raw units; settings that the task fixes replace those given, and the seed is the
    model's. A long run may keep what resuming needs at `checkpoint`. A diverged model is an
    outcome, not an error.

    Raises
    ------
    ValueError
        If no protocol measures this kind of data.
    """
    outcome = Outcome(checkpoint=checkpoint)
    settings = {**settings, **task.fixed.get(method.name, {})}
    for kind, evaluate_kind in PROTOCOLS.items():
        if isinstance(data, kind):
            evaluate_kind(task, data, method, settings, seed, outcome)
            return outcome
    raise ValueError(
        f"task {task.name!r} made a {type(data).__name__}; data are one of "
        f"{', '.join(kind.__name__ for kind in PROTOCOLS)}"
    )
