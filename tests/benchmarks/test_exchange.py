import csv
import json

import pytest

from benchmarks.cells.cell import Cell
from benchmarks.cli import main
from benchmarks.results import exchange, records
from benchmarks.running import suites
from benchmarks.running.plan import plan_cells


@pytest.fixture(scope="module")
def shards(smoke_run, tmp_path_factory):
    """Return a folder with the two shards of the whole run."""
    folder = tmp_path_factory.mktemp("shards")
    for part in ("1/2", "2/2"):
        out = str(folder / part[0])
        assert main([*smoke_run.arguments, "--out", out, "--shard", part]) == 0
    return folder


def metrics(folder):
    return {p.name: json.loads(p.read_text())["metrics"] for p in folder.glob("cells/*.json")}


def test_two_shards_merged_are_the_whole_run(smoke_run, shards, tmp_path):
    parts = [str(shards / part / "smoke") for part in "12"]

    code = main(["merge", *parts, "--out", str(tmp_path)])

    assert code == 0
    assert metrics(tmp_path) == metrics(smoke_run.folder)
    assert len(list(tmp_path.glob("cells/*.npz"))) == 8
    assert not (shards / "1" / "smoke" / "report.html").exists()


def test_merging_again_changes_nothing(shards, tmp_path, capsys):
    main(["merge", str(shards / "1" / "smoke"), "--out", str(tmp_path)])
    main(["merge", str(shards / "1" / "smoke"), "--out", str(tmp_path)])

    assert "0 records new" in capsys.readouterr().out


def test_a_result_replaces_a_failure_but_never_the_other_way(tmp_path):
    cell = Cell("lagged_sine", 1, "mean", {}, 0)
    good = {"status": "ok", "reason": "", "provenance": {"started": 1.0}}
    bad = {"status": "timeout", "reason": "late", "provenance": {"started": 2.0}}
    for name, record in (("a", good), ("b", bad)):
        records.write_record(tmp_path / name, cell, record)

    exchange.merge([tmp_path / "b", tmp_path / "a"], tmp_path / "one")
    exchange.merge([tmp_path / "b"], tmp_path / "one")

    (found,) = records.newest_records(tmp_path / "one")
    assert found["status"] == "ok"


@pytest.mark.parametrize("name", ["all.csv", "all.json"])
def test_records_are_exported_as_one_table(smoke_run, tmp_path, name):
    path = tmp_path / name

    assert main(["export", str(smoke_run.out), str(path)]) == 0

    text = path.read_text()
    rows = json.loads(text) if name.endswith("json") else list(csv.DictReader(text.splitlines()))
    assert len(rows) == 8
    assert {"task", "method", "seed", "m.free200", "t_fit", "numpy", "noisy"} <= set(rows[0])


def test_an_export_to_an_unknown_kind_of_file_is_refused(smoke_run, tmp_path, capsys):
    assert main(["export", str(smoke_run.out), str(tmp_path / "all.xls")]) == 2
    assert "must end in .csv, .json or .parquet" in capsys.readouterr().err


def test_the_report_is_written_again_from_the_records(smoke_run, tmp_path):
    path = tmp_path / "again.html"

    code = main(["report", str(smoke_run.out), "-o", str(path)])

    assert code == 0
    assert path.read_text() == (smoke_run.folder / "report.html").read_text()


def test_status_counts_what_is_done_and_to_do(smoke_run, capsys):
    chosen = [*smoke_run.arguments[1:-2], "--seeds", "3"]

    main(["status", *chosen, "--out", str(smoke_run.out), "--json"])

    found = json.loads(capsys.readouterr().out)["tasks"]["lagged_sine"]
    assert (found["done"], found["failed"], found["to do"]) == (8, 0, 4)
    assert found["seconds left"] > 0


def test_a_run_compared_with_itself_is_no_regression(smoke_run, capsys):
    code = main(["compare", str(smoke_run.out), str(smoke_run.out), "--json"])

    assert code == 0
    assert {c["pair"]["ratio"] for c in json.loads(capsys.readouterr().out)} == {1.0}


def record(error, seed, status="ok"):
    return {
        "task": "lagged_sine", "task_version": 1, "method": "esn", "settings": {}, "seed": seed,
        "status": status, "reason": "", "metrics": {"free200": error} if status == "ok" else {},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("after", "worse"),
    [
        ([record(2.0, s) for s in range(10)], True),
        ([record(2.0 if s % 2 else 0.5, s) for s in range(10)], False),
        ([record(1.05, s) for s in range(10)], False),
        ([record(2.0, s) for s in range(3)], True),
        ([record(2.0 if s else 1.0, s) for s in range(3)], False),
        ([record(1.0, s, "timeout" if s == 1 else "ok") for s in range(10)], True),
    ],
)
def test_a_regression_is_beyond_the_tolerance_and_beyond_chance(after, worse):
    before = [record(1.0, s) for s in range(10)]

    (change,) = exchange.compare(before, after, tolerance=1.1)

    assert change.regression is worse
    assert (change.corrected is None) == (len(after) < 6)


def test_a_suite_of_ones_own_says_what_is_a_regression(tmp_path, capsys):
    path = tmp_path / "mine.toml"
    path.write_text('tasks = ["lagged_sine"]\nmethods = ["mean"]\nseeds = 1\n'
                    "[expected.lagged_sine]\nmean = 0.1\n")  # fmt: skip

    code = main(["run", str(path), "--out", str(tmp_path)])

    assert code == 3
    assert "mean on lagged_sine: free200 is 1.41" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tasks = [", "cannot be read"),
        ("seeds = 1", "lacks tasks"),
        ('tasks = ["sine_claen"]\nseeds = 1', "did you mean sine_clean"),
        ('tasks = "all"\nseeds = 0', "must be a positive whole number"),
        ('tasks = "all"\nseeds = 1\nsedes = 2', "no key of a suite"),
        ('tasks = "all"\nseeds = "many"', "seeds must be a positive whole number"),
        ('tasks = "all"\nseeds = 1\ntrack = "long"', "track must be default, stored"),
    ],
)
def test_a_suite_that_makes_no_sense_is_refused(tmp_path, capsys, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)

    assert main(["run", str(path), "--out", str(tmp_path / "out")]) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_results_of_another_schema_are_refused_and_kept(smoke_run, shards, tmp_path, capsys):
    main(["merge", str(shards / "1" / "smoke"), "--out", str(tmp_path / "smoke")])
    for path in (tmp_path / "smoke" / "cells").glob("*.json"):
        path.write_text(path.read_text().replace('"schema": 2', '"schema": 1'))
    before = sorted(p.read_text() for p in (tmp_path / "smoke" / "cells").glob("*.json"))
    capsys.readouterr()

    code = main([*smoke_run.arguments, "--out", str(tmp_path)])

    assert code == 2
    assert "has schema 1, this version reads 2; use another --out" in capsys.readouterr().err
    assert before == sorted(p.read_text() for p in (tmp_path / "smoke" / "cells").glob("*.json"))


def test_the_smoke_suite_expects_something_of_every_learner():
    smoke = suites.load_suite("smoke")

    assert {"esn", "lstm", "rnn", "momentum", "hessian_free"} <= set(smoke.expected["lagged_sine"])


def test_a_dry_run_says_what_would_run_and_runs_nothing(smoke_run, tmp_path, capsys):
    code = main([*smoke_run.arguments, "--dry-run", "--out", str(tmp_path)])

    assert code == 0
    assert "8 of 8 cells would run" in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.json"))


def test_cells_are_shared_out_without_overlap():
    cells = plan_cells(["lagged_sine"], ["esn", "mean"], 5)
    parts = [cells[i::3] for i in range(3)]

    assert sorted(c.key for part in parts for c in part) == sorted(c.key for c in cells)
