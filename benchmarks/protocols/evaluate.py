"""One method on the data of one task, by the kind of the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.methods.base import Method, Settings
from benchmarks.protocols.attractor import evaluate_attractor
from benchmarks.protocols.filtering import evaluate_filter
from benchmarks.protocols.forecast import evaluate_forecast
from benchmarks.protocols.labelling import evaluate_classification
from benchmarks.protocols.long_memory import evaluate_memory
from benchmarks.protocols.outcome import Outcome
from benchmarks.protocols.race import evaluate_race
from benchmarks.tasks.base import Split, Task
from benchmarks.tasks.kinds import Attractor, Filter, Labelled, Memory, Race

PROTOCOLS: dict[type, Callable[..., None]] = {
    Split: evaluate_forecast,
    Filter: evaluate_filter,
    Attractor: evaluate_attractor,
    Labelled: evaluate_classification,
    Memory: evaluate_memory,
    Race: evaluate_race,
}


def evaluate(
    task: Task,
    data: Any,
    method: Method,
    settings: Settings,
    seed: int,
    checkpoint: Path | None = None,
) -> Outcome:
    """Fit a method on the training rows and score it on the test rows.

    Parameters
    ----------
    task : the task
    data : its data, raw units
    method : the method
    settings : its settings
    seed : of the model
    checkpoint : where a long run may keep what resuming needs

    Returns
    -------
    Metrics, costs and arrays; a diverged model is an outcome, not an error.
    """
    outcome = Outcome(checkpoint=checkpoint)
    settings = {**settings, **task.fixed.get(method.name, {})}
    PROTOCOLS[type(data)](task, data, method, settings, seed, outcome)
    return outcome
