import numpy as np
import plain_torch
import pytest
import torch
from torch import nn

from trainers.data.batches import Examples
from trainers.network.losses import LOSSES
from trainers.network.stack import Network
from trainers.second_order.closure import ClosureLoss, differentiable_kernels, join
from trainers.second_order.curvature import Objective


class Reader(nn.Module):
    """A recurrent layer of torch and a linear readout."""

    def __init__(self, kind, n_units=4, dtype=torch.float64):
        super().__init__()
        self.recurrent = kind(2, n_units).to(dtype)
        self.readout = nn.Linear(n_units, 2).to(dtype)

    def forward(self, inputs):
        return self.readout(self.recurrent(inputs)[0])


def closure_of(model, loss, inputs, targets):
    def closure():
        outputs = model(inputs)
        return loss(outputs, targets), outputs

    return closure


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_products_equal_those_of_curvlinops(draw, kind, loss):
    from curvlinops import GGNLinearOperator

    torch.manual_seed(0)
    model, inputs, targets = Reader(kind), draw(6, 3, 2), draw(6, 3, 2)
    loss_function = nn.MSELoss()
    if loss == "cross_entropy":
        targets = targets.argmax(dim=2).flatten()
        loss_function = nn.CrossEntropyLoss()
        flat = nn.Flatten(0, 1)
        model = nn.Sequential(model, flat)
    parameters = list(model.parameters())
    v = draw(sum(p.numel() for p in parameters))
    theirs = GGNLinearOperator(model, loss_function, parameters, [(inputs, targets)])

    with differentiable_kernels():
        ours = ClosureLoss(closure_of(model, loss_function, inputs, targets), parameters)
        product = ours.matrix(join(parameters)).product(v)

    torch.testing.assert_close(product, theirs @ v, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("loss", ["squared_error", "cross_entropy", "binary_cross_entropy"])
def test_automatic_products_equal_the_hand_written_ones(draw, cell, loss):
    network = Network(cell, 2, 3, 1, 2)
    lengths = np.array([6, 6])
    targets = draw(12, 2)
    if loss != "squared_error":
        targets = nn.functional.one_hot(targets.argmax(dim=1), 2).double()
    examples = Examples(
        draw(12, 2), targets, np.array([0, 6]), lengths, torch.ones(12, dtype=torch.bool), None
    )
    objective = Objective(network, LOSSES[loss], examples, np.arange(2))
    batch = objective.batches[0]
    theta, v = 0.7 * draw(network.n_weights), draw(network.n_weights)
    parameter = nn.Parameter(theta.clone())

    def closure():
        outputs, hidden = plain_torch.run(network, parameter, batch.inputs)
        value = (LOSSES[loss].value(outputs, batch.targets) * batch.mask[..., 0]).sum()
        return value / objective.weight, outputs, hidden

    automatic = ClosureLoss(closure, [parameter])
    structural = 0.3 if cell == "rnn" else 0.0

    value, gradient = automatic.gradient(theta)
    product = automatic.matrix(theta).product(v, structural)

    assert abs(value - objective.value(theta)) < 1e-13
    torch.testing.assert_close(gradient, objective.gradient(theta)[1], rtol=1e-10, atol=1e-12)
    expected = objective.matrix(theta).product(v, structural)
    torch.testing.assert_close(product, expected, rtol=1e-10, atol=1e-12)
