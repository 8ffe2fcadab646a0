import pytest

from benchmarks.cells.cell import Cell, SearchResult
from benchmarks.results import records
from benchmarks.running.plan import Plan, plan_cells
from benchmarks.running.session import open_session
from benchmarks.running.suites import load_suite

OK = {"status": "ok", "reason": "", "metrics": {"free200": 0.1}}
FAILED = {"status": "error", "reason": "no"}


@pytest.fixture
def plan(tmp_path):
    return Plan(load_suite("smoke"), tmp_path, ["lagged_sine"], ["esn", "mean"], 2, "stored")


def shard_of(plan, part, parts):
    values = {**vars(plan), "shard": (part, parts)}
    return Plan(**values)


def test_all_cells_wait_at_first(plan):
    session = open_session(plan)

    assert [(cell.method, cell.seed) for cell in session.waiting] == [
        ("esn", 0),
        ("mean", 0),
        ("esn", 1),
        ("mean", 1),
    ]
    assert session.records == []
    assert not session.complete


def test_what_is_there_does_not_wait(plan):
    first, *others = plan.cells()
    records.write_record(plan.folder, first, OK)

    session = open_session(plan)

    assert list(session.waiting) == others
    assert [record["key"] for record in session.records] == [first.key]
    assert not session.n_failed


def test_a_failure_waits_only_when_it_is_to_be_retried(plan):
    first = plan.cells()[0]
    records.write_record(plan.folder, first, FAILED)

    assert first not in open_session(plan).waiting
    assert open_session(plan).n_failed == 1
    assert first in open_session(plan, retry=True).waiting


def test_a_shard_waits_for_its_own_cells_and_sees_the_records_of_others(plan):
    cells = plan.cells()
    for cell in cells[1::2]:
        records.write_record(plan.folder, cell, OK)

    session = open_session(shard_of(plan, 1, 2))

    assert list(session.waiting) == cells[::2]
    assert [record["method"] for record in session.records] == ["mean", "mean"]


def test_running_leaves_nothing_waiting_and_changes_no_session(plan, monkeypatch):
    def run_cells(backend, folder, cells, *, workers, limits):
        for cell in cells:
            yield cell, {**cell.identity, "key": cell.key, **OK}

    monkeypatch.setattr("benchmarks.running.backends.run_cells", run_cells)
    before, seen = open_session(plan), []

    after = before.run(
        backend="local", workers=1, limits=None, report=lambda cell, record: seen.append(cell)
    )

    assert after.complete
    assert after.waiting == ()
    assert seen == list(before.waiting)
    assert len(before.waiting) == 4


def test_a_cell_carries_what_its_search_gave_and_its_key_does_not_depend_on_it():
    (tuned, untuned) = plan_cells(["lagged_sine"], ["esn", "mean"], 1)
    bare = Cell(**tuned.identity)

    assert 0.0 < tuned.search.score < 1.0
    assert tuned.search.seconds > 0.0
    assert untuned.search is None
    assert bare.key == tuned.key


def test_a_record_says_what_the_search_gave_and_so_does_one_of_an_earlier_version(plan):
    cell = plan.cells()[0]
    records.write_record(plan.folder, cell, OK)
    written = records.read_record(plan.folder, cell)
    records.write_record(plan.folder, Cell(**cell.identity), OK)
    path = plan.folder / "cells" / f"{cell.name}.json"
    path.write_text(path.read_text().replace(' "search": null,\n', ""))

    (kept,) = open_session(plan).records

    assert "search" not in records.read_whole(path)
    assert SearchResult(**written["search"]) == cell.search
    assert kept["search"] == written["search"]
