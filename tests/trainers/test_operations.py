from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from trainers.second_order.closure import ClosureLoss, differentiable_kernels, join
from trainers.second_order.operations import LeanDerivatives

IMAGES = torch.randn(3, 2, 6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
LAYERS = {
    "plain": nn.Conv2d(2, 4, 3),
    "strided": nn.Conv2d(2, 4, (2, 3), stride=(2, 1), padding=1, dilation=(1, 2)),
    "grouped, no bias": nn.Conv2d(2, 4, 2, groups=2, bias=False),
    "circular": nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular"),
    "same": nn.Conv2d(2, 4, 3, padding="same"),
    "transposed": nn.ConvTranspose2d(2, 4, 2),
    "one dimension": nn.Sequential(nn.Flatten(2), nn.Conv1d(2, 4, 3)),
    "three dimensions": nn.Sequential(nn.Unflatten(1, (1, 2)), nn.Conv3d(1, 4, (2, 3, 2))),
    "one image": nn.Sequential(nn.Flatten(0, 1), nn.Conv2d(6, 3, 2), nn.Unflatten(0, (3, 1))),
}


def network(name):
    """Return a convolution between others, so that its input has a derivative too."""
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(2, 2, 1), nn.Tanh(), deepcopy(LAYERS[name]), nn.Tanh(), nn.Flatten(1)
    )
    for p in model.parameters():
        nn.init.normal_(p, std=0.3)
    return model.double()


def dense_product(model, outputs, v):
    """Return J' J v 2 / n by rows of the Jacobian, for the mean square of n outputs."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    rows = [torch.autograd.grad(z, parameters, retain_graph=True) for z in outputs.flatten()]
    J = torch.stack([join(row) for row in rows])
    return J.T @ (J @ v) * 2 / len(J)


def closure_of(forward):
    def closure():
        outputs = forward(IMAGES)
        return outputs.square().mean(), outputs

    return closure


def product_of(model, forward=None):
    """Return a product of ours and by the dense Jacobian."""
    forward = model if forward is None else forward
    parameters = [p for p in model.parameters() if p.requires_grad]
    v = torch.linspace(-1, 1, sum(p.numel() for p in parameters), dtype=torch.float64)
    with differentiable_kernels():
        matrix = ClosureLoss(closure_of(forward), parameters).matrix(join(parameters))
        return matrix.product(v), dense_product(model, forward(IMAGES), v)


@pytest.mark.parametrize("name", LAYERS)
def test_products_of_convolutions_are_those_of_the_dense_jacobian(name):
    ours, dense = product_of(network(name))

    torch.testing.assert_close(ours, dense, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("frozen", ["0.weight", "0.bias", "2.weight", "2.bias"])
def test_frozen_weights_have_no_part_in_it(frozen):
    model = network("plain")
    dict(model.named_parameters())[frozen].requires_grad_(False)

    ours, dense = product_of(model)

    torch.testing.assert_close(ours, dense, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("frozen", ["weights", "biases"])
def test_only_biases_or_only_weights_are_trained(frozen):
    model = network("plain")
    for name, p in model.named_parameters():
        p.requires_grad_(name.endswith("bias") == (frozen == "weights"))

    ours, dense = product_of(model)

    torch.testing.assert_close(ours, dense, rtol=1e-10, atol=1e-12)


def test_layers_that_run_again_for_the_backward_pass_are_met():
    model = network("plain")

    ours, dense = product_of(model, lambda x: checkpoint(model, x, use_reentrant=False))

    torch.testing.assert_close(ours, dense, rtol=1e-10, atol=1e-12)


def test_a_derivative_of_the_network_by_its_input_may_be_in_the_outputs():
    model = network("plain")

    def slopes(x):
        x = x.clone().requires_grad_()
        return torch.autograd.grad(model(x).square().sum(), x, create_graph=True)[0]

    ours, dense = product_of(model, slopes)

    torch.testing.assert_close(ours, dense, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_results_and_derivatives_of_both_orders_are_those_of_torch(name):
    layer = network(name)
    x = IMAGES.clone().requires_grad_()
    arguments = [x, *layer.parameters()]

    def second_order(mode):
        with mode:
            outputs = layer(x)
        first = torch.autograd.grad(outputs.sin().sum(), arguments, create_graph=True)
        norm = sum(gradient.square().sum() for gradient in first)
        return outputs, *first, *torch.autograd.grad(norm, arguments)

    theirs = second_order(torch.enable_grad())
    ours = second_order(LeanDerivatives())

    for own, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-12, atol=1e-12)


def test_low_precision_is_left_to_torch():
    model = network("plain").float()

    with LeanDerivatives(), torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = model(IMAGES.float())
    gradients = torch.autograd.grad(outputs.sum(), list(model.parameters()))

    assert outputs.dtype == torch.bfloat16
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
