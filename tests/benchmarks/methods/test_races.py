import pytest
import torch

from benchmarks.methods.module_racers import ModuleLoss, hessian_free, make_muon
from benchmarks.methods.races import METHODS, racer
from benchmarks.tasks import TASKS

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


def loss_of(outputs=2, classes=False):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, outputs), torch.nn.Tanh())
    module.append(torch.nn.Linear(outputs, outputs))
    targets = torch.arange(500) % 2 if classes else torch.randn(500, outputs)
    return ModuleLoss(module, torch.randn(500, 3), targets)


@pytest.mark.parametrize("name", ["torch_hf", "torch_hf_rows", "torch_lbfgs", "torch_adam"])
@pytest.mark.parametrize("classes", [True, False])
def test_every_optimizer_lowers_the_loss(name, classes):
    loss = loss_of(classes=classes)
    before = float(loss.on()[0].detach())
    method = next(method for method in METHODS if method.name == name)

    step = method.build({}, TASK, loss, 0)
    for _ in range(3):
        step()

    assert float(loss.on()[0].detach()) < before


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch before 2.9 has no Muon")
def test_muon_has_the_matrices_and_adam_the_rest():
    loss = loss_of()

    muon, adam = make_muon(loss.module)

    assert [p.ndim for group in muon.param_groups for p in group["params"]] == [2, 2]
    assert [p.ndim for group in adam.param_groups for p in group["params"]] == [1, 1]


def test_the_squared_error_is_summed_over_outputs():
    loss = loss_of()

    value, outputs = loss.on(torch.arange(10))

    expected = ((outputs - loss.targets[:10]) ** 2).sum() / 10
    torch.testing.assert_close(value, expected)


def test_curvature_is_that_of_fresh_rows_at_every_step(monkeypatch):
    seen = []

    def step(self, closure, curvature=None):
        seen.append(len(curvature()[1]))
        return 0.0

    monkeypatch.setattr("trainers.HessianFree.step", step)
    take = hessian_free(300, max_cg=50)({}, TASK, loss_of(), 0)
    take()
    take()

    assert seen == [300, 300]
