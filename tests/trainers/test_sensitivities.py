import plain_torch
import pytest
import torch
from torch.func import jacrev

from trainers.network import sensitivities
from trainers.network.cells import CELLS
from trainers.network.sensitivities import output_jacobian
from trainers.network.stack import Network

EXACT = {"rtol": 1e-10, "atol": 1e-12}
OPTIONS = [
    {"n_layers": 1, "hidden_bias": False},
    {"n_layers": 1, "learn_initial_state": True, "skip": True},
    {"n_layers": 3, "learn_initial_state": True, "hidden_bias": False, "skip": True},
    {"n_layers": 2},
]


def case(cell, options):
    generator = torch.Generator().manual_seed(0)
    network = Network(cell, n_inputs=3, n_units=4, n_outputs=2, **options)
    theta = torch.randn(network.n_weights, generator=generator, dtype=torch.float64)
    inputs = torch.randn(7, 2, 3, generator=generator, dtype=torch.float64)
    return network, 0.5 * theta, inputs


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_the_matrix_equals_autograd(cell, options):
    network, theta, inputs = case(cell, options)
    expected = jacrev(lambda t: plain_torch.run(network, t, inputs)[0])(theta)[3:]

    run, n = network.forward(theta, inputs, n_outputs=4), network.n_recurrent_weights
    jacobian = output_jacobian(network, run, network.n_weights)
    recurrent = output_jacobian(network, run, n)

    torch.testing.assert_close(jacobian, expected, **EXACT)
    torch.testing.assert_close(recurrent, expected[..., :n], **EXACT)
    one_by_one = sensitivities._one_by_one(network, run, n)
    torch.testing.assert_close(one_by_one, recurrent, **EXACT)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_state_carried_over_has_no_derivative(cell):
    network, theta, inputs = case(cell, {"n_layers": 2, "learn_initial_state": True})
    before = network.forward(theta, inputs[:3]).last

    run = network.forward(theta, inputs[3:], before)

    jacobian = output_jacobian(network, run, network.n_weights)
    one_by_one = sensitivities._one_by_one(network, run, network.n_weights)
    torch.testing.assert_close(jacobian, one_by_one, **EXACT)
