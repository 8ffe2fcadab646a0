from dataclasses import replace

from benchmarks.methods.long_memory import METHODS, NEVER
from benchmarks.tasks import TASKS
from trainers import RNNClassifier, RNNRegressor

NUMBERS, LABELS = TASKS["addition_80"], TASKS["temporal_order_50"]


def built(name, task=NUMBERS, **about):
    (method,) = (method for method in METHODS if method.name == name)
    return method.build(method.defaults, task, replace(task.data("test", 0), **about), 0)


def test_gradients_are_cut_nowhere_and_updates_have_the_sequences_of_the_data():
    for method in METHODS:
        model = built(method.name, sequences_per_update=7)

        if "batch_size" in model.solver.uses:  # else no gradient is cut, and no update has a part
            assert model.truncation == NEVER, method.name
            assert model.batch_size == 7, method.name


def test_the_kind_of_the_targets_chooses_the_estimator():
    assert isinstance(built("sgd_plain"), RNNRegressor)
    assert isinstance(built("sgd_plain", LABELS), RNNClassifier)


def test_structural_damping_is_all_that_tells_the_two_hessian_free_methods_apart():
    with_damping, without = built("hf_structural"), built("hf_plain")

    assert with_damping.solver.structural_damping == 1 / 30
    assert without.solver.structural_damping == 0.0
    with_damping.solver.structural_damping = 0.0
    assert repr(with_damping) == repr(without)
