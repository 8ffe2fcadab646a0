import json
import re
from dataclasses import replace

import pytest

from benchmarks.methods.registry import METHODS
from benchmarks.tasks import TASKS
from benchmarks.tuning import audit, search, stored

STORED = stored.stored_folder()


def test_the_stored_searches_are_equal_and_the_small_one_repeats():
    assert audit.check() == []


def test_every_default_task_has_tuned_settings_for_every_learner():
    from benchmarks.running.suites import load_suite

    for name in load_suite("oscillators").tasks:
        for method in stored.applicable_methods(name, stored.tunable_methods()):
            assert stored.load_log(TASKS[name].settings_key, method)


def test_settings_fall_back_to_the_defaults():
    sunspots = TASKS["sunspots"]

    assert stored.settings_for(sunspots, METHODS["mean"]) == {}
    assert stored.settings_for(TASKS["lagged_sine"], METHODS["notes_relu"])["n_units"] == 32


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

    wrong = audit.check(tmp_path)

    assert any(re.search(complaint, text) for text in wrong)


def test_a_search_that_does_not_repeat_is_noticed(tmp_path):
    log = {**stored.load_log(*audit.RETUNED), "score": 1e-3}
    stored.write_log(log, tmp_path)

    assert any("scores 0.001, again" in text for text in audit.check(tmp_path))


def test_a_search_writes_its_whole_log(tmp_path):
    search.tune([("lagged_sine", "esn")], "trials:3", tmp_path, workers=1)

    (path,) = (tmp_path / "trials_3").iterdir()
    found = json.loads(path.read_text())
    assert found["n_trials"] == len(found["trials"]) == 3
    assert found["settings"] in [trial["settings"] for trial in found["trials"]]


def test_a_budget_of_seconds_is_kept_and_holds_the_last_fit():
    found = search.search("lagged_sine", "esn", "seconds:4")

    longest = max(trial["seconds"] for trial in found["trials"])
    assert 2 <= found["n_trials"] < 1000
    assert found["seconds"] <= 4.0
    assert found["seconds"] + 2 * longest > 2.0


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
