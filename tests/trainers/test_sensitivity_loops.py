"""The compiled recursion where outputs are fed back, held to autograd."""

import plain_torch
import pytest
import torch
from torch.func import jacrev

from trainers.network.cells import CELLS
from trainers.network.forcing import ForcedNetwork
from trainers.network.sensitivities import output_jacobian


@pytest.mark.parametrize("options", [{"n_layers": 1, "skip": True}, {"n_layers": 2}], ids=str)
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_what_is_fed_back_is_differentiated_too(cell, options):
    draw = torch.Generator().manual_seed(0)
    forced = {"forcing": 0.3, "scale": (0.8, -1.5), "shift": (0.2, -0.1)}
    network = ForcedNetwork(cell, n_inputs=3, n_units=4, n_outputs=2, **options, **forced)
    theta, inputs = (
        torch.randn(*shape, generator=draw, dtype=torch.float64)
        for shape in [(network.n_weights,), (6, 2, 3)]
    )
    expected = jacrev(lambda t: plain_torch.run_forced(network, t, inputs))(theta)

    run = network.forward(theta, inputs, n_outputs=4)
    for n_columns in (network.n_weights, network.n_recurrent_weights):
        jacobian = output_jacobian(network, run, n_columns)

        torch.testing.assert_close(jacobian, expected[2:, ..., :n_columns], rtol=1e-9, atol=1e-11)
