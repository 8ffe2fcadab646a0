import json

import pytest

from benchmarks.cli import main
from benchmarks.methods.registry import METHODS
from benchmarks.results import published
from benchmarks.results.published import Entry
from benchmarks.tasks import TASKS, dysts, noise

STUDIES = {
    "dysts": dysts._task("Lorenz", scaled=True),
    "dysts_raw": dysts._task("Lorenz", scaled=False),
}
NOISE = {f"noise_{level}": noise.TASKS[0] for level in noise.LEVELS}


def test_every_entry_names_a_task_a_method_and_its_sources():
    for entry in published.entries():
        task = (STUDIES | NOISE).get(entry.task) or TASKS[entry.task]
        assert entry.method in METHODS
        assert not METHODS[entry.method].refusal(task)
        for number in entry.published:
            assert number["tag"] in ("V", "M", "R")
            assert len(number["source"]) > 10


@pytest.mark.parametrize(
    ("median", "larger", "verdict"),
    [
        (0.5, False, "<= 1.000: met"),
        (3.0, False, "<= 1.000: missed by 3 times"),
        (0.5, True, ">= 1.000: missed by 2 times"),
        (3.0, True, ">= 1.000: met"),
    ],
)
def test_an_aim_is_met_or_missed_by_a_factor(median, larger, verdict):
    entry = Entry("t", "m", "x", aim=1.0, larger_is_better=larger, ours={"median": median})

    assert entry.verdict() == verdict


def test_a_number_that_was_only_recalled_is_marked():
    entry = Entry("t", "m", "x", [{"value": 0.5, "source": "somebody", "tag": "R"}])

    assert entry.values() == ["0.500?"]


def test_ours_are_put_in_from_records(tmp_path, monkeypatch):
    entry = Entry("narma10", "esn", "nmse", aim=0.05)
    (tmp_path / "a.json").write_text(json.dumps([entry.as_dict()]))
    monkeypatch.setattr(published, "published_folder", lambda: tmp_path)
    record = {"task": "narma10", "method": "esn", "track": "stored", "status": "ok"}
    found = [{**record, "seed": i, "metrics": {"nmse": 0.01 * i}} for i in (1, 2, 3)]
    other = {**record, "task": "narma20", "metrics": {"nmse": 9.0}}

    count = published.update([*found, other, {**record, "status": "timeout", "metrics": {}}])

    (entry,) = published.entries()
    assert count == 1
    assert entry.ours["median"] == pytest.approx(0.03)
    assert (entry.ours["n"], entry.ours["failed"]) == (4, 1)


def test_neither_an_old_run_nor_a_small_one_replaces_a_number(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text(json.dumps([Entry("narma10", "esn", "nmse").as_dict()]))
    monkeypatch.setattr(published, "published_folder", lambda: tmp_path)
    record = {"task": "narma10", "method": "esn", "track": "stored", "status": "ok", "seed": 0}
    new, old, small = (
        {**record, "metrics": {"nmse": nmse}, "provenance": {"started": when}}
        for nmse, when in ((0.02, 2e9), (0.5, 1e9), (0.5, 3e9))
    )

    assert published.update([new, new]) == 1
    assert published.update([old, old]) == 0
    assert published.update([small]) == 0
    assert published.entries()[0].ours["median"] == 0.02


def test_a_study_is_the_median_over_its_systems(tmp_path, monkeypatch):
    entries = [Entry(name, "esn", "smape").as_dict() for name in STUDIES]
    (tmp_path / "a.json").write_text(json.dumps(entries))
    monkeypatch.setattr(published, "published_folder", lambda: tmp_path)
    scores = {"dysts_Chua": (1, 1, 9), "dysts_Chua_raw": (70,), "dysts_Halvorsen": (4,),
              "dysts_Rossler": (8,)}  # fmt: skip
    found = [
        {"task": task, "method": "esn", "track": "trials:50", "status": "ok", "seed": i,
         "metrics": {"smape": smape}}
        for task, several in scores.items() for i, smape in enumerate(several)
    ]  # fmt: skip

    published.update(found)

    assert [e.ours["median"] for e in published.entries()] == [4.0, 70.0]
    assert [e.task for e in published.entries(["dysts_Chua"])] == ["dysts"]


def test_records_prints_published_and_ours(capsys):
    assert main(["records", "narma10"]) == 0

    printed = capsys.readouterr().out
    assert "Rodan & Tino" in printed
    assert "met" in printed


def test_records_of_an_unknown_task_are_refused(capsys):
    assert main(["records", "narma11"]) == 2
    assert "did you mean narma10" in capsys.readouterr().err
