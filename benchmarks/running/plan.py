"""What a run consists of: the cells of tasks, methods and seeds, with the settings of a track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cells.cell import Cell
from benchmarks.methods.registry import METHODS
from benchmarks.running.suites import Suite
from benchmarks.tasks import TASKS
from benchmarks.tuning.stored import search_result, settings_for


@dataclass(frozen=True)
class Plan:
    """What a command line asks for.

    Of the suite the title, limits and expectations count; seeds are 0 to seeds - 1. The shard is
    (I, N) if the I-th of N parts of the cells is run here. `capped` tells whether tasks limit the
    seeds: those of the suite, not those that were asked for.
    """

    suite: Suite
    folder: Path
    tasks: list[str]
    methods: list[str]
    seeds: int
    track: str
    shard: tuple[int, int] = (1, 1)
    capped: bool = False

    def cells(self) -> list[Cell]:
        """Return all cells, of every shard, with the settings stored now."""
        return plan_cells(self.tasks, self.methods, self.seeds, self.track, capped=self.capped)

    def own(self, cells: Sequence[Cell]) -> Sequence[Cell]:
        """Return the cells of this shard, every N-th, so that all shards take about as long."""
        number, count = self.shard
        return cells[number - 1 :: count]


def plan_cells(
    tasks: Sequence[str],
    methods: Sequence[str],
    seeds: int,
    track: str = "stored",
    *,
    capped: bool = False,
) -> list[Cell]:
    """List the cells of tasks and methods, seed by seed: an early stop leaves some of each.

    Seeds are 0 to seeds - 1, to `most_seeds` - 1 of the task where they are capped; only methods
    that run on the task get cells.
    """
    return [
        Cell(
            name,
            task.version,
            method.name,
            settings_for(task, method, track),
            seed,
            track,
            search_result(task, method, track),
        )
        for seed in range(seeds)
        for name, task in ((name, TASKS[name]) for name in tasks)
        for method in (METHODS[name] for name in methods)
        if not method.refusal(task)
        if not capped or task.most_seeds is None or seed < task.most_seeds
    ]
