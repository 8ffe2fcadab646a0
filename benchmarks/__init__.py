"""The benchmark harness: tasks x methods x seeds -> records -> report."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.methods.base import Method
    from benchmarks.tasks import Simulation, Split, Task

__all__ = ["Method", "Simulation", "Split", "Task"]


def __getattr__(name: str) -> object:
    """Load a public name when it is asked for: the command starts before all is loaded."""
    if name not in __all__:
        raise AttributeError(f"module 'benchmarks' has no attribute {name!r}")
    home = "benchmarks.methods.base" if name == "Method" else "benchmarks.tasks"
    return getattr(import_module(home), name)
