"""Which tasks a method runs on."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.tasks.base import Task

KINDS = frozenset(  # tags of tasks that are no single forecast
    {"filter", "attractor", "labels", "memory", "race"}
)


def trains(task: Task) -> str:
    """Say why a trained network does not run."""
    other = {"esn", *KINDS} - {"attractor"}
    return "trained networks do not run on it, so far" if task.tags & other else ""


def observes(task: Task) -> str:
    """Say why there is no last value to hold on to."""
    if task.tags & (KINDS - {"attractor"}):
        return "the task is no forecast"
    return "a simulation observes no value to hold on to" if "simulation" in task.tags else ""


def forecasts(task: Task) -> str:
    """Say why a peer does not run: its free runs go through its public interface, step by step."""
    if task.tags & (KINDS - {"filter"}):
        return "the task is no forecast of one series and no filter"
    return ""


def needs(tag: str) -> Callable[[Task], str]:
    """Run on the tasks with a tag."""
    return lambda task: "" if tag in task.tags else f"the task has no {tag.replace('_', ' ')}"


def lacks(*tags: str) -> Callable[[Task], str]:
    """Run on the tasks without some tags."""
    return lambda task: f"not for a task of {', '.join(tags)}" if task.tags & {*tags} else ""


def tagged(tag: str) -> Callable[[Task], str]:
    """Run on the tasks of a group."""
    return lambda task: "" if tag in task.tags else f"belongs to the tasks of {tag}"


def only(name: str) -> Callable[[Task], str]:
    """Run on one task."""
    return lambda task: "" if task.name == name else f"belongs to {name}"
