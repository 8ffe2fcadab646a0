"""How cost grows with size, and a model of a cluster checked against one and two workers.

A suite of C cells of t seconds takes on W workers about

    T = T0 + C (t + h) / W + C m

T0: imports of the command and of its fork server; h: what the harness adds to a cell on its worker;
m: what the one process that writes the records spends per cell, which bounds W by (t + h) / m.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import records
from benchmarks.running import runner
from reservoirs import ESNRegressor, datasets

GROWTH: dict[str, tuple[int, ...]] = {
    "steps": (10_000, 20_000, 40_000, 80_000),
    "units": (250, 500, 1000, 2000),
    "series": (10, 20, 40, 80),
    "candidates": (2, 4, 8, 16),
}
REPEATS = 3


@dataclass(frozen=True)
class Growth:
    """Seconds of a fit at several sizes, and the exponent of the power law through them."""

    what: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """Slope of log seconds against log size."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)[0])


def _fit(what: str, size: int) -> Callable[[], object]:
    """Return a fit of the given size; what does not grow is 10,000 steps and 500 units."""
    long = datasets.narma(size if what == "steps" else 10_000, random_state=0)
    X, y = long.u[:, None], long.y
    units = size if what == "units" else 500
    model = ESNRegressor(n_units=units, alpha=1e-6, random_state=0)
    if what == "series":
        pieces = [(X[:1000] + 0.001 * i, y[:1000]) for i in range(size)]
        return lambda: model.fit([a for a, _ in pieces], [b for _, b in pieces])
    if what == "candidates":  # each draws its states again

        def search() -> None:
            for leak in np.linspace(0.2, 1.0, size):
                model.set_params(leak_rate=leak).fit(X, y)

        return search
    return lambda: model.fit(X, y)


def growth() -> Iterator[Growth]:
    """Time fits of growing size, the best of three each."""
    for what, sizes in GROWTH.items():
        calls = [_fit(what, size) for size in sizes]
        times = [[_seconds(call) for call in calls] for _ in range(REPEATS)]
        yield Growth(what, sizes, tuple(np.min(times, axis=0)))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def workers(cells: int, counts: tuple[int, ...]) -> dict[str, Any]:
    """Run the same cells with several numbers of workers; return what the model needs.

    Parameters
    ----------
    cells : number of cells, an echo state network on NARMA10 each
    counts : workers
    """
    plan = runner.plan(["narma10"], ["esn"], cells)
    found: dict[str, Any] = {"cells": cells, "seconds": {}}
    limits = runner.Limits(300.0, 8000.0)
    with tempfile.TemporaryDirectory() as warm:  # the fork server's imports are paid for here
        began = time.perf_counter()
        runner.run(Path(warm), plan[:1], workers=1, limits=limits, report=lambda *_: None)
        found["start"] = time.perf_counter() - began
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            seen: list[dict[str, Any]] = []
            keep = partial(_keep, seen)
            began = time.perf_counter()
            runner.run(Path(name), plan, workers=count, limits=limits, report=keep)
            found["seconds"][count] = time.perf_counter() - began
            found["cell"] = float(np.median([record["t_total"] for record in seen]))
            found["write"] = _write_seconds(Path(name), plan[0], seen[0])
    alone = found["seconds"][counts[0]] * counts[0] / cells
    found["overhead"] = alone - found["cell"]
    return found


def _keep(seen: list[dict[str, Any]], _: records.Cell, record: dict[str, Any]) -> None:
    seen.append(record)


def _write_seconds(folder: Path, cell: records.Cell, record: dict[str, Any]) -> float:
    """Return the seconds that reading and writing one record takes."""
    arrays = records.arrays(folder, record)
    return min(_seconds(lambda: records.write(folder, cell, record, arrays)) for _ in range(10))


def predicted(found: dict[str, Any], cells: int, count: int) -> float:
    """Return the seconds that the model gives for some cells on some workers."""
    each = found["cell"] + found["overhead"]
    return float(found["start"] + cells * each / count + cells * found["write"])
