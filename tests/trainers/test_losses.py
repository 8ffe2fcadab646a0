import pytest
import torch
from torch.autograd.functional import hessian

from trainers.network.losses import LOSSES

OUTPUTS = torch.tensor([[0.3, -1.2, 2.0]], dtype=torch.float64)
TARGETS = {
    "squared_error": torch.tensor([[1.0, 0.5, -1.0]], dtype=torch.float64),
    "cross_entropy": torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64),
    "binary_cross_entropy": torch.tensor([[0.0, 1.0, 1.0]], dtype=torch.float64),
}


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_gradient_and_hessian_are_the_derivatives_of_the_value(name):
    loss, y = LOSSES[name], TARGETS[name]
    tracked = OUTPUTS.clone().requires_grad_(True)
    loss.value(tracked, y).sum().backward()
    full = hessian(lambda o: loss.value(o, y).sum(), OUTPUTS)[0, :, 0, :]
    u = torch.tensor([[0.7, 0.1, -0.4]], dtype=torch.float64)

    torch.testing.assert_close(loss.gradient(OUTPUTS, y), tracked.grad)
    torch.testing.assert_close(loss.hessian(OUTPUTS, u)[0], full @ u[0])
