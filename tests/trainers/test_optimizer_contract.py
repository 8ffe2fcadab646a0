"""What torch.optim promises of an optimizer, asked of ours."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler
from torch_optimizers import (
    both,
    closure_of,
    data,
    make,
    net,
    through_a_file,
    train,
    weights,
)

from trainers import HessianFree, SutskeverMomentum


@both
@pytest.mark.parametrize(
    "settings",
    [{}, {"lr": torch.tensor(0.05)}, {"weight_decay": np.float64(0.1), "maximize": False}],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_state_dict_from_a_file_goes_on_bitwise(kind, settings, dtype):
    whole, halted = net(dtype=dtype), net(dtype=dtype)
    straight, first = (make(kind, model.parameters(), **settings) for model in (whole, halted))
    train(straight, whole, 6)
    train(first, halted, 3)
    again = net(seed=1, dtype=dtype)
    again.load_state_dict(halted.state_dict())
    resumed = make(kind, again.parameters(), lr=0.7)

    resumed.load_state_dict(through_a_file(first.state_dict()))
    train(resumed, again, 3)

    assert torch.equal(weights(again), weights(whole))
    assert repr(resumed) == repr(straight)


@both
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("n_before", [0, 3])
def test_a_copy_of_model_and_optimizer_goes_on_by_itself(kind, copied, n_before):
    model = net()
    optimizer = make(kind, model.parameters())
    train(optimizer, model, n_before)
    untouched = weights(model)

    model_2, optimizer_2 = copied((model, optimizer))
    losses_2 = train(optimizer_2, model_2)

    assert torch.equal(weights(model), untouched)
    assert losses_2 == train(optimizer, model)
    assert torch.equal(weights(model), weights(model_2))
    repr(optimizer_2), optimizer_2.zero_grad(), optimizer_2.state_dict()


@both
def test_a_learning_rate_of_zero_moves_nothing(kind):
    model = net()
    before = weights(model)

    train(make(kind, model.parameters(), lr=0.0), model)

    assert torch.equal(weights(model), before)


@both
@pytest.mark.parametrize("shape", [(), (1,)])
def test_a_learning_rate_as_a_tensor_is_one_as_a_number(kind, shape):
    numbers, tensors = net(), net()
    train(make(kind, numbers.parameters(), lr=0.25), numbers)
    train(make(kind, tensors.parameters(), lr=torch.full(shape, 0.25)), tensors)

    assert torch.equal(weights(numbers), weights(tensors))


@both
def test_groups_have_settings_of_their_own_and_may_be_added(kind):
    model = net()
    optimizer = make(kind, [{"params": model[0].parameters(), "lr": 0.0, "name": "still"}])
    optimizer.add_param_group({"params": model[2].parameters()})
    still, moving = weights(model[0]), weights(model[2])

    train(optimizer, model)

    assert torch.equal(weights(model[0]), still)
    assert not torch.equal(weights(model[2]), moving)
    assert len(optimizer.state_dict()["param_groups"]) == 2


@both
def test_named_parameters_and_a_group_of_another_optimizer_are_taken(kind):
    model, twin = net(), net()
    if tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 6):  # torch knows names since then
        make(kind, model.named_parameters())
    optimizer = make(kind, model.parameters())
    lr_scheduler.CosineAnnealingLR(optimizer, 4)
    second = kind(copy.deepcopy(optimizer.param_groups))

    train(make(kind, twin.parameters()), twin)

    assert second.param_groups[0]["lr"] == optimizer.param_groups[0]["lr"]


@both
def test_frozen_and_unused_parameters_stay(kind):
    model = net()
    model[0].weight.requires_grad_(False)
    unused = nn.Parameter(torch.ones(2, dtype=torch.float64))
    frozen, readout = model[0].weight.clone(), model[2].weight.clone()
    optimizer = make(kind, [*model.parameters(), unused])

    losses = train(optimizer, model)

    assert losses[-1] < losses[0]
    assert torch.equal(model[0].weight, frozen)
    assert torch.equal(unused, torch.ones(2, dtype=torch.float64))
    assert not torch.equal(model[2].weight, readout)
    model[0].weight.requires_grad_(True)  # thawed while training
    train(optimizer, model)
    assert not torch.equal(model[0].weight, frozen)


@both
def test_a_wholly_frozen_model_is_left_alone(kind):
    model = net().requires_grad_(False)
    optimizer = make(kind, model.parameters())
    closure = closure_of(HessianFree([nn.Parameter(torch.ones(1))]), model)
    before = weights(model)

    optimizer.step(closure if kind is HessianFree else None)

    assert torch.equal(weights(model), before)


@both
def test_hooks_of_torch_are_called(kind):
    model, calls = net(), []
    optimizer = make(kind, model.parameters())
    optimizer.register_step_pre_hook(lambda *_: calls.append("before"))
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))
    optimizer.register_state_dict_pre_hook(lambda _: calls.append("asked"))
    optimizer.register_state_dict_post_hook(lambda _, state: {**state, "more": 1})
    optimizer.register_load_state_dict_pre_hook(lambda _, state: {**state, "state": {}})
    optimizer.register_load_state_dict_post_hook(lambda _: calls.append("loaded"))

    train(optimizer, model, 1)
    state = optimizer.state_dict()
    optimizer.load_state_dict(state)

    assert calls == ["before", "after", "asked", "loaded"]
    assert state["more"] == 1
    assert not optimizer.state


@both
def test_zero_grad_works_and_a_step_without_gradients_moves_nothing(kind):
    model = net()
    before = weights(model)
    optimizer = make(kind, model.parameters())
    closure_of(make(SutskeverMomentum, model.parameters()), model)()

    optimizer.zero_grad(set_to_none=False)
    assert all(not p.grad.any() for p in model.parameters())
    optimizer.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    if kind is SutskeverMomentum:
        assert optimizer.step() is None
        assert torch.equal(weights(model), before)


@both
def test_maximize_is_minimizing_the_negative(kind):
    up, down = net(), net()

    def negative(outputs, targets):
        return -nn.functional.mse_loss(outputs, targets)

    values = train(make(kind, up.parameters(), maximize=True), up, loss=negative)
    losses = train(make(kind, down.parameters()), down)

    assert torch.equal(weights(up), weights(down))
    assert values == [-loss for loss in losses]


@both
@pytest.mark.parametrize("maximize", [False, True])
def test_weight_decay_is_an_l2_term_of_the_loss(kind, maximize):
    by_setting, by_loss = net(), net()
    sign = -1.0 if maximize else 1.0

    def with_term(outputs, targets):
        l2 = 0.15 * sum(p.square().sum() for p in by_loss.parameters())
        return nn.functional.mse_loss(outputs, targets) + l2

    settings = {"maximize": maximize, "weight_decay": 0.3}
    optimizer = make(kind, by_setting.parameters(), **settings)
    losses = train(optimizer, by_setting, 2, loss=lambda z, t: sign * (z - t).square().mean())
    if kind is SutskeverMomentum:
        train(make(kind, by_loss.parameters()), by_loss, 2, loss=with_term)
        torch.testing.assert_close(weights(by_setting), weights(by_loss), rtol=1e-12, atol=0)
    else:  # the Gauss-Newton matrix of the term in a loss is not known to it: one linear model
        linear = nn.Linear(3, 2, bias=False).double()
        settings |= {"damping": 1e-10, "tolerance": 0.0, "max_cg": 50}
        exact = make(kind, linear.parameters(), **settings)
        train(exact, linear, 2, loss=lambda z, t: sign * (z - t).square().mean())
        inputs, targets = data()
        normal = inputs.T @ inputs / 20 + 0.3 * torch.eye(3, dtype=torch.float64)
        ridge = torch.linalg.solve(normal, inputs.T @ targets / 20).T
        torch.testing.assert_close(linear.weight.detach(), ridge, rtol=1e-6, atol=1e-8)
    expected = sign * nn.functional.mse_loss(net()(data()[0]), data()[1])
    assert losses[0] == pytest.approx(expected.item(), rel=1e-12)  # without the term, as torch's


@both
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_an_error_and_moves_nothing(kind, value):
    model = net()
    optimizer = make(kind, model.parameters())
    train(optimizer, model)
    before, state = weights(model), copy.deepcopy(optimizer.state_dict())

    with pytest.raises(FloatingPointError, match="parameters are left as they are"):
        train(optimizer, model, 1, loss=lambda z, t: (z - t).square().mean() * value)

    assert torch.equal(weights(model), before)
    assert repr(optimizer.state_dict()) == repr(state)


@both
def test_a_gradient_that_is_not_finite_is_an_error_and_moves_nothing(kind):
    model = net()
    optimizer = make(kind, model.parameters())
    before = weights(model)

    with pytest.raises(FloatingPointError, match="gradient of .* is NaN or infinite"):
        train(optimizer, model, 1, loss=lambda z, t: (z - z.detach()).abs().sqrt().mean())

    assert torch.equal(weights(model), before)


def test_the_look_at_every_gradient_may_be_spared():
    model = net()
    optimizer = SutskeverMomentum(model.parameters(), check_finite=False)

    train(optimizer, model, 1, loss=lambda z, t: (z - t).mean() * float("nan"))

    assert weights(model).isnan().any()


@both
@pytest.mark.parametrize("layer", [nn.Embedding, nn.EmbeddingBag])
def test_sparse_gradients_are_those_of_a_dense_layer(kind, layer):
    rows = torch.randint(0, 6, (20, 3), generator=torch.Generator().manual_seed(0))
    results = []
    for sparse in (False, True):
        torch.manual_seed(0)
        settings = {} if layer is nn.Embedding else {"mode": "sum"}
        model = layer(7, 2, sparse=sparse, **settings).double()

        def forward(_, model=model):
            outputs = model(rows)
            return outputs.sum(dim=1) if outputs.dim() == 3 else outputs

        losses = train(make(kind, model.parameters()), model, 4, forward=forward)
        assert losses[-1] < losses[0]
        results.append(weights(model))

    torch.testing.assert_close(*results, rtol=1e-9, atol=1e-11)


def test_complex_parameters_are_two_real_ones_or_refused():
    generator = torch.Generator().manual_seed(0)
    z = nn.Parameter(torch.randn(5, dtype=torch.complex128, generator=generator))
    parts = nn.Parameter(torch.view_as_real(z.detach()).clone())

    for p, view in ((z, lambda: z), (parts, lambda: torch.view_as_complex(parts))):
        optimizer = SutskeverMomentum([p], lr=0.1, weight_decay=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            ((view() - 1j) * (2 + 1j)).abs().square().sum().backward()
            optimizer.step()

    torch.testing.assert_close(torch.view_as_real(z), parts, rtol=1e-13, atol=0)
    with pytest.raises(ValueError, match="HessianFree trains real parameters"):
        HessianFree([z])
    optimizer = HessianFree([parts])
    with pytest.raises(ValueError, match="HessianFree trains real parameters"):
        optimizer.add_param_group({"params": [z]})
    assert len(optimizer.param_groups) == 1


@both
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_parameters_of_half_precision_are_trained(kind, dtype):
    model = net(dtype=dtype)

    losses = train(make(kind, model.parameters()), model)

    assert losses[-1] < losses[0]
    assert all(p.dtype == dtype for p in model.parameters())
