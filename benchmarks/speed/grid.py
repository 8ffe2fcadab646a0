"""Forward passes and gradients of every cell over sizes, beside torch's own layers.

torch's LSTM runs in oneDNN where it is float32. Both sides have one thread and the same data.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from statistics import geometric_mean

import torch

from benchmarks.speed.timing import Timing, interleaved
from benchmarks.speed.training import LAYERS, forward_calls, gradient_calls, setting, title

UNITS, STEPS, SERIES = (16, 64, 256, 512), (20, 100, 1000), (1, 32, 256)
DTYPES = (torch.float32, torch.float64)
CALLS = {"forward": forward_calls, "gradient": gradient_calls}
LARGEST = (
    2**24
)  # states of all steps and series: torch's gradient keeps some twenty numbers of each
SMALL = 2**16  # of them where time is short
SECONDS = 1.0  # of processor time that a cell of the table may take, but for the fewest turns
TURNS = (5, 41)


@dataclass(frozen=True)
class Ratio:
    """How many times longer torch takes than we do.

    Attributes
    ----------
    what : str
        A key of `CALLS`.
    cell : str
        A key of `LAYERS`.
    dtype : str
        "float32" or "float64".
    size : (int, int, int)
        Units, steps and series.
    ratio : float
        Median of the turns.
    """

    what: str
    cell: str
    dtype: str
    size: tuple[int, int, int]
    ratio: float

    @property
    def kind(self) -> tuple[str, str, str]:
        """What, cell and type."""
        return self.what, self.cell, self.dtype


def sizes(largest: int = LARGEST) -> list[tuple[int, int, int]]:
    """Return units, steps and series of the grid, up to a number of states."""
    return [size for size in product(UNITS, STEPS, SERIES) if prod(size) <= largest]


def measure(what: str, cell: str, size: tuple[int, int, int], dtype: torch.dtype) -> Timing:
    """Time a forward pass, or a gradient, in turns with torch."""
    calls = CALLS[what](*setting(cell, size, dtype))
    for call in calls.values():
        call()  # compiles
    started = time.process_time()
    for call in calls.values():
        call()
    spent = time.process_time() - started
    fewest, most = TURNS
    turns = min(max(int(SECONDS / spent), fewest), most)
    return interleaved(title(what, cell, size, dtype), calls, turns, clock=time.process_time)


def ratios(sizes: list[tuple[int, int, int]]) -> Iterator[tuple[Ratio, Timing]]:
    """Time every cell and type, forward and gradient, at some sizes."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for what, cell, dtype, size in product(CALLS, LAYERS, DTYPES, sizes):
            timing = measure(what, cell, size, dtype)
            name = str(dtype).removeprefix("torch.")
            yield Ratio(what, cell, name, size, timing.ratio("torch")), timing
    finally:
        torch.set_num_threads(n_threads)


def summary(found: list[Ratio]) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Return the geometric mean and the smallest ratio of every kind, cell and type."""
    by_kind: dict[tuple[str, str, str], list[float]] = {}
    for ratio in found:
        by_kind.setdefault(ratio.kind, []).append(ratio.ratio)
    return {kind: (geometric_mean(several), min(several)) for kind, several in by_kind.items()}
