"""The benchmark harness: tasks x methods x seeds -> records -> report."""

from benchmarks.methods.base import Method
from benchmarks.tasks import Simulation, Split, Task

__all__ = ["Method", "Simulation", "Split", "Task"]
