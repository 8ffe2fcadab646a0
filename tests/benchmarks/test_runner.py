import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import forkserver

import pytest
import workers
from processes import children, session

from benchmarks.cells import plugins
from benchmarks.cells.cell import Cell
from benchmarks.cells.processes import Limits, fork_server
from benchmarks.cli import main
from benchmarks.results import records, tables
from benchmarks.running.plan import plan_cells
from benchmarks.running.runner import run_cells

METHOD_NAMES = ["esn", "linear", "persistence", "mean"]
CELLS = plan_cells(["lagged_sine"], METHOD_NAMES, 2)


def run(folder, cells, timeout=60.0, memory=8000.0):
    limits = Limits(timeout, memory)
    return [record for _, record in run_cells(folder, cells, workers=2, limits=limits)]


def metrics(folder):
    found = {}
    for path in sorted((folder / "cells").glob("*.json")):
        record = json.loads(path.read_text())
        found[path.stem] = (record["status"], record.get("metrics"))
    return found


@pytest.fixture(scope="module")
def direct(tmp_path_factory):
    """Return the folder of a run of all cells, and what it reported."""
    folder = tmp_path_factory.mktemp("direct")
    return folder, run(folder, CELLS)


def test_every_cell_leaves_one_whole_record(direct):
    folder, seen = direct

    assert len(seen) == len(CELLS) == 8
    assert {record["status"] for record in seen} == {"ok"}
    assert len(metrics(folder)) == 8
    esn = next(r for r in seen if r["method"] == "esn")
    assert {"t_fit", "t_predict", "n_params_trained"} <= set(esn["costs"])
    assert set(records.load_arrays(folder, esn)) >= {"truth", "prediction", "error"}
    assert not list((folder / "cells").glob(".*"))


def test_the_fork_server_imports_what_cells_need_once():
    fork_server()

    # Python goes on in silence where one is missing: every cell would import torch again.
    preloaded = forkserver._forkserver._preload_modules
    assert preloaded
    assert all(importlib.util.find_spec(name) for name in preloaded)


def test_two_threads_may_run_cells_side_by_side(tmp_path, monkeypatch):
    read = forkserver.read_signed  # of an exit code, which only one thread gets

    def read_late(sentinel):
        time.sleep(0.3)
        return read(sentinel)

    monkeypatch.setattr(forkserver, "read_signed", read_late)
    halves = [(tmp_path / str(half), CELLS[half::2]) for half in range(2)]
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda half: run(*half), halves))

    assert {record["status"] for seen in found for record in seen} == {"ok"}


def test_the_same_cells_give_the_same_metrics(direct, smoke_run):
    assert metrics(direct[0]) == metrics(smoke_run.folder)


def test_finished_cells_are_not_run_again(direct):
    more = plan_cells(["lagged_sine"], METHOD_NAMES, 3)

    done = records.finished(direct[0], more)

    assert len(more) == 12
    assert list(done) == [cell.key for cell in CELLS]


def test_a_cell_beyond_its_time_is_killed_and_recorded(tmp_path):
    slow = Cell("oscillator_eta0.1_multi", 1, "rnn", {"max_iter": 10_000, "window": 20}, 0)

    (record,) = run(tmp_path, [slow], timeout=1.0)

    assert record["status"] == "timeout"
    assert record["reason"] == "killed after 1 s"
    assert records.finished(tmp_path, [slow], retry=True) == {}


def test_a_cell_beyond_its_memory_is_recorded(tmp_path):
    large = Cell("sine_clean", 1, "esn", {"n_units": 2000, "alpha": 1e-6}, 0)

    (record,) = run(tmp_path, [large], memory=20.0)

    assert record["status"] == "memory"
    assert record["reason"] == "needs more than 20 MB"


def test_a_record_says_where_it_comes_from(direct):
    record = direct[1][0]

    found = record["provenance"]
    assert found["machine_score"] > 0
    assert {"numpy", "torch", "cpu", "blas", "host_hash", "load1", "noisy"} <= set(found)
    assert record["peak_mem_mb"] > 10
    assert record["cpu_s"] > 0


def test_a_cell_that_raises_is_a_row_with_its_reason(tmp_path):
    broken = Cell("lagged_sine", 1, "esn", {"n_units": -5}, 0)

    (record,) = run(tmp_path, [broken])

    assert record["status"] == "error"
    assert "n_units" in record["reason"]
    (row,) = tables.summarise([record])
    assert row.n_failed == 1


def by_cell(folder):
    """Return the metrics by task, method and seed, without the key, in which the plugins count."""
    return {name.rpartition("--")[0]: repr(found) for name, found in metrics(folder).items()}


HELD = """
import time
from pathlib import Path
from benchmarks import Method

class Held:
    n_weights = 0
    def fit(self, X, y):
        end = time.monotonic() + 600.0
        while Path({gate!r}).exists() and time.monotonic() < end:
            time.sleep(0.01)
        return self
    def predict(self, X, context): return X
    def forecast(self, n_steps, *, context, exog): return context[-1:].repeat(n_steps, axis=0)

METHODS = [Method("held", "Held", lambda settings, task, data, seed: Held())]
"""


@pytest.fixture
def forget(monkeypatch):
    """Forget what a test's plugins announced."""
    yield
    monkeypatch.setenv(plugins.VARIABLE, "")
    plugins.load_plugins()


def wait_until(happened, seconds=300.0):
    """Return once something has happened; fail if it does not in good time."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.05)


@contextlib.contextmanager
def forked(*arguments):
    """Yield the command as a child of this process's fork server, and how to list all of it."""
    context = fork_server()
    forkserver.ensure_running()
    server = forkserver._forkserver._forkserver_pid
    before = set(children(server))
    command = context.Process(target=workers.command, args=(arguments,))
    command.start()

    def left():
        return set(children(server)) - before

    try:
        yield command, left, 3
    finally:
        for process in left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        command.join()


@contextlib.contextmanager
def started(*arguments):
    """Yield the command in a session of its own, which has a fork server too."""
    command = subprocess.Popen(
        [sys.executable, "-m", "benchmarks", *arguments],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield command, lambda: session(command.pid), 4
    finally:
        for process in session(command.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        command.wait()


@pytest.mark.parametrize("start", [forked, pytest.param(started, marks=pytest.mark.slow)])
def test_a_command_killed_alone_ends_its_cells_and_its_run_resumes(
    start, smoke_run, tmp_path, capsys, forget, monkeypatch
):
    monkeypatch.setattr("benchmarks.cli.run.write_page", lambda *about: None)  # drawn elsewhere
    gate, plugin, cells = tmp_path / "gate", tmp_path / "held.py", tmp_path / "smoke" / "cells"
    gate.touch()
    plugin.write_text(HELD.format(gate=str(gate)))
    chosen = [*smoke_run.arguments, "-m", "held", "--plugin", str(plugin), "--out", str(tmp_path)]

    with start(*chosen) as (killed, left, n_processes):
        # the command, a fork server of its own and two cells that wait at the gate
        wait_until(lambda: len(list(cells.glob("*.json"))) == 8 and len(left()) >= n_processes)
        os.kill(killed.pid, signal.SIGKILL)
        wait_until(lambda: not left(), seconds=10.0)
    before = len(list(cells.glob("*.json")))
    gate.unlink()
    code = main(chosen)

    printed = capsys.readouterr().out
    found = by_cell(tmp_path / "smoke")
    assert 0 < before < 10
    assert code == 0
    assert f"{before} of 10 cells are there already" in printed
    assert len(found) == 10
    assert by_cell(smoke_run.folder).items() <= found.items()
