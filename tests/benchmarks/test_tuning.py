import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cells import archive
from benchmarks.cells.archive import read_archive
from benchmarks.cli import main
from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tuning import audit, pack, search, stored


def log_in_archive(name):
    return json.loads(read_archive(f"searches/{name}")[f"searches/{name}"])


@pytest.fixture(scope="module")
def repeated():
    """Return the search that a check repeats, made once for both tests of it."""
    return search.search(*audit.RETUNED)


@pytest.fixture
def searched_once(repeated, monkeypatch):
    monkeypatch.setattr(audit, "search", lambda *about: {audit.RETUNED: repeated}[about])


def test_the_package_has_what_the_logs_of_the_archive_say():
    assert stored.settings_file().read_text() == pack.settings_text(read_archive())


@pytest.mark.usefixtures("searched_once")
def test_the_stored_searches_are_equal_and_the_small_one_repeats():
    assert audit.check() == []


def test_every_default_task_has_tuned_settings_for_every_learner():
    from benchmarks.running.suites import load_suite

    for name in load_suite("oscillators").tasks:
        for method in stored.applicable_methods(name, stored.compared_methods()):
            assert stored.load_search(TASKS[name].settings_key, method)


def test_settings_fall_back_to_the_defaults():
    sunspots = TASKS["sunspots"]

    assert stored.settings_for(sunspots, METHODS["mean"]) == {}
    assert stored.settings_for(TASKS["lagged_sine"], METHODS["notes_relu"])["n_units"] == 32


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ({"n_trials": 3}, "50 trials logged, 3 claimed"),
        ({"validation_rows": [1, 2]}, "validation_rows differs"),
        ({"sampler": "random"}, "sampler differs"),
        ({"seeds": [0, 1]}, "overlap the test seeds"),
        ({"settings": {}}, "not the best of the log"),
        (None, "no search for rnn"),
    ],
)
def test_a_damaged_log_is_noticed(tmp_path, damage, complaint):
    (tmp_path / "trials_50").mkdir()
    for name, content in read_archive("searches/trials_50/lagged_sine--*.json").items():
        (tmp_path / "trials_50" / Path(name).name).write_bytes(content)
    path = tmp_path / "trials_50" / "lagged_sine--rnn.json"
    if damage is None:
        path.unlink()
    else:
        path.write_text(json.dumps({**json.loads(path.read_text()), **damage}))

    wrong = audit.check(tmp_path)

    assert any(re.search(complaint, text) for text in wrong)


@pytest.mark.parametrize("score", [np.nan, np.inf, 0.0, "1"])
def test_a_log_with_a_trial_of_no_score_is_refused(score, tmp_path):
    log = {**log_in_archive("trials_50/lagged_sine--esn.json"), "trials": [{"score": score}]}
    stored.write_log(log, tmp_path)

    with pytest.raises(ValueError, match=r"--esn.json is not the log of a search"):
        stored._read_log(tmp_path / "trials_50" / "lagged_sine--esn.json")


@pytest.mark.usefixtures("searched_once")
def test_a_search_that_does_not_repeat_is_noticed(tmp_path):
    log = {**log_in_archive("trials_50/sine_noisy_0.1--esn.json"), "score": 1e-3}
    stored.write_log(log, tmp_path)

    assert any("scores 0.001, again" in text for text in audit.check(tmp_path))


def test_a_search_writes_its_whole_log(tmp_path):
    search.tune([("lagged_sine", "esn")], "trials:3", tmp_path, workers=1)

    (path,) = (tmp_path / "trials_3").iterdir()
    found = json.loads(path.read_text())
    assert found["n_trials"] == len(found["trials"]) == 3
    assert found["settings"] in [trial["settings"] for trial in found["trials"]]


def test_a_budget_of_seconds_is_kept_and_holds_the_last_fit():
    found = search.search("lagged_sine", "esn", "seconds:1")

    longest = max(trial["seconds"] for trial in found["trials"])
    assert 2 <= found["n_trials"] < 1000
    assert found["seconds"] <= 1.0
    assert found["seconds"] + 2 * longest > 0.5


def test_a_small_grid_is_searched_whole(monkeypatch):
    task = replace(TASKS["lagged_sine"], space={"esn": {"alpha": [1e-8, 1e-2]}})
    monkeypatch.setitem(TASKS, "lagged_sine", task)
    monkeypatch.setitem(METHODS, "esn", replace(METHODS["esn"], space={}))

    found = search.search("lagged_sine", "esn", "trials:50")

    assert sorted(trial["settings"]["alpha"] for trial in found["trials"]) == [1e-8, 1e-2]


def test_a_search_kept_with_results_is_found_there(tmp_path):
    assert stored.missing_searches(["lagged_sine"], ["esn", "mean"], "trials:3") == [
        ("lagged_sine", "esn")
    ]
    log = search.search("lagged_sine", "esn", "trials:3")
    stored.write_log(log, tmp_path)

    stored.add_folder(tmp_path)

    assert stored.missing_searches(["lagged_sine"], ["esn", "mean"], "trials:3") == []
    assert stored.settings_for(TASKS["lagged_sine"], METHODS["esn"], "trials:3") == log["settings"]


def test_the_default_track_searches_nothing():
    assert stored.missing_searches(["lagged_sine"], ["rnn"], "default") == []
    assert stored.settings_for(TASKS["lagged_sine"], METHODS["rnn"], "default")["window"] == 20


def test_the_logs_cannot_be_checked_without_the_archive(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(archive, "archive_file", lambda: tmp_path / "archive.zip")

    assert main(["tune", "--check"]) == 2

    assert "come with a checkout of the source" in " ".join(capsys.readouterr().err.split())


def test_a_search_and_a_run_are_packed_in_place_of_earlier_ones(tmp_path, monkeypatch):
    log = log_in_archive("trials_50/lagged_sine--esn.json")
    old = {"runs/a--b--0--1.json": b"{}", "runs/a--b--0--1.npz": b"", "runs/a--c--0--1.json": b"{}"}
    monkeypatch.setattr(archive, "archive_file", lambda: tmp_path / "archive.zip")
    monkeypatch.setattr(pack, "settings_file", lambda: tmp_path / "settings.json")
    archive.write_archive({"searches/trials_50/lagged_sine--esn.json": b"{}", **old})
    stored.write_log({**log, "settings": {"alpha": 0.5}}, tmp_path / "tuned")
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "a--b--0--2.json").write_text('{"new": 1}')

    pack.main(["--searches", str(tmp_path / "tuned"), "--runs", str(tmp_path)])

    names = set(archive.read_archive("runs/*"))
    (entry,) = json.loads((tmp_path / "settings.json").read_text())
    assert names == {"runs/a--b--0--2.json", "runs/a--c--0--1.json"}
    assert entry["settings"] == {"alpha": 0.5}
    logs = 100.0 * np.log10([trial["score"] for trial in log["trials"]])
    assert entry["best_after"] == sorted(entry["best_after"], reverse=True)
    assert entry["best_after"][0] == pytest.approx(logs.mean(), abs=1.0)  # one random trial
    assert logs.min() - 1.0 < entry["best_after"][-1] < logs.min() + logs.std()


def test_the_same_files_make_the_same_archive(tmp_path, monkeypatch):
    files = {"b": b"1" * 100, "a": b"2"}
    monkeypatch.setattr(archive, "archive_file", lambda: tmp_path / "archive.zip")

    archive.write_archive(files)
    before = archive.archive_file().read_bytes()
    archive.write_archive(dict(reversed(files.items())))

    assert archive.archive_file().read_bytes() == before
    assert archive.read_archive() == files


def log_with(values, scores, name="alpha"):
    trials = [
        {"settings": {name: value}, "score": score}
        for value, score in zip(values, scores, strict=True)
    ]
    best = min(trials, key=lambda trial: trial["score"])
    return {"task": "lagged_sine", "method": "esn", "settings": best["settings"], "trials": trials}


@pytest.mark.parametrize(
    ("name", "values", "scores", "complaint"),
    [
        ("input_scaling", [9.0, 0.1, 0.01], [1.0, 3.0, 9.0], "input_scaling=9 lies at an end"),
        ("input_scaling", [9.0, 0.1, 0.01], [1.0, 1.9, 9.0], ""),  # inside it is as good
        ("input_scaling", [0.1, 9.0, 0.01], [1.0, 3.0, 9.0], ""),
        ("bias_scaling", [0.01, 1.0], [1.0, 3.0], "bias_scaling=0.01 lies at an end"),
        ("alpha", [2e-18, 1e-9], [1.0, 3.0], ""),  # a limit, the method says
        ("alpha", [50.0, 1e-9], [1.0, 3.0], "alpha=50 lies at an end"),  # the other end is none
        ("leak_rate", [0.99, 0.99], [1.0, 3.0], ""),
    ],
)
def test_an_end_of_a_range_that_kept_a_search_from_better_is_noticed(
    name, values, scores, complaint
):
    assert audit._check_edges(log_with(values, scores, name)) == (
        [f"{complaint} of its range"] if complaint else []
    )


def test_a_list_of_numbers_has_ends_too(monkeypatch):
    space = {"degree": [1, 2, 3, 4, 6], "topology": ["random", "cycle"]}
    monkeypatch.setitem(METHODS, "esn", replace(METHODS["esn"], space=space))

    (complaint,) = audit._check_edges(log_with([6, 2], [1.0, 3.0], "degree"))

    assert complaint == "degree=6 lies at an end of its range"
    assert audit._check_edges(log_with([2, 6], [1.0, 3.0], "degree")) == []
    assert audit._check_edges(log_with(["cycle", "random"], [1.0, 3.0], "topology")) == []
