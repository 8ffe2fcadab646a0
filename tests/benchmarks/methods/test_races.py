import torch

from benchmarks.methods.races import METHODS, build_hessian_free, build_lbfgs, racer
from benchmarks.tasks import TASKS
from trainers import HessianFree

TASK = TASKS["race_sine"]


def test_racers_train_the_same_network():
    for solver in ("adam", "hessian_free"):
        model = racer(solver)({}, TASK, None, 2)

        assert (model.n_units, model.window, model.cell) == (30, 20, "rnn")
        assert model.random_state == 2


def test_rates_are_those_of_the_names():
    adams = [method for method in METHODS if method.name.startswith("adam_")]

    assert {method.name: method.build({}, TASK, None, 0).learning_rate for method in adams} == {
        "adam_0.01": 0.01, "adam_0.003": 0.003, "adam_0.001": 0.001, "adam_0.0003": 0.0003,
    }  # fmt: skip


def test_optimizers_are_ours_and_that_of_torch_without_its_tolerances():
    module = torch.nn.Linear(2, 1)

    assert isinstance(build_hessian_free({}, TASK, module, 0), HessianFree)
    group = build_lbfgs({}, TASK, module, 0).param_groups[0]
    assert (group["tolerance_grad"], group["tolerance_change"]) == (0.0, 0.0)
