import json

import pytest

from benchmarks import tuning
from benchmarks.methods import METHODS
from benchmarks.tasks import TASKS

FILES = sorted(tuning.stored_folder().glob("*.json"))


def test_the_stored_searches_are_equal_and_the_small_one_repeats():
    assert tuning.check() == []


def test_every_default_task_has_tuned_settings_for_every_learner():
    from benchmarks.cli import load_suite

    for name in load_suite("oscillators")["tasks"]:
        found = tuning.stored(TASKS[name].settings_key)["methods"]

        assert set(found) == set(tuning.wanted(name, tuning.TUNED))


def test_settings_fall_back_to_the_defaults():
    sunspots = TASKS["sunspots"]

    assert tuning.settings_for(sunspots, METHODS["mean"]) == {}
    assert tuning.settings_for(TASKS["lagged_sine"], METHODS["notes_relu"])["n_units"] == 32


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda m: m["rnn"].update(n_trials=3), "n_trials differs|3 claimed"),
        (lambda m: m["rnn"].update(validation_rows=[1, 2]), "validation_rows differs"),
        (lambda m: m["rnn"].update(seeds=[0, 1]), "overlap the test seeds"),
        (lambda m: m["rnn"].update(settings={}), "not the best of the log"),
        (lambda m: m.pop("rnn"), "no search for rnn"),
        (lambda m: m["esn"].update(settings={"alpha": 1.0}), "a new search finds"),
    ],
)
def test_a_damaged_log_is_noticed(tmp_path, damage, complaint):
    file = tuning.stored("sine_noisy_0.1")
    damage(file["methods"])
    (tmp_path / "sine_noisy_0.1.json").write_text(json.dumps(file))

    wrong = tuning.check(tmp_path)

    assert any(__import__("re").search(complaint, text) for text in wrong)


def test_a_search_writes_its_whole_log(tmp_path):
    tuning.tune(["lagged_sine"], ["esn"], tmp_path, workers=1, trials=3)

    found = tuning.stored("lagged_sine", tmp_path)["methods"]["esn"]
    assert found["n_trials"] == len(found["trials"]) == 3
    assert found["settings"] in [trial["settings"] for trial in found["trials"]]
