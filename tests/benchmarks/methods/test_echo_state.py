import numpy as np
from numpy.testing import assert_array_equal

from benchmarks.methods.echo_state import build_cycle, build_esn, build_nvar
from benchmarks.tasks import TASKS
from reservoirs import ESNClassifier

FILTER = TASKS["narma10"]
DATA = FILTER.data("test", 0)


def test_a_network_has_the_units_of_its_task_unless_the_settings_say_otherwise():
    assert build_esn({}, FILTER, DATA, 3).n_units == FILTER.n_units
    assert build_esn({"n_units": 7}, FILTER, DATA, 3).get_params()["random_state"] == 3
    assert build_esn({"n_units": 7}, FILTER, DATA, 3).n_units == 7


def test_a_constant_bias_is_the_same_for_every_unit():
    model = build_esn({"n_units": 7, "constant_bias": 0.5}, FILTER, DATA, 0)

    assert_array_equal(model.bias_scaling, np.full(7, 0.5))


def test_labels_are_learned_by_a_classifier():
    task = TASKS["digits_rows"]

    assert isinstance(build_esn({}, task, task.data("test", 0), 0), ESNClassifier)


def test_washout_is_at_most_a_quarter_of_the_training_rows():
    few = DATA.for_tuning()

    for data in (DATA, few):
        assert build_esn({}, FILTER, data, 0).washout == min(data.washout, data.n_train // 4)


def test_a_cycle_is_a_ring_without_leak_and_a_next_generation_reservoir_draws_nothing():
    ring = build_cycle({"alpha": 1.0}, FILTER, DATA, 0)

    assert (ring.topology, ring.leak_rate, ring.alpha) == ("cycle", 1.0, 1.0)
    assert "random_state" not in build_nvar({"alpha": 1.0}, FILTER, DATA, 0).get_params()
