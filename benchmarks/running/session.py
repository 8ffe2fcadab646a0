"""A run as one value: what was planned, the records that are there, and the cells still to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from benchmarks.cells.cell import Cell
from benchmarks.cells.processes import Limits
from benchmarks.results.records import (
    Record,
    archived_records,
    failed,
    finished,
    has_no_result,
)
from benchmarks.running import backends
from benchmarks.running.plan import Plan


@dataclass(frozen=True)
class Session:
    """What is asked for, what is done, and what is left.

    The plan is the suite as changed by the command line, the cells all that it asks for, of every
    shard. `kept` are records by key of the cell; `waiting` are cells of this shard without a
    record.
    """

    plan: Plan
    cells: tuple[Cell, ...]
    kept: Mapping[str, Record]
    waiting: tuple[Cell, ...]

    @property
    def shard(self) -> Sequence[Cell]:
        """The cells that are run here."""
        return self.plan.own(self.cells)

    @property
    def records(self) -> list[Record]:
        """The records that are there, in the order of the plan."""
        return [self.kept[cell.key] for cell in self.cells if cell.key in self.kept]

    @property
    def complete(self) -> bool:
        """Whether every cell of every shard has its record."""
        return len(self.records) == len(self.cells)

    @property
    def n_failed(self) -> int:
        """How many cells failed."""
        return sum(failed(record) for record in self.records)

    def run(
        self,
        *,
        backend: str,
        workers: int,
        limits: Limits,
        report: Callable[[Cell, Record], None],
    ) -> Session:
        """Run the waiting cells.

        The backend is "local", the address of a Dask scheduler, or a name that joblib knows;
        `report` is told of every finished cell and its record. The session returned has nothing
        waiting, and what other shards have finished meanwhile.
        """
        kept = dict(self.kept)
        finished_cells = backends.run_cells(
            backend, self.plan.folder, self.waiting, workers=workers, limits=limits
        )
        for cell, record in finished_cells:
            kept[cell.key] = record
            report(cell, record)
        # Other shards may have written to the same folder meanwhile.
        elsewhere = [cell for cell in self.cells if cell.key not in kept]
        kept |= finished(self.plan.folder, elsewhere)
        return replace(self, kept=kept, waiting=())


def open_session(plan: Plan, *, retry: bool = False, fresh: bool = False) -> Session:
    """Look for the records of a plan, of all shards.

    With `retry` cells of this shard without a result run again, with `fresh` cells that the archive
    holds too.
    """
    cells = tuple(plan.cells())
    shard = {cell.key for cell in plan.own(cells)}
    recorded = {} if fresh else archived_records(cells)
    # What was run here replaces what the archive holds.
    recorded |= finished(plan.folder, cells)
    # To run failed cells of other shards again is left to those.
    kept = {
        cell.key: _with_search(recorded[cell.key], cell)
        for cell in cells
        if cell.key in recorded
        and not (retry and cell.key in shard and has_no_result(recorded[cell.key]))
    }
    waiting = tuple(cell for cell in plan.own(cells) if cell.key not in kept)
    return Session(plan, cells, kept, waiting)


def _with_search(record: Record, cell: Cell) -> Record:
    """Return a record that says what the search for its settings gave; earlier ones do not."""
    search = asdict(cell.search) if cell.search else None
    # A search that the record itself names found the settings it ran with, and wins.
    return {"search": search, **record}
