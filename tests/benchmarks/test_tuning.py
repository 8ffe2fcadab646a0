import json
import re
from dataclasses import replace

import pytest

from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tuning import search as tuning

STORED = tuning.stored_folder()


def test_the_stored_searches_are_equal_and_the_small_one_repeats():
    assert tuning.check() == []


def test_every_default_task_has_tuned_settings_for_every_learner():
    from benchmarks.running.suites import load

    for name in load("oscillators").tasks:
        for method in tuning.wanted(name, tuning.tuned()):
            assert tuning.stored(TASKS[name].settings_key, method)


def test_settings_fall_back_to_the_defaults():
    sunspots = TASKS["sunspots"]

    assert tuning.settings_for(sunspots, METHODS["mean"]) == {}
    assert tuning.settings_for(TASKS["lagged_sine"], METHODS["notes_relu"])["n_units"] == 32


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ({"n_trials": 3}, "16 trials logged, 3 claimed"),
        ({"validation_rows": [1, 2]}, "validation_rows differs"),
        ({"sampler": "tpe"}, "sampler differs"),
        ({"seeds": [0, 1]}, "overlap the test seeds"),
        ({"settings": {}}, "not the best of the log"),
        (None, "no search for rnn"),
    ],
)
def test_a_damaged_log_is_noticed(tmp_path, damage, complaint):
    (tmp_path / "stored").mkdir()
    for path in (STORED / "stored").glob("lagged_sine--*.json"):
        (tmp_path / "stored" / path.name).write_text(path.read_text())
    path = tmp_path / "stored" / "lagged_sine--rnn.json"
    if damage is None:
        path.unlink()
    else:
        path.write_text(json.dumps({**json.loads(path.read_text()), **damage}))

    wrong = tuning.check(tmp_path)

    assert any(re.search(complaint, text) for text in wrong)


def test_a_search_that_does_not_repeat_is_noticed(tmp_path):
    log = {**tuning.stored(*tuning.RETUNED), "score": 1e-3}
    tuning.write(log, tmp_path)

    assert any("scores 0.001, again" in text for text in tuning.check(tmp_path))


def test_a_search_writes_its_whole_log(tmp_path):
    tuning.tune([("lagged_sine", "esn")], "trials:3", tmp_path, workers=1)

    (path,) = (tmp_path / "trials_3").iterdir()
    found = json.loads(path.read_text())
    assert found["n_trials"] == len(found["trials"]) == 3
    assert found["settings"] in [trial["settings"] for trial in found["trials"]]


def test_a_budget_of_seconds_is_kept_and_holds_the_last_fit():
    found = tuning.search("lagged_sine", "esn", "seconds:4")

    longest = max(trial["seconds"] for trial in found["trials"])
    assert 2 <= found["n_trials"] < 1000
    assert found["seconds"] <= 4.0
    assert found["seconds"] + 2 * longest > 2.0


def test_a_small_grid_is_searched_whole(monkeypatch):
    task = replace(TASKS["lagged_sine"], space={"esn": {"alpha": [1e-8, 1e-2]}})
    monkeypatch.setitem(TASKS, "lagged_sine", task)
    monkeypatch.setitem(METHODS, "esn", replace(METHODS["esn"], space={}))

    found = tuning.search("lagged_sine", "esn", "trials:50")

    assert sorted(trial["settings"]["alpha"] for trial in found["trials"]) == [1e-8, 1e-2]


def test_a_search_kept_with_results_is_found_there(tmp_path):
    assert tuning.missing(["lagged_sine"], ["esn", "mean"], "trials:3") == [("lagged_sine", "esn")]
    log = tuning.search("lagged_sine", "esn", "trials:3")
    tuning.write(log, tmp_path)

    tuning.look_in(tmp_path)

    assert tuning.missing(["lagged_sine"], ["esn", "mean"], "trials:3") == []
    assert tuning.settings_for(TASKS["lagged_sine"], METHODS["esn"], "trials:3") == log["settings"]


def test_the_default_track_searches_nothing():
    assert tuning.missing(["lagged_sine"], ["rnn"], "default") == []
    assert tuning.settings_for(TASKS["lagged_sine"], METHODS["rnn"], "default")["window"] == 20
