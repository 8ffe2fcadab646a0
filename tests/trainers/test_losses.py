import numpy as np
import pytest
import torch
from torch.autograd.functional import hessian

from trainers.network.losses import LOSSES, SMALLEST_ERROR, function_loss, quantile_loss

OUTPUTS = torch.tensor([[0.3, -1.2, 2.0, 0.15]], dtype=torch.float64)
U = torch.tensor([[0.7, 0.1, -0.4, 0.2]], dtype=torch.float64)
LEVELS = (0.05, 0.95)


def log_cosh(o, y):
    return torch.cosh(o - y).log().sum(-1)


CASES = {
    "squared_error": (LOSSES["squared_error"], [1.0, 0.5, -1.0, 0.1]),
    "absolute": (LOSSES["absolute"], [1.0, 0.5, -1.0, 0.1]),
    "huber": (LOSSES["huber"], [1.0, 0.5, -1.0, 0.1]),
    "gaussian": (LOSSES["gaussian"], [1.0, 0.5]),
    "quantile": (quantile_loss(LEVELS), [1.0, 0.5]),
    "cross_entropy": (LOSSES["cross_entropy"], [0.0, 1.0, 0.0, 0.0]),
    "binary_cross_entropy": (LOSSES["binary_cross_entropy"], [0.0, 1.0, 1.0, 0.0]),
    "function": (
        function_loss(lambda o, y: torch.cosh(o - y).log().sum(-1)),
        [1.0, 0.5, -1.0, 0.1],
    ),
}
EXACT = ["squared_error", "huber", "cross_entropy", "binary_cross_entropy", "function"]


def case(name):
    loss, y = CASES[name]
    return loss, torch.tensor([y], dtype=torch.float64)


def test_every_loss_is_looked_at():
    assert CASES.keys() >= LOSSES.keys()


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_is_the_derivative_of_the_value(name):
    loss, y = case(name)
    step = 1e-6 * torch.eye(4, dtype=torch.float64)[:, None]

    many = y.expand(4, 1, -1)
    slopes = (loss.value(OUTPUTS + step, many) - loss.value(OUTPUTS - step, many)) / 2e-6

    torch.testing.assert_close(loss.gradient(OUTPUTS, y)[0], slopes[:, 0], rtol=1e-6, atol=1e-8)
    if name != "function":
        tracked = OUTPUTS.clone().requires_grad_(True)
        loss.value(tracked, y).sum().backward()
        torch.testing.assert_close(loss.gradient(OUTPUTS, y), tracked.grad)


@pytest.mark.parametrize("name", EXACT)
def test_the_factor_is_the_hessian_where_that_is_positive(name):
    loss, y = case(name)
    if name == "function":  # which leaves the graph of a caller
        full = torch.diag((1 - torch.tanh(OUTPUTS - y).square())[0])
    else:
        full = hessian(lambda o: loss.value(o, y).sum(), OUTPUTS)[0, :, 0, :]

    torch.testing.assert_close(loss.hessian(OUTPUTS, y, U)[0], full @ U[0])


@pytest.mark.parametrize("name", ["absolute", "quantile"])
def test_the_parabola_of_the_factor_is_above_a_loss_with_a_kink(name):
    loss, y = case(name)
    for seed in range(50):
        u = torch.randn(1, 4, dtype=torch.float64, generator=torch.manual_seed(seed))
        model = loss.value(OUTPUTS, y) + (loss.gradient(OUTPUTS, y) * u).sum()
        model = model + 0.5 * (u * loss.hessian(OUTPUTS, y, u)).sum()

        assert loss.value(OUTPUTS + u, y) <= model + 1e-12
    exact = torch.zeros(1, 4, dtype=torch.float64)
    at_zero = loss.hessian(exact, torch.zeros_like(y), U)
    assert torch.isfinite(at_zero).all() and at_zero.abs().max() <= U.abs().max() / SMALLEST_ERROR


def test_the_factor_of_the_gaussian_is_the_expected_hessian():
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    loss, total = LOSSES["gaussian"], torch.zeros(4, 4, dtype=torch.float64)
    deviations = torch.exp(OUTPUTS[0, 1::2])
    for z, w in zip(nodes, weights / weights.sum(), strict=True):
        y = (OUTPUTS[0, ::2] + z * deviations)[None]
        total += w * hessian(lambda o, y=y: loss.value(o, y).sum(), OUTPUTS)[0, :, 0, :]

    torch.testing.assert_close(loss.hessian(OUTPUTS, OUTPUTS[:, ::2], U)[0], total @ U[0])


def test_a_gaussian_is_never_infinitely_sure():
    sure = torch.tensor([[1.0, -50.0]], dtype=torch.float64)
    loss, y = LOSSES["gaussian"], torch.ones(1, 1, dtype=torch.float64)

    assert loss.value(sure, y) == -10.0
    assert (loss.gradient(sure, y) == 0).all()
    assert (loss.hessian(sure, y, torch.ones_like(sure))[..., 1] == 0).all()


@torch.inference_mode()
def test_a_function_is_differentiated_inside_inference_mode():
    mine = function_loss(lambda o, y: 0.5 * (o - y).square().sum(dim=-1))
    linear = function_loss(lambda o, y: (o - y).sum(dim=-1))
    loss, o, y = LOSSES["squared_error"], torch.randn(5, 2, 3), torch.randn(5, 2, 3)

    torch.testing.assert_close(mine.value(o, y), loss.value(o, y))
    torch.testing.assert_close(mine.gradient(o, y), loss.gradient(o, y))
    torch.testing.assert_close(mine.hessian(o, y, y), y)
    assert (linear.hessian(o, y, y) == 0).all()


def test_a_function_of_another_shape_is_refused():
    for function in (lambda o, y: (o - y).square().mean(), lambda o, y: 3.0, lambda o, y: o):
        with pytest.raises(ValueError, match=r"\(n_steps, batch\) = \(1,\), got .*leave out"):
            function_loss(function).value(OUTPUTS, OUTPUTS)
