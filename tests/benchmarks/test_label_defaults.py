import json

import pytest

from benchmarks.tuning import label_defaults
from reservoirs import ESNClassifier

FOUND = json.loads(label_defaults.study_file().read_text(encoding="utf-8"))


def test_the_defaults_of_the_classifier_are_those_that_won_the_stored_study():
    parameters = ESNClassifier().get_params()

    assert FOUND["settings"] == label_defaults.COMPARED
    assert FOUND["best"] == label_defaults.best_settings(FOUND["settings"], FOUND["errors"])
    assert set(FOUND["errors"]) == {*label_defaults.SERIES, *label_defaults.STEPS}
    assert FOUND["best"] == json.loads(
        json.dumps({name: parameters[name] for name in FOUND["best"]})
    )


@pytest.mark.parametrize("task", ["labels_italypowerdemand", "sign_of_ten_ago"])
def test_an_error_of_the_study_repeats(task):
    if task in label_defaults.SERIES:
        pytest.importorskip("sktime")
    number = label_defaults.COMPARED.index(label_defaults.RATES)

    again = [label_defaults.error(task, label_defaults.RATES, run) for run in label_defaults.RUNS]

    assert sum(again) / 2 == pytest.approx(FOUND["errors"][task][number], abs=0.03)


def test_settings_of_searches_of_labels_keep_the_defaults_of_their_day():
    from benchmarks.methods.registry import METHODS
    from benchmarks.tasks import TASKS

    task = TASKS["labels_gunpoint"]
    pytest.importorskip("sktime")
    model = METHODS["esn"].build({"alpha": 0.1, "leak_rate": 0.7}, task, task.make(0), 0)
    untuned = METHODS["esn"].build({}, task, task.make(0), 0)

    assert (model.pooling, model.standardize) == ("last", False)
    assert untuned.pooling == ESNClassifier().pooling
