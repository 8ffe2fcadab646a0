"""The compiled recursion where outputs are fed back, held to autograd."""

import plain_torch
import pytest
import torch
from torch.func import jacrev

from trainers.network.cells import CELLS
from trainers.network.sensitivities import output_jacobian
from trainers.network.stack import Network


def fed_inputs(network, theta, given, feedback):
    """The inputs x[t] = given[t] + B o[t-1], and the outputs, step by step."""
    inputs, outputs = [], given.new_zeros(1, given.shape[1], network.n_outputs)
    for t in range(len(given)):
        inputs.append(given[t] + outputs[-1] @ feedback.T)
        outputs = plain_torch.run(network, theta, torch.stack(inputs))[0]
    return torch.stack(inputs), outputs


@pytest.mark.parametrize("options", [{"n_layers": 1, "skip": True}, {"n_layers": 2}], ids=str)
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_what_is_fed_back_is_differentiated_too(cell, options):
    draw = torch.Generator().manual_seed(0)
    network = Network(cell, n_inputs=3, n_units=4, n_outputs=2, **options)
    theta, given, feedback = (
        torch.randn(*shape, generator=draw, dtype=torch.float64)
        for shape in [(network.n_weights,), (6, 2, 3), (3, 2)]
    )
    expected = jacrev(lambda t: fed_inputs(network, t, given, feedback)[1])(theta)

    inputs, _ = fed_inputs(network, theta, given, feedback)
    for n_columns in (network.n_weights, network.n_recurrent_weights):
        run = network.forward(theta, inputs, n_outputs=4)
        jacobian = output_jacobian(network, run, n_columns, feedback)

        torch.testing.assert_close(jacobian, expected[2:, ..., :n_columns], rtol=1e-9, atol=1e-11)
