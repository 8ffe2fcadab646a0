import pytest

from benchmarks.tuning import defaults


def test_the_defaults_are_those_that_won_the_stored_study():
    found = defaults.stored()

    assert found["settings"] == defaults.settings()
    assert found["best"] == defaults.winner(found["settings"], found["scores"])
    assert defaults.defaults() == found["best"]


@pytest.mark.parametrize("task", ["narma10", "sine_noisy_0.1", "digits_rows"])
def test_a_score_of_the_study_repeats(task):
    found = defaults.stored()

    again = defaults.score(task, found["settings"][7])

    assert again == pytest.approx(found["scores"][task][7], rel=1e-3)


def test_small_penalties_do_not_win():
    tried = [{"alpha": 1e-12}, {"alpha": 1e-6}, {"alpha": 1.0}]

    assert defaults.winner(tried, {"a": [0.1, 0.2, 0.3], "b": [0.1, 0.3, 0.4]}) == {"alpha": 1e-6}
