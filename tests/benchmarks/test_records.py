import pytest

from benchmarks.cells.cell import Cell
from benchmarks.methods.registry import METHODS
from benchmarks.results import records, tables
from benchmarks.running.plan import plan_cells

METHOD_NAMES = ["esn", "linear", "persistence", "mean"]
CELLS = plan_cells(["lagged_sine"], METHOD_NAMES, 2)


def test_a_torn_record_is_refused_with_the_remedy(tmp_path):
    path = tmp_path / "cells" / f"{CELLS[0].name}.json"
    path.parent.mkdir()
    path.write_text('{"schema": 2, "metr')

    with pytest.raises(ValueError, match="is not a record.*delete it"):
        records.read_record(tmp_path, CELLS[0])


def test_another_schema_is_refused(tmp_path):
    records.write_record(tmp_path, CELLS[0], {"status": "ok", "reason": ""})
    path = tmp_path / "cells" / f"{CELLS[0].name}.json"
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 99'))

    with pytest.raises(ValueError, match="schema 99, this version reads 2"):
        records.read_record(tmp_path, CELLS[0])


def test_the_key_depends_on_everything_that_decides_the_result():
    base = CELLS[0]
    others = [
        Cell(base.task, base.task_version, base.method, base.settings, base.seed + 1),
        Cell(base.task, base.task_version + 1, base.method, base.settings, base.seed),
        Cell(base.task, base.task_version, base.method, {"alpha": 1.0}, base.seed),
    ]

    assert len({base.key, *(cell.key for cell in others)}) == 4
    assert set(METHOD_NAMES) <= set(METHODS)


def test_a_skipped_cell_is_no_failure_and_tried_again(tmp_path):
    records.write_record(tmp_path, CELLS[0], {"status": "skipped", "reason": "not installed"})
    record = records.read_record(tmp_path, CELLS[0])

    (row,) = tables.summarise([record])

    assert row.n_failed == 0
    assert row.reasons == ("skipped: not installed",)
    assert records.finished(tmp_path, CELLS[:1], retry=False) == {}
