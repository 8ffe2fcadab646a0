import copy

import numpy as np
import pytest
import torch
from torch import nn

from trainers import HessianFree
from trainers.second_order.closure import join

GENERATOR = torch.Generator().manual_seed(0)
INPUTS = torch.randn(40, 3, generator=GENERATOR, dtype=torch.float64)
TARGETS = torch.randn(40, 2, generator=GENERATOR, dtype=torch.float64)


class Reader(nn.Module):
    """A recurrent layer of torch and a linear readout."""

    def __init__(self, kind, n_units=4, dtype=torch.float64):
        super().__init__()
        self.recurrent = kind(2, n_units).to(dtype)
        self.readout = nn.Linear(n_units, 2).to(dtype)

    def forward(self, inputs):
        return self.readout(self.recurrent(inputs)[0])


def multilayer(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 2)).double()


def closure_of(model, loss=nn.functional.mse_loss, inputs=INPUTS, targets=TARGETS):
    def closure():
        outputs = model(inputs)
        return loss(outputs, targets), outputs

    return closure


def test_single_precision_lstm_needs_no_attention(draw):
    torch.manual_seed(0)
    model, inputs, targets = (
        Reader(nn.LSTM, dtype=torch.float32),
        *(draw(6, 3, 2).float() for _ in range(2)),
    )
    optimizer = HessianFree(model.parameters(), damping=0.1)
    closure = closure_of(model, inputs=inputs, targets=targets)

    losses = [optimizer.step(closure) for _ in range(5)]

    assert losses[-1] < losses[0]
    assert all(p.dtype == torch.float32 for p in model.parameters())


def test_a_linear_model_is_solved_in_one_step():
    model = nn.Linear(3, 2).double()
    optimizer = HessianFree(model.parameters(), damping=1e-10, tolerance=0.0)
    solution, *_ = np.linalg.lstsq(
        np.column_stack([INPUTS, np.ones(40)]), TARGETS.numpy(), rcond=None
    )

    optimizer.step(closure_of(model))

    weights = np.vstack([model.weight.detach().numpy().T, model.bias.detach().numpy()])
    np.testing.assert_allclose(weights, solution, rtol=1e-5, atol=1e-7)
    assert optimizer.record.rho == pytest.approx(1.0, abs=1e-6)


def test_a_module_is_trained_and_every_step_recorded():
    model = multilayer()
    optimizer = HessianFree(model.parameters())

    losses = [optimizer.step(closure_of(model)) for _ in range(15)]

    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.5 * losses[0]
    assert optimizer.record.cg_iterations >= optimizer.record.chosen_iterate >= 1


def test_resuming_from_a_state_dict_changes_nothing():
    uninterrupted, halted = multilayer(), multilayer()
    straight = HessianFree(uninterrupted.parameters())
    first = HessianFree(halted.parameters())
    for _ in range(3):
        straight.step(closure_of(uninterrupted))
        first.step(closure_of(halted))
    resumed = HessianFree(halted.parameters(), damping=9.0)
    resumed.load_state_dict(copy.deepcopy(first.state_dict()))

    for _ in range(3):
        straight.step(closure_of(uninterrupted))
        resumed.step(closure_of(halted))

    for a, b in zip(uninterrupted.parameters(), halted.parameters(), strict=True):
        assert torch.equal(a, b)
    assert straight.param_groups[0]["damping"] == resumed.param_groups[0]["damping"]


def test_several_groups_are_one_vector_and_frozen_parameters_stay():
    together, apart = multilayer(), multilayer()
    for model in (together, apart):
        model[0].bias.requires_grad_(False)
    frozen = apart[0].bias.clone()
    one = HessianFree(together.parameters())
    groups = HessianFree([{"params": apart[0].parameters()}, {"params": apart[2].parameters()}])

    for _ in range(3):
        one.step(closure_of(together))
        groups.step(closure_of(apart))

    for a, b in zip(together.parameters(), apart.parameters(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(apart[0].bias, frozen)


def test_each_part_of_a_step_may_have_its_own_data():
    model, seen = multilayer(), []

    def named(name, rows):
        inner = closure_of(model, inputs=INPUTS[rows], targets=TARGETS[rows])

        def closure():
            seen.append(name)
            return inner()

        return closure

    optimizer = HessianFree(model.parameters())
    optimizer.step(
        named("gradient", slice(0, 40)),
        curvature=named("curvature", slice(0, 20)),
        backtracking=named("backtracking", slice(20, 30)),
        line_search=named("line search", slice(30, 40)),
    )

    assert seen.count("gradient") == 1
    assert {"curvature", "backtracking", "line search"} < set(seen)


def test_structural_damping_changes_the_step_and_asks_for_the_hidden_layer():
    weights = {}
    for structural in (0.0, 10.0):
        model = multilayer()
        optimizer = HessianFree(model.parameters(), structural_damping=structural)

        def closure(model=model):
            hidden = model[0](INPUTS)
            outputs = model[2](torch.tanh(hidden))
            return nn.functional.mse_loss(outputs, TARGETS), outputs, hidden

        optimizer.step(closure)
        weights[structural] = join(list(model.parameters()))

    assert not torch.allclose(weights[0.0], weights[10.0])
    with pytest.raises(ValueError, match="hidden"):
        optimizer.step(closure_of(model))


def test_a_preconditioner_is_used_where_it_is_given():
    weights = {}
    for name, squares in (("none", None), ("ones", lambda: [torch.ones(6, 3), torch.ones(6)])):
        model = multilayer()
        model[2].requires_grad_(False)
        optimizer = HessianFree(model.parameters(), squared_gradients=squares, max_cg=3)
        optimizer.step(closure_of(model))
        weights[name] = join(list(model.parameters()))

    torch.testing.assert_close(weights["none"], weights["ones"], rtol=1e-8, atol=1e-8)


def test_an_interrupted_step_leaves_the_parameters_as_they_were():
    model, calls = multilayer(), []
    before = join(list(model.parameters()))
    inner = closure_of(model)

    def closure():
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return inner()

    with pytest.raises(KeyboardInterrupt):
        HessianFree(model.parameters()).step(closure)

    assert torch.equal(join(list(model.parameters())), before)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"damping": 0.0}, "damping must be positive"),
        ({"max_cg": 0}, "max_cg must be an integer of at least 1"),
        ({"structural_damping": -1.0}, "structural_damping must be at least 0"),
    ],
)
def test_bad_settings_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        HessianFree(multilayer().parameters(), **settings)


def test_a_closure_that_returns_the_loss_alone_is_told_what_to_return():
    model = multilayer()
    optimizer = HessianFree(model.parameters())

    with pytest.raises(TypeError, match=r"must return \(loss, outputs\)"):
        optimizer.step(lambda: closure_of(model)()[0])
