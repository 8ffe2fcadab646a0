"""The tasks, by name."""

from benchmarks.tasks import (
    chaos,
    dysts,
    filters,
    labels,
    memory,
    notes,
    oscillators,
    races,
    real,
    sines,
)
from benchmarks.tasks.base import Task
from benchmarks.tasks.split import Simulation, Split

TASKS: dict[str, Task] = {
    task.name: task
    for module in (sines, oscillators, notes, real, filters, chaos, labels, memory, races, dysts)
    for task in module.TASKS
}

__all__ = ["TASKS", "Simulation", "Split", "Task"]
