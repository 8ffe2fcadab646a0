"""Where cells run: processes of this machine, a Dask cluster, or any backend of joblib.

Workers elsewhere share no disk with us: each gets a cell and the plugins, runs the cell in a
process of its own with the same limits as here, and sends its files back, which are written here.
A worker that is lost loses the cells that it was running, and those run again.
"""

from __future__ import annotations

import multiprocessing
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from joblib import Parallel, delayed, parallel_config

from benchmarks.cells import plugins
from benchmarks.cells.cell import Cell
from benchmarks.cells.files import replace_file
from benchmarks.cells.processes import Limits
from benchmarks.results.records import Record, read_record
from benchmarks.running import runner

Files = dict[str, bytes]
_UNPACKING = threading.Lock()


def run_isolated(cell: Cell, limits: Limits, sources: Files) -> Files:
    """Run a cell in a process of its own, in a folder of its own.

    `sources` are plugin files by name; the files that the cell left are returned by name.
    """
    # A Dask worker is a daemon, which Python forbids children; ours end with it (end_with_parent).
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined] # no public way
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Threads of a Dask worker share the cache and the environment variable that this changes.
        with _UNPACKING:
            home = Path(_unpack(tuple(sources.items())).name)
            plugins.announce(home / file for file in sources)
        for _ in runner.run_cells(folder, [cell], workers=1, limits=limits):
            pass
        return {path.name: path.read_bytes() for path in (folder / "cells").iterdir()}


@cache
def _unpack(sources: tuple[tuple[str, bytes], ...]) -> tempfile.TemporaryDirectory[str]:
    """Write plugins to a folder that lives as long as this worker, for all of its threads."""
    folder = tempfile.TemporaryDirectory()
    for file, text in sources:
        (Path(folder.name) / file).write_bytes(text)
    return folder


def run_cells(
    backend: str, folder: Path, cells: Sequence[Cell], *, workers: int, limits: Limits
) -> Iterator[tuple[Cell, Record]]:
    """Run cells where the user wants them.

    The backend is "local", the address of a Dask scheduler, or a name that joblib knows; a cluster
    has its own number of workers. Every cell comes as soon as it has finished, with its record,
    which is in the folder then.

    Raises
    ------
    ValueError
        If a worker has another version of the code, or answers with other files than the cell's.
    """
    if backend == "local":
        yield from runner.run_cells(folder, cells, workers=workers, limits=limits)
        return
    sources = {path.name: path.read_bytes() for path in plugins.plugin_files()}
    run = partial(run_isolated, limits=limits, sources=sources)
    run_away = _run_on_dask if "://" in backend else _run_on_joblib
    for cell, files in run_away(run, backend, cells, workers):
        # Arrays before the record, which says that all is there.
        _check_names(cell, files)
        for name, content in sorted(files.items(), key=lambda item: item[0].endswith(".json")):
            replace_file(folder / "cells" / name, content)
        record = read_record(folder, cell)
        if record is None:  # other code there than here: its key differs
            raise ValueError(
                f"a worker answered for another version of the code: {sorted(files)}; install the "
                "same version of reservoirs on all workers"
            )
        yield cell, record


def _check_names(cell: Cell, files: Files) -> None:
    """Refuse files that are not those of the cell: a worker must not write what it likes."""
    prefix = f"{cell.task}--{cell.method}--{cell.seed}--"
    for name in files:
        key, _, ending = name.removeprefix(prefix).partition(".")
        own = name.startswith(prefix) and re.fullmatch("[0-9a-f]{12}", key)
        if not (own and ending in ("json", "npz")):
            raise ValueError(
                f"a worker answered with a file {name!r} for the cell {cell.name}; only its record "
                "and its arrays are taken"
            )


def _run_on_dask(
    run: Callable[[Cell], Files], address: str, cells: Sequence[Cell], workers: int
) -> Iterator[tuple[Cell, Files]]:
    from distributed import Client, as_completed

    # As the default it would take over whatever else the caller does with Dask.
    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        # Were cells pure, Dask would answer one that is run again from its memory.
        futures = client.map(run, cells, pure=False)
        cell_of = {future.key: cell for future, cell in zip(futures, cells, strict=True)}
        # Without a loop as_completed() asks for the default client, and there is none.
        for future, files in as_completed(  # type: ignore[no-untyped-call]
            futures, with_results=True, loop=client.loop
        ):
            yield cell_of[future.key], files


def _run_on_joblib(
    run: Callable[[Cell], Files], name: str, cells: Sequence[Cell], workers: int
) -> Iterator[tuple[Cell, Files]]:
    with parallel_config(name, n_jobs=workers):
        jobs = (delayed(_run_with_cell)(run, cell) for cell in cells)
        try:
            yield from Parallel(return_as="generator_unordered")(jobs)
        except ValueError as error:
            if "generator" not in str(error):
                raise
            # This backend returns only complete lists.
            yield from Parallel()(delayed(_run_with_cell)(run, cell) for cell in cells)


def _run_with_cell(run: Callable[[Cell], Files], cell: Cell) -> tuple[Cell, Files]:
    return cell, run(cell)
