import contextlib
import multiprocessing
import os
import signal
import time
from functools import partial

import pytest
from workers import answer

from benchmarks.cells.processes import Limits
from benchmarks.results import records
from benchmarks.running import backends
from benchmarks.running.plan import plan_cells

CELLS = plan_cells(["lagged_sine"], ["esn", "linear", "persistence", "mean"], 2)
LIMITS = Limits(60.0, 8000.0)


def run(backend, folder, cells=CELLS, after=lambda count: None):
    seen = []

    for _, record in backends.run_cells(backend, folder, cells, workers=2, limits=LIMITS):
        seen.append(record)
        after(len(seen))
    return results(seen)


def results(found):
    return sorted((r["method"], r["seed"], r["status"], r["metrics"]["free200"]) for r in found)


@pytest.fixture
def here(smoke_run):
    """Return the results of the same cells in processes of this machine."""
    return results(records.newest_records(smoke_run.folder))


def assert_all_arrived(folder):
    assert len(list((folder / "cells").glob("*.json"))) == len(CELLS)
    esn = next(r for r in records.newest_records(folder) if r["method"] == "esn")
    assert set(records.load_arrays(folder, esn)) >= {"truth", "prediction", "error"}


def test_a_backend_of_joblib_gives_the_same_records(tmp_path, here):
    assert run("threading", tmp_path) == here
    assert_all_arrived(tmp_path)


def test_a_daemon_may_run_a_cell(monkeypatch, here):  # workers of Dask are daemons
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    mean = next(cell for cell in CELLS if cell.method == "mean")

    files = backends.run_isolated(mean, LIMITS, {})

    assert set(files) >= {f"{mean.name}.json"}


@contextlib.contextmanager
def dask_cluster(**settings):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, dashboard_address=":0", silence_logs="CRITICAL", **settings
    ) as cluster:
        yield cluster


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_gives_the_same_records_though_a_worker_is_lost(
    tmp_path, here, smoke_run, monkeypatch
):
    slow_answer = partial(answer, folder=smoke_run.folder, seconds=0.1)
    monkeypatch.setattr(backends, "run_isolated", slow_answer)
    with dask_cluster(threads_per_worker=1, processes=False, protocol="tcp") as cluster:

        def lose_a_worker(count):
            if count == 1:
                cluster.sync(cluster.workers[0].close)

        assert run(cluster.scheduler_address, tmp_path, after=lose_a_worker) == here
    assert_all_arrived(tmp_path)


@pytest.mark.slow
def test_processes_of_joblib_run_the_cells(tmp_path, here):  # each loads torch
    assert run("loky", tmp_path) == here
    assert_all_arrived(tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_runs_the_cells_though_a_worker_is_killed(tmp_path, here):
    from distributed import Client

    with dask_cluster(threads_per_worker=2, processes=True) as cluster:
        with Client(cluster) as client:
            pids = list(client.run(os.getpid).values())

        def kill_a_worker(count):
            if count == 1:
                os.kill(pids[0], signal.SIGKILL)
                time.sleep(0.1)

        assert run(cluster.scheduler_address, tmp_path, after=kill_a_worker) == here
    assert_all_arrived(tmp_path)


def test_an_unknown_backend_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="sun"):
        run("sun", tmp_path)


@pytest.mark.parametrize(
    "name",
    ["../../x.json", "x.json", "{cell}.pickle", "{cell}/x.npz", "{cell}.json/../x.json", ".ssh"],
)
def test_a_worker_writes_only_the_files_of_its_cell(name, tmp_path, monkeypatch):
    cell = CELLS[0]
    files = {name.format(cell=cell.name): b"{}"}
    monkeypatch.setattr(backends, "run_isolated", lambda *about, **more: files)

    with pytest.raises(ValueError, match="a worker answered with a file"):
        run("threading", tmp_path / "out", [cell])

    assert not (tmp_path / "out").exists()
