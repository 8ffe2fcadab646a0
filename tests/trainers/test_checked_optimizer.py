"""Settings of the torch optimizers are looked at wherever they come from."""

import pytest
import torch
from torch import nn
from torch_optimizers import OPTIMIZERS, both, make, net, train, weights

from trainers import HessianFree, SutskeverMomentum

BAD = [
    ({"lr": -1.0}, ValueError, "lr must be at least 0"),
    ({"lr": float("nan")}, ValueError, "lr must be"),
    ({"lr": float("inf")}, ValueError, "lr must be"),
    ({"lr": "0.1"}, TypeError, "lr must be a number"),
    ({"lr": torch.ones(2)}, ValueError, "one element"),
    ({"weight_decay": -1.0}, ValueError, "weight_decay must be at least 0"),
    ({"weight_decay": None}, TypeError, "weight_decay must be a number"),
    ({"maximize": "yes"}, ValueError, "maximize must be True or False"),
    ({"maximize": [True]}, ValueError, "maximize must be True or False"),
]
BAD_OF = {
    SutskeverMomentum: [
        ({"momentum": 7}, ValueError, r"momentum must be in \[0, 1\)"),
        ({"momentum": -0.1}, ValueError, r"momentum must be in \[0, 1\)"),
        ({"nesterov": 2}, ValueError, "nesterov must be True or False"),
    ],
    HessianFree: [
        ({"damping": 0}, ValueError, "damping must be positive"),
        ({"max_cg": 2.5}, ValueError, "max_cg must be an integer"),
        ({"tolerance": -1}, ValueError, "tolerance must be at least 0"),
        ({"structural_damping": -1}, ValueError, "structural_damping must be"),
        ({"rho_model": "other"}, ValueError, "rho_model must be 'damped' or 'undamped'"),
    ],
}
EVERY_BAD = [(kind, *row) for kind in OPTIMIZERS for row in [*BAD, *BAD_OF[kind]]]


@pytest.mark.parametrize(("kind", "settings", "error", "words"), EVERY_BAD)
def test_a_bad_setting_is_refused_wherever_it_comes_from(kind, settings, error, words):
    model = net()
    optimizer = make(kind, model.parameters())
    state = optimizer.state_dict()
    extra = [nn.Parameter(torch.ones(1))]

    with pytest.raises(error, match=words):
        kind(model.parameters(), **settings)
    with pytest.raises(error, match=words):
        optimizer.add_param_group({"params": extra, **settings})
    with pytest.raises(error, match=words):
        state["param_groups"][0].update(settings)
        optimizer.load_state_dict(state)

    assert len(optimizer.param_groups) == 1
    train(optimizer, model, 1)


@both
@pytest.mark.parametrize("value", [float("nan"), -1.0])
def test_a_setting_written_into_a_group_is_looked_at_by_the_next_step(kind, value):
    model = net()
    optimizer = make(kind, model.parameters())
    before = weights(model)

    for name in ("lr", "weight_decay"):
        usual = optimizer.param_groups[0][name]
        optimizer.param_groups[0][name] = value
        with pytest.raises(ValueError, match=f"{name} must be"):
            train(optimizer, model, 1)
        optimizer.param_groups[0][name] = usual

    assert torch.equal(weights(model), before)


@both
def test_a_misspelt_or_foreign_setting_is_refused(kind):
    model, word = net(), "momentun" if kind is SutskeverMomentum else "dampin"
    optimizer = make(kind, model.parameters())

    for unknown in (word, "foreach", "fused", "differentiable", "capturable"):
        with pytest.raises(TypeError, match=unknown):
            kind(model.parameters(), **{unknown: True})
    with pytest.raises(TypeError, match=f"no setting '{word}'.*did you mean"):
        kind([{"params": model.parameters(), word: 0.5}])
    with pytest.raises(TypeError, match="no setting 'foreach'"):
        optimizer.add_param_group({"params": [nn.Parameter(torch.ones(1))], "foreach": True})

    assert len(optimizer.param_groups) == 1


@both
def test_what_is_no_list_of_parameters_is_refused_as_torch_does(kind):
    model = net()
    optimizer = make(kind, model.parameters())

    for params, error in (([], ValueError), (model[0].weight, TypeError), ([1.0], TypeError)):
        with pytest.raises(error):
            kind(params)
    with pytest.raises(ValueError, match="non-leaf"):
        kind([2 * model[0].weight])
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group({"params": [model[0].weight]})
    with pytest.raises(TypeError, match="must be a dict"):
        optimizer.add_param_group([model[0].weight])
    with pytest.raises(ValueError, match="different number of parameter groups"):
        optimizer.load_state_dict({"state": {}, "param_groups": []})

    assert len(optimizer.param_groups) == 1


@both
def test_the_state_of_another_optimizer_is_refused(kind):
    model = net()
    adam = torch.optim.Adam(model.parameters())
    train(adam, model)

    with pytest.raises(ValueError, match=f"not the state of a {kind.__name__}"):
        make(kind, model.parameters()).load_state_dict(adam.state_dict())


@both
def test_the_state_of_another_model_is_refused(kind):
    model, other = net(), nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).double()
    optimizer = make(kind, other.parameters())
    train(optimizer, other, 1)

    with pytest.raises(ValueError, match="state of another model"):
        make(kind, model.parameters()).load_state_dict(optimizer.state_dict())


@pytest.mark.parametrize(
    ("kind", "settings", "error", "words"),
    [
        (SutskeverMomentum, {"schedule": ["rnn"]}, ValueError, "schedule must be one of"),
        (SutskeverMomentum, {"schedule": None}, ValueError, "schedule must be one of"),
        (HessianFree, {"squared_gradients": 3}, TypeError, "squared_gradients must be a function"),
    ],
)
def test_what_should_be_a_function_is_looked_at(kind, settings, error, words):
    with pytest.raises(error, match=words):
        kind(net().parameters(), **settings)
