"""The tasks, by name."""

from benchmarks.tasks import (
    chaos,
    dysts,
    exact_chaos,
    filters,
    framework,
    labels,
    mackey_glass,
    memory,
    noise,
    notes,
    oscillators,
    races,
    real,
    reconstruction,
    short_chaos,
    sines,
    unseen_forces,
)
from benchmarks.tasks.base import Task
from benchmarks.tasks.split import Simulation, Split

TASKS: dict[str, Task] = {
    task.name: task
    for module in (
        sines,
        oscillators,
        unseen_forces,
        notes,
        real,
        filters,
        chaos,
        short_chaos,
        exact_chaos,
        mackey_glass,
        labels,
        memory,
        races,
        dysts,
        noise,
        reconstruction,
        framework,
    )
    for task in module.TASKS
}

__all__ = ["TASKS", "Simulation", "Split", "Task"]
