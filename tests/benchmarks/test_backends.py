import os
import signal
import time

import pytest

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


@pytest.fixture(scope="module")
def here(smoke_run):
    """Return the results of the same cells in processes of this machine."""
    return results(records.newest_records(smoke_run.folder))


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_a_backend_of_joblib_gives_the_same_records(backend, tmp_path, here):
    assert run(backend, tmp_path) == here
    assert len(list((tmp_path / "cells").glob("*.json"))) == len(CELLS)
    esn = next(r for r in records.newest_records(tmp_path) if r["method"] == "esn")
    assert set(records.load_arrays(tmp_path, esn)) >= {"truth", "prediction", "error"}


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None,
        silence_logs="CRITICAL",
    ) as found:  # fmt: skip
        yield found


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_gives_the_same_records_though_a_worker_is_killed(tmp_path, here, cluster):
    from distributed import Client

    with Client(cluster) as client:
        pids = list(client.run(os.getpid).values())

    def kill(count):
        if count == 1:
            os.kill(pids[0], signal.SIGKILL)
            time.sleep(0.1)

    assert run(cluster.scheduler_address, tmp_path, after=kill) == here


def test_an_unknown_backend_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="sun"):
        run("sun", tmp_path)
