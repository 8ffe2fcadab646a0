import pytest

from benchmarks.tuning import defaults


def test_the_defaults_are_those_that_won_the_stored_study():
    found = defaults.stored_study()

    assert found["settings"] == defaults.studied_settings()
    assert found["best"] == defaults.best_settings(found["settings"], found["scores"])
    assert defaults.current_defaults() == found["best"]


@pytest.mark.parametrize("task", ["narma10", "sine_noisy_0.1", "digits_rows"])
def test_a_score_of_the_study_repeats(task):
    found = defaults.stored_study()

    again = defaults.default_score(task, found["settings"][7])

    assert again == pytest.approx(found["scores"][task][7], rel=1e-3)


def test_small_penalties_do_not_win():
    tried = [{"alpha": 1e-12}, {"alpha": 1e-6}, {"alpha": 1.0}]

    assert defaults.best_settings(tried, {"a": [0.1, 0.2, 0.3], "b": [0.1, 0.3, 0.4]}) == {
        "alpha": 1e-6
    }
