"""Where cells run: processes of this machine, a Dask cluster, or any backend of joblib.

Workers elsewhere share no disk with us: each gets a cell and the plugins, runs the cell in a
process of its own with the same limits as here, and sends its files back, which are written here.
A worker that is lost loses the cells that it was running, and those run again.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import threading
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from benchmarks.cells import plugins
from benchmarks.results import records
from benchmarks.results.records import Cell
from benchmarks.running import runner
from benchmarks.running.runner import Limits, Progress

Files = dict[str, bytes]
_UNPACKING = threading.Lock()


def isolated(cell: Cell, limits: Limits, sources: Files) -> Files:
    """Run a cell in a process of its own, in a folder of its own, and return the files it left.

    Parameters
    ----------
    cell : what to run
    limits : of the cell
    sources : plugin files by name
    """
    # A Dask worker is a daemon, which Python forbids children; ours end with it (end_with_parent).
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined] # no public way
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _UNPACKING:
            home = Path(_unpacked(tuple(sources.items())).name)
            plugins.announce(home / file for file in sources)
        runner.run(folder, [cell], workers=1, limits=limits, report=lambda *_: None)
        return {path.name: path.read_bytes() for path in (folder / "cells").iterdir()}


@cache
def _unpacked(sources: tuple[tuple[str, bytes], ...]) -> tempfile.TemporaryDirectory[str]:
    """Write plugins to a folder that lives as long as this worker, for all of its threads."""
    folder = tempfile.TemporaryDirectory()
    for file, text in sources:
        (Path(folder.name) / file).write_bytes(text)
    return folder


def run(
    backend: str, folder: Path, cells: list[Cell], *, workers: int, limits: Limits,
    report: Progress,
) -> None:  # fmt: skip
    """Run cells where the user wants them; parameters as for `runner.run`.

    Parameters
    ----------
    backend : "local", the address of a Dask scheduler, or a name that joblib knows
    folder, cells, workers, limits, report : see `runner.run`

    Raises
    ------
    ValueError
        If a worker has another version of the code.
    """
    if backend == "local":
        runner.run(folder, cells, workers=workers, limits=limits, report=report)
        return
    sources = {path.name: path.read_bytes() for path in plugins.loaded()}
    away = _dask if "://" in backend else _joblib
    for cell, files in away(backend, cells, workers, limits, sources):
        for name, content in sorted(files.items(), key=lambda item: item[0].endswith(".json")):
            records.replace_file(folder / "cells" / name, content)
        record = records.read(folder, cell)
        if record is None:  # other code there than here: its key differs
            raise ValueError(
                f"a worker answered for another version of the code: {sorted(files)}; install the "
                "same version of reservoirs on all workers"
            )
        report(cell, record)


def _dask(
    address: str, cells: list[Cell], workers: int, limits: Limits, sources: Files
) -> Iterator[tuple[Cell, Files]]:
    from distributed import Client, as_completed

    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        futures = client.map(isolated, cells, limits=limits, sources=sources, pure=False)
        which = {future.key: cell for future, cell in zip(futures, cells, strict=True)}
        for future, files in as_completed(  # type: ignore[no-untyped-call]
            futures, with_results=True, loop=client.loop
        ):
            yield which[future.key], files


def _joblib(
    name: str, cells: list[Cell], workers: int, limits: Limits, sources: Files
) -> Iterable[tuple[Cell, Files]]:
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(name, n_jobs=workers):
        jobs = (delayed(_with_cell)(cell, limits, sources) for cell in cells)
        try:
            yield from Parallel(return_as="generator_unordered")(jobs)
        except ValueError as error:
            if "generator" not in str(error):
                raise
            yield from Parallel()(delayed(_with_cell)(c, limits, sources) for c in cells)


def _with_cell(cell: Cell, limits: Limits, sources: Files) -> tuple[Cell, Files]:
    return cell, isolated(cell, limits, sources)
