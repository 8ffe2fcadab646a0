import numpy as np

from benchmarks.tasks import TASKS
from benchmarks.tasks import data as task_data


def test_a_seed_depends_on_the_names_alone():
    assert task_data.stream("data", "narma10", "test", 0) == 1_249_999_419
    assert task_data.stream("data", "narma10", "test", 1) != 1_249_999_419


def test_test_and_tuning_draw_different_data():
    task = TASKS["narma10"]

    assert np.abs(task.data("test", 0).inputs - task.data("tuning", 0).inputs).max() > 0.1
    assert task.model_seed("test", 0) != task.model_seed("tuning", 0)
