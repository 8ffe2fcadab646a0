"""The tasks, by name."""

from benchmarks.tasks import notes, oscillators, real, sines
from benchmarks.tasks.base import Split, Task

TASKS: dict[str, Task] = {
    task.name: task for module in (sines, oscillators, notes, real) for task in module.TASKS
}

__all__ = ["TASKS", "Split", "Task"]
