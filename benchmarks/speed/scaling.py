"""How cost grows with size, and a model of a cluster checked against one and two workers.

A suite of C cells of t seconds takes on W workers about

    T = T0 + C (t + h) / W + C m

T0: imports of the command and of its fork server; h: what the harness adds to a cell on its worker;
m: what the one process that writes the records spends per cell, which bounds W by (t + h) / m.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.cells.cell import Cell
from benchmarks.cells.processes import Limits
from benchmarks.results.records import Record, load_arrays, write_record
from benchmarks.running.plan import plan_cells
from benchmarks.running.runner import run_cells
from reservoirs import ESNRegressor, datasets

SIZES: dict[str, tuple[int, ...]] = {
    "steps": (10_000, 20_000, 40_000, 80_000),
    "units": (250, 500, 1000, 2000),
    "series": (10, 20, 40, 80),
    "candidates": (2, 4, 8, 16),
}
REPEATS = 3
LIMITS = Limits(seconds=300.0, megabytes=8000.0)


@dataclass(frozen=True)
class Growth:
    """Seconds of a fit at several sizes.

    `what` grows to each of the sizes.
    """

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


def measure_growth() -> Iterator[Growth]:
    """Time fits of growing size, the best of three each."""
    for what, sizes in SIZES.items():
        calls = [_fit(what, size) for size in sizes]
        times = [[_seconds(call) for call in calls] for _ in range(REPEATS)]
        yield Growth(what, sizes, tuple(np.min(times, axis=0)))


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@dataclass(frozen=True)
class ClusterModel:
    """The letters of the model above, as measured, and the times that it is to explain.

    `cells` were run; `start` is T0, `cell` t, the median of a cell, `overhead` h, which the harness
    adds to a cell, and `write` m, of the writer per cell, all in seconds. `seconds` are those of
    the run by number of workers.
    """

    cells: int
    start: float
    cell: float
    overhead: float
    write: float
    seconds: dict[int, float]

    def predict(self, cells: int, workers: int) -> float:
        """Return the seconds that the model gives for some cells on some workers."""
        return self.start + cells * (self.cell + self.overhead) / workers + cells * self.write


def measure_workers(n_cells: int, counts: Sequence[int]) -> ClusterModel:
    """Run the same cells with several numbers of workers.

    Each of the `n_cells` is an echo state network on NARMA10. A cell's seconds and the writer's are
    those of the last run.
    """
    cells = plan_cells(["narma10"], ["esn"], n_cells)
    with tempfile.TemporaryDirectory() as name:  # the fork server's imports are paid for here
        start, _ = _run(Path(name), cells[:1], 1)
    seconds: dict[int, float] = {}
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            seconds[count], records = _run(Path(name), cells, count)
            cell = float(np.median([record["t_total"] for record in records]))
            write = _write_seconds(Path(name), cells[0], records[0])
    # seconds = cells (t + h) / workers, as T0 was paid above.
    overhead = seconds[counts[0]] * counts[0] / n_cells - cell
    return ClusterModel(n_cells, start, cell, overhead, write, seconds)


def _run(folder: Path, cells: Sequence[Cell], workers: int) -> tuple[float, list[Record]]:
    """Return the seconds of a run and its records."""
    start = time.perf_counter()
    records = [record for _, record in run_cells(folder, cells, workers=workers, limits=LIMITS)]
    return time.perf_counter() - start, records


def _write_seconds(folder: Path, cell: Cell, record: Record) -> float:
    """Return the seconds that writing one record takes."""
    arrays = load_arrays(folder, record)
    return min(_seconds(lambda: write_record(folder, cell, record, arrays)) for _ in range(10))
