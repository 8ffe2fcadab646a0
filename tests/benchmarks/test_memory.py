import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.cells import archive
from benchmarks.cells.cell import Cell
from benchmarks.cli import main
from benchmarks.methods.registry import METHODS
from benchmarks.protocols import long_memory as memory
from benchmarks.protocols.evaluate import evaluate
from benchmarks.results import records
from benchmarks.tasks import TASKS

ORDER = TASKS["temporal_order_50"]


SHORT = replace(ORDER.data("test", 0), n_updates=6, updates_per_call=2, stop_when_solved=False)


NAG = {"learning_rate": 1e-4}


def outcome_of(data, method="sgd_plain", settings=None, checkpoint=None, task=ORDER):
    return evaluate(task, data, METHODS[method], settings or {}, 0, checkpoint)


def test_every_chunk_is_fresh_and_no_test_sequence_is_trained_on():
    task = TASKS["addition_80"]
    data = task.data("test", 0)

    chunks = [data.part("chunk", number, n_series=3) for number in range(2)]
    test, tuning = data.part("test", n_series=3), task.data("tuning", 0)

    first = [part.X[0][0, 0] for part in (*chunks, test)]
    assert len(set(first)) == 3
    assert data.for_tuning().part("chunk", 0, n_series=3).X[0][0, 0] == first[0]
    assert tuning.part("chunk", 0, n_series=3).X[0][0, 0] != first[0]


def test_an_interrupted_run_goes_on_from_its_checkpoint_and_ends_the_same(tmp_path, monkeypatch):
    whole = outcome_of(SHORT)
    monkeypatch.setattr(memory, "SAVE_EVERY", 0.0)
    path, learn, count = tmp_path / "cells" / "run.npz", memory._learn, iter(range(9))

    def interrupted(run, data):
        if next(count) == 2:
            raise KeyboardInterrupt
        learn(run, data)

    monkeypatch.setattr(memory, "_learn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        outcome_of(SHORT, checkpoint=path)
    monkeypatch.setattr(memory, "_learn", learn)
    assert memory._load(path).n_chunks == 2

    resumed = outcome_of(SHORT, checkpoint=path)

    assert resumed.metrics == whole.metrics
    np.testing.assert_array_equal(
        resumed.arrays["learning_losses"], whole.arrays["learning_losses"]
    )


def test_the_momentum_columns_differ_in_momentum_only():
    task = TASKS["addition_80"]
    data = task.data("test", 0)
    models = [
        METHODS[name].build({**NAG, **task.fixed[name]}, task, data, 0)
        for name in ("nag_0", "nag_0.9", "nag_0.98", "nag_0.995")
    ]

    assert [m.solver.momentum for m in models] == [0.0, 0.9, 0.98, 0.995]
    for model in models:
        assert (model.n_units, model.batch_size, model.init.spectral_radius) == (100, 100, 1.1)
        assert model.init.input_scale == 0.001


@pytest.mark.filterwarnings("ignore:training diverged")
def test_a_diverged_run_is_a_result():
    data = replace(SHORT, n_updates=200)

    outcome = outcome_of(data, settings={"learning_rate": 1e30, "activation": "relu"})

    assert outcome.status == "diverged"
    assert outcome.metrics["updates"] < 200


def test_recorded_cells_count_whatever_the_code_is(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "archive_file", lambda: tmp_path / "archive.zip")
    cell = Cell("addition_80", 1, "nag_0.9", {"learning_rate": 0.5}, 0)
    old = {**cell.identity, "schema": 1, "key": "another code", "status": "ok"}
    archive.write_archive({"runs/a.json": json.dumps(old).encode()})

    matching = records.archived_records([cell, replace(cell, seed=1), replace(cell, settings={})])

    assert matching == {cell.key: old}


def test_hessian_free_remembers_five_bits_stops_and_is_reported(tmp_path):
    arguments = ["run", "memory", "-t", "memory5_20", "-m", "hf_structural", "--seeds", "1"]

    code = main([*arguments, "--fresh", "-j", "1", "--out", str(tmp_path)])

    assert code == 0
    (record,) = records.newest_records(tmp_path / "memory")
    updates = record["metrics"]["updates"]
    assert record["metrics"]["wrong"] == 0.0
    assert updates < TASKS["memory5_20"].data("test", 0).n_updates
    arrays = records.load_arrays(tmp_path / "memory", record)
    assert arrays["learning_passes"][-1] > updates
    page = (tmp_path / "memory" / "report.html").read_text()
    assert "training loss against seconds and passes" in page
    assert not list((tmp_path / "memory").glob("checkpoints/*"))


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"PK\x05\x06" + bytes(18)])
def test_a_checkpoint_that_cannot_be_read_is_ignored_with_a_word(content, tmp_path, caplog):
    path = tmp_path / "run.npz"
    path.write_bytes(content)

    assert memory._load(path) is None
    assert "is ignored, the run starts anew" in caplog.text
