import pytest
import torch
from torch import nn
from torch_optimizers import closure_of, data, net, train, weights

from trainers import HessianFree


@pytest.mark.parametrize("rate", [0.05, 0.5])
@pytest.mark.parametrize("separate", ["none", "curvature", "backtracking", "line_search"])
def test_dropout_is_refused_and_its_absence_in_evaluation_is_not(rate, separate):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(rate), nn.Linear(8, 2)).double()
    optimizer, before = HessianFree(model.parameters()), weights(model)
    closure, other = closure_of(optimizer, model), closure_of(optimizer, model)
    others = {} if separate == "none" else {separate: other}

    with pytest.raises(ValueError, match=r"same loss at every call.*eval\(\)"):
        optimizer.step(closure, **others)
    assert torch.equal(weights(model), before)

    model.eval()
    losses = [optimizer.step(closure, **others) for _ in range(2)]
    assert losses[1] < losses[0]


def test_fresh_data_in_the_closure_are_refused():
    model = net()

    def closure():
        outputs = model(torch.randn(20, 3, dtype=torch.float64))
        return outputs.square().mean(), outputs

    with pytest.raises(ValueError, match="draw data and noise before the step"):
        HessianFree(model.parameters()).step(closure)


def test_a_mask_that_is_the_same_at_every_call_is_taken():
    model, dropout = net(), nn.Dropout(0.5)

    def forward(inputs):
        torch.manual_seed(3)
        return model[2](dropout(model[1](model[0](inputs))))

    losses = train(HessianFree(model.parameters()), model, forward=forward)

    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("closure", "error", "words"),
    [
        (lambda z, t: (z - t).square().mean(), TypeError, r"must return \(loss, outputs\)"),
        (lambda z, t: [(z - t).square().mean(), z], TypeError, "got list"),
        (lambda z, t: ((z - t).square().mean().item(), z), TypeError, "loss .* one tensor, got fl"),
        (lambda z, t: ((z - t).square().mean(), (z, z)), TypeError, "outputs .* one tensor, got t"),
        (lambda z, t: ((z - t).square(), z), ValueError, "one real number, got .* shape"),
        (lambda z, t: ((z - t).mean() * 1j, z), ValueError, "one real number"),
        (lambda z, t: ((z - t).square().mean(), z.detach()), ValueError, "the very tensor"),
        (lambda z, t: ((z - t).square().mean(), z.clone()), ValueError, "the very tensor"),
        (lambda z, t: ((z.detach() - t).square().mean(), z), ValueError, "does not depend on"),
    ],
)
def test_a_closure_that_is_not_as_asked_for_is_told_so(closure, error, words):
    model, (inputs, targets) = net(), data()
    before = weights(model)

    with pytest.raises(error, match=words):
        HessianFree(model.parameters()).step(lambda: closure(model(inputs), targets))

    assert torch.equal(weights(model), before)


@pytest.mark.parametrize("closure", [None, "loss"])
def test_a_step_without_a_closure_is_told_what_it_needs(closure):
    with pytest.raises(TypeError, match="needs a closure, a function that returns"):
        HessianFree(net().parameters()).step(closure)


def test_a_closure_that_calls_backward_is_told_not_to():
    model, (inputs, targets) = net(), data()

    def closure():
        outputs = model(inputs)
        loss = nn.functional.mse_loss(outputs, targets)
        loss.backward()
        return loss, outputs

    with pytest.raises(RuntimeError, match=r"must not call backward\(\)"):
        HessianFree(model.parameters()).step(closure)


def test_complex_outputs_count_as_their_two_parts():
    steps = []
    for split in (False, True):
        model, (inputs, targets) = net(), data()

        def closure(model=model, inputs=inputs, targets=targets, split=split):
            spectrum = torch.fft.rfft(model(inputs), dim=0)
            aim = torch.fft.rfft(targets, dim=0)
            if split:
                spectrum, aim = torch.view_as_real(spectrum), torch.view_as_real(aim)
            return (spectrum - aim).abs().square().sum(), spectrum

        optimizer = HessianFree(model.parameters(), max_cg=8)
        steps.append(([optimizer.step(closure) for _ in range(3)], weights(model)))

    assert steps[0][0] == pytest.approx(steps[1][0], rel=1e-10)
    torch.testing.assert_close(steps[0][1], steps[1][1], rtol=1e-8, atol=1e-10)


def test_a_curvature_that_is_not_finite_is_an_error():
    model, (inputs, _) = net(), data()

    def closure():  # |z|^1.5 at z = 0: slope 0, curvature infinite
        outputs = model(inputs)
        return ((outputs - outputs.detach()).abs() ** 1.5).sum() + outputs.mean(), outputs

    with pytest.raises(FloatingPointError, match="curvature of the closure's loss"):
        HessianFree(model.parameters()).step(closure)
