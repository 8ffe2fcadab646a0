"""Timings of calls that take turns: every sample is kept, a ratio is the median of the turns'."""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.cells.cell import SCHEMA
from benchmarks.cells.files import replace_file

Call = Callable[[], object]


@dataclass
class Timing:
    """Samples of every contender of one job.

    Samples are seconds per call by contender. A call has `unit` steps, to print a time per step; 1
    prints the whole call.
    """

    job: str
    samples: dict[str, list[float]] = field(default_factory=dict)
    unit: int = 1

    def median(self, name: str) -> float:
        """Return the median seconds of a contender."""
        return statistics.median(self.samples[name])

    def ratio(self, name: str, ours: str = "reservoirs") -> float:
        """Return how many times longer a contender takes than we do, the median of the turns."""
        # A machine that others use too changes from turn to turn, the ratio within one less so.
        turns = zip(self.samples[name], self.samples[ours], strict=True)
        return statistics.median(theirs / own for theirs, own in turns)


Job = Callable[[], Timing | list[Timing]]


def interleaved(
    job: str,
    calls: Mapping[str, Call],
    repeats: int,
    unit: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """Time calls in turns, after one warm-up each.

    `calls` are by contender, `repeats` the turns, `unit` the steps of a call. The clock gives
    seconds: of one thread, time.process_time tells less of what else the machine does.
    """
    timing = Timing(job, {name: [] for name in calls}, unit)
    for call in calls.values():
        call()
    gc.collect()
    gc.disable()  # as timeit does: nobody pays for another's garbage
    try:
        for _ in range(repeats):
            for name, call in calls.items():
                start = clock()
                call()
                timing.samples[name].append(clock() - start)
    finally:
        gc.enable()
    return timing


def write_timings(path: Path, timings: Sequence[Timing], memory: Mapping[str, float]) -> None:
    """Write every sample of the speed suite.

    `memory` is megabytes by what was fitted.
    """
    content = {"schema": SCHEMA, "timings": [asdict(t) for t in timings], "memory_mb": memory}
    replace_file(path, json.dumps(content, indent=1).encode())
