"""Attempts to break the torch optimizers."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler, swa_utils
from torch.utils.checkpoint import checkpoint
from torch_optimizers import OPTIMIZERS, both, closure_of, data, make, net, train, weights

from trainers import HessianFree, SutskeverMomentum


def momentum_after(n_steps=3, **settings):
    model = net()
    optimizer = make(SutskeverMomentum, model.parameters(), **settings)
    train(optimizer, model, n_steps)
    return model, optimizer


def test_settling_or_looking_ahead_twice_is_once():
    model, optimizer = momentum_after()

    optimizer.settle()
    settled = weights(model)
    optimizer.settle()
    assert torch.equal(weights(model), settled)
    optimizer.look_ahead()
    ahead = weights(model)
    optimizer.look_ahead()

    assert torch.equal(weights(model), ahead)
    assert not torch.equal(ahead, settled)


def test_settling_before_the_first_step_leaves_no_trace():
    model, optimizer = momentum_after(0)
    before = weights(model)

    optimizer.settle()
    optimizer.look_ahead()

    assert torch.equal(weights(model), before)
    assert optimizer.state_dict()["state"] == {}


def test_a_step_from_a_settled_point_takes_its_gradient_there():
    model, optimizer = momentum_after()
    optimizer.settle()
    theta = weights(model)
    v = torch.cat([optimizer.state[p]["velocity"].flatten() for p in model.parameters()])
    closure_of(optimizer, model)()
    gradient = torch.cat([p.grad.flatten() for p in model.parameters()])

    optimizer.step()
    optimizer.settle()

    torch.testing.assert_close(weights(model), theta + 0.9 * v - 0.1 * gradient, rtol=1e-12, atol=0)


def test_a_settled_optimizer_is_stored_and_copied_as_one():
    model, optimizer = momentum_after()
    optimizer.settle()
    theta = weights(model)

    model_2, optimizer_2 = copy.deepcopy((model, optimizer))
    optimizer_2.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    optimizer_2.settle()

    assert torch.equal(weights(model_2), theta)


def test_a_momentum_changed_by_a_scheduler_is_that_of_the_next_look_ahead():
    A = torch.tensor([[3.0, 0.5], [0.5, 0.2]], dtype=torch.float64)
    p = nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    optimizer = SutskeverMomentum([p], lr=0.01, momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(optimizer, 0.02, 10)
    theta, v, mu = p.detach().clone(), torch.zeros(2, dtype=torch.float64), 0.0

    for _ in range(8):
        v = mu * v - optimizer.param_groups[0]["lr"] * (A @ (theta + mu * v))
        theta, mu = theta + v, optimizer.param_groups[0]["momentum"]
        p.grad = A @ p.detach()
        optimizer.step()
        scheduler.step()
    optimizer.settle()

    torch.testing.assert_close(p.detach(), theta, rtol=1e-13, atol=0)


def test_another_form_of_momentum_in_the_middle_starts_from_theta():
    model, optimizer = momentum_after()
    twin = copy.deepcopy((model, optimizer))
    twin[1].settle()
    theta, v = weights(twin[0]), [s["velocity"] for s in twin[1].state.values()]

    closure_of(optimizer, model)()
    gradient = torch.cat([p.grad.flatten() for p in model.parameters()])
    optimizer.param_groups[0]["nesterov"] = False
    optimizer.step()

    expected = theta + 0.9 * torch.cat([x.flatten() for x in v]) - 0.1 * gradient
    torch.testing.assert_close(weights(model), expected, rtol=1e-12, atol=0)


@both
def test_a_state_dict_of_version_0_1_0_goes_on_bitwise(kind):
    model = net()
    optimizer = make(kind, model.parameters())
    train(optimizer, model)
    twin = copy.deepcopy(model)
    state = copy.deepcopy(optimizer.state_dict())
    kept = {"lr", "momentum", "nesterov"} if kind is SutskeverMomentum else {"damping"}
    for group in state["param_groups"]:
        for name in set(group) - kept - {"params"}:
            del group[name]
    for entry in state["state"].values():
        entry.pop("ahead", None)
    again = make(kind, twin.parameters())

    again.load_state_dict(state)

    assert train(again, twin) == train(optimizer, model)
    assert torch.equal(weights(twin), weights(model))


def test_a_schedule_of_ones_own_that_leaves_its_range_is_refused():
    model, optimizer = momentum_after(0, schedule=lambda step: 0.5 if step < 2 else 1.5)
    train(optimizer, model, 1)
    before = weights(model)

    with pytest.raises(ValueError, match=r"schedule must give a momentum in \[0, 1\), got 1.5"):
        train(optimizer, model, 1)

    assert torch.equal(weights(model), before)


def test_a_schedule_of_ones_own_is_copied_and_pickled():
    schedule = partial(max, 0.3)  # of the step too: 0.3, then 1

    optimizer = SutskeverMomentum([nn.Parameter(torch.ones(1))], schedule=schedule)

    for copied in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert copied.coefficient(copied.param_groups[0], 0) == 0.3


def test_every_group_keeps_a_damping_of_its_own():
    model = net()
    groups = [
        {"params": model[0].parameters(), "damping": 1e-3},
        {"params": model[2].parameters(), "damping": 5.0},
    ]
    optimizer = HessianFree(groups)
    stiff, loose = weights(model[2]), weights(model[0])

    train(optimizer, model)
    damping = [group["damping"] for group in optimizer.param_groups]

    assert damping[1] / damping[0] == pytest.approx(5000.0)
    assert damping[0] != 1e-3
    assert (weights(model[2]) - stiff).norm() < (weights(model[0]) - loose).norm()


def test_groups_of_one_damping_are_one_group():
    apart, together = net(), net()
    groups = [{"params": part.parameters()} for part in (apart[0], apart[2])]

    train(make(HessianFree, groups), apart)
    train(make(HessianFree, together.parameters()), together)

    assert torch.equal(weights(apart), weights(together))


@pytest.mark.parametrize(
    ("own", "common"),
    [
        ({"max_cg": 3}, {}),
        ({"maximize": True}, {}),
        ({"rho_model": "undamped"}, {}),
        ({"damping": 1.0}, {"structural_damping": 0.1}),
    ],
)
def test_groups_that_one_step_cannot_serve_are_refused_by_name(own, common):
    model = net()
    groups = [{"params": model[0].parameters(), **own}, {"params": model[2].parameters()}]

    with pytest.raises(ValueError, match=f"{next(iter(own))} must be the same in all"):
        train(HessianFree(groups, **common), model, 1)


def test_the_learning_rate_of_a_group_is_the_share_of_its_step():
    whole, part = net(), net()
    start = weights(whole)
    groups = [{"params": part[0].parameters(), "lr": 0.5}, {"params": part[2].parameters()}]
    one, two = make(HessianFree, whole.parameters()), make(HessianFree, groups)

    train(one, whole, 1)
    train(two, part, 1)

    share = torch.tensor([0.5] * 16 + [1.0] * 10, dtype=torch.float64)
    expected = start + share * (weights(whole) - start)
    torch.testing.assert_close(weights(part), expected, rtol=1e-13, atol=1e-15)
    inputs, targets = data()
    after = nn.functional.mse_loss(part(inputs), targets).item()
    assert two.record.loss_after == pytest.approx(after, rel=1e-13)


@both
def test_parameters_of_every_shape_are_trained(kind):
    model, dtype = net(), torch.float64
    model[0].weight = nn.Parameter(torch.linspace(-1, 1, 12, dtype=dtype).view(3, 4).t())
    scale = nn.Parameter(torch.tensor(1.0, dtype=dtype))
    nothing = nn.Parameter(torch.empty(0, dtype=dtype))
    optimizer = make(kind, [nothing, scale, *model.parameters()])

    losses = train(optimizer, model, forward=lambda x: scale * model(x))

    assert losses == sorted(losses, reverse=True)
    assert scale != 1.0


@both
def test_a_layer_used_twice_has_one_state(kind):
    torch.manual_seed(0)
    layer = nn.Linear(3, 3)
    model = nn.Sequential(layer, nn.Tanh(), layer, nn.Linear(3, 2)).double()

    optimizer = make(kind, model.parameters())
    losses = train(optimizer, model)

    assert losses == sorted(losses, reverse=True)
    assert len(optimizer.state) == 4


def test_parameters_of_several_types_are_trained_together():
    model = net()
    model[0].float()

    def forward(inputs):
        return model[2](torch.tanh(model[0](inputs.float())).double())

    for kind in OPTIMIZERS:
        losses = train(
            make(kind, model.parameters()), model, loss=nn.functional.mse_loss, forward=forward
        )
        assert losses[-1] < losses[0]
    assert model[0].weight.dtype == torch.float32


def test_power_iterations_of_a_spectral_norm_are_refused_while_they_run():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.utils.parametrizations.spectral_norm(nn.Linear(4, 2)))
    model = model.double()
    optimizer = make(HessianFree, model.parameters())

    with pytest.raises(ValueError, match="same loss at every call"):
        train(optimizer, model, 1)
    model.eval()
    losses = train(optimizer, model)

    assert losses[-1] < losses[0]


@both
def test_checkpointing_changes_no_digit(kind):
    plain, saving = net(), net()

    train(make(kind, plain.parameters()), plain)
    train(
        make(kind, saving.parameters()),
        saving,
        forward=lambda x: checkpoint(saving, x, use_reentrant=False),
    )

    assert torch.equal(weights(plain), weights(saving))


@both
def test_no_grad_around_a_step_changes_nothing(kind):
    plain, within = net(), net()

    train(make(kind, plain.parameters()), plain)
    with torch.no_grad():
        train(make(kind, within.parameters()), within)

    assert torch.equal(weights(plain), weights(within))


@both
def test_averaged_models_have_their_scheduler(kind):
    model = net()
    optimizer = make(kind, model.parameters())
    average, scheduler = swa_utils.AveragedModel(model), swa_utils.SWALR(optimizer, swa_lr=0.05)

    for _ in range(3):
        train(optimizer, model, 1)
        average.update_parameters(model)
        scheduler.step()
    again = kind([{**optimizer.param_groups[0], "params": [nn.Parameter(torch.ones(1))]}])

    assert again.param_groups[0]["swa_lr"] == 0.05


@both
def test_a_scheduler_that_turns_negative_is_stopped(kind):
    model = net()
    optimizer = make(kind, model.parameters())
    lr_scheduler.LambdaLR(optimizer, lambda epoch: -1.0)

    with pytest.raises(ValueError, match="lr must be at least 0"):
        train(optimizer, model, 1)


@both
def test_a_closure_that_fails_moves_nothing(kind):
    model = net()
    optimizer = make(kind, model.parameters())
    train(optimizer, model)
    before, state = weights(model), repr(optimizer.state_dict())
    closure, calls = closure_of(optimizer, model), []

    def failing():
        calls.append(1)
        if len(calls) == (1 if kind is SutskeverMomentum else 5):
            raise OSError("the disk is full")
        return closure()

    with pytest.raises(OSError, match="disk"):
        optimizer.step(failing)

    assert torch.equal(weights(model), before)
    assert repr(optimizer.state_dict()) == state


@both
def test_a_loss_of_shape_one_is_a_loss(kind):
    model = net()

    losses = train(
        make(kind, model.parameters()), model, loss=lambda z, t: (z - t).square().mean()[None]
    )

    assert losses[-1] < losses[0]


def test_squared_gradients_of_the_wrong_size_are_refused():
    model = net()
    optimizer = make(HessianFree, model.parameters(), squared_gradients=lambda: [torch.ones(3)])

    with pytest.raises(ValueError, match="26 numbers in all, got 3"):
        train(optimizer, model, 1)


@both
def test_scalars_of_numpy_become_numbers_of_python(kind):
    names = ("lr", "weight_decay", "momentum" if kind is SutskeverMomentum else "tolerance")

    optimizer = kind(net().parameters(), **{name: np.float32(0.25) for name in names})

    assert all(type(optimizer.param_groups[0][name]) is float for name in names)


def test_a_loss_that_curves_the_wrong_way_is_said_to():
    model = net()
    optimizer = HessianFree(model.parameters(), damping=1e-6, maximize=True)  # of a mean square
    before = weights(model)

    with pytest.warns(RuntimeWarning, match="took no step.*not positive"):
        train(optimizer, model, 1)

    assert torch.equal(weights(model), before)
