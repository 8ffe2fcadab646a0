"""A network that is fed its own outputs, held to plain torch step by step."""

import numpy as np
import plain_torch
import pytest
import torch
from torch.func import grad, jvp

from trainers.network.cells import CELLS
from trainers.network.forcing import ForcedNetwork
from trainers.network.row_by_row import row_runner

EXACT = {"rtol": 1e-10, "atol": 1e-12}
OPTIONS = [
    {"n_layers": 1},
    {"n_layers": 2, "learn_initial_state": True, "skip": True},
    {"n_layers": 1, "hidden_bias": False, "skip": True},
]


def case(cell, options, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    forced = {"forcing": 0.3, "scale": (0.8, -1.5), "shift": (0.2, -0.1)}
    network = ForcedNetwork(cell, n_inputs=3, n_units=4, n_outputs=2, **options, **forced)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=dtype)

    return network, 0.5 * draw(network.n_weights), draw(7, 5, 3), draw


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_the_three_passes_equal_autograd(cell, options):
    network, theta, inputs, draw = case(cell, options)
    errors, v = draw(3, 5, 2), draw(network.n_weights)

    def outputs(t):
        return plain_torch.run_forced(network, t, inputs)[-3:]

    run = network.forward(theta, inputs, n_outputs=3)
    gradient = network.backward(run, errors)
    tangents, _ = network.r_forward(run, v)

    torch.testing.assert_close(run.outputs, outputs(theta), **EXACT)
    expected = grad(lambda t: (outputs(t) * errors).sum())(theta)
    torch.testing.assert_close(gradient, expected, **EXACT)
    torch.testing.assert_close(tangents, jvp(outputs, (theta,), (v,))[1], **EXACT)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_carrying_the_state_over_changes_nothing(cell):
    network, theta, inputs, _ = case(cell, OPTIONS[1])
    whole = network.forward(theta, inputs)

    head = network.forward(theta, inputs[:3])
    tail = network.forward(theta, inputs[3:], head.last)

    torch.testing.assert_close(torch.cat([head.outputs, tail.outputs]), whole.outputs, **EXACT)
    torch.testing.assert_close(tail.last, whole.last, **EXACT)
    assert head.last.shape == (5, network.state_size)


def test_a_share_of_one_is_the_plain_network():
    network, theta, inputs, _ = case("gru", OPTIONS[0])
    fields = {**vars(network), "forcing": 1.0}
    forced = ForcedNetwork(**{name: fields[name] for name in network.__dataclass_fields__})
    expected, _ = plain_torch.run(network, theta, inputs)

    torch.testing.assert_close(forced.forward(theta, inputs).outputs, expected, **EXACT)


def test_one_series_goes_row_by_row():
    network, theta, inputs, _ = case("lstm", OPTIONS[1])
    weights = {name: weight.numpy() for name, weight in network.split(theta).items()}
    run = row_runner(network, weights)
    rows = inputs[:, 0].numpy().copy()

    state = None
    for row in rows:
        outputs, state = run(row[None].copy(), state)

    forward = network.forward(theta, inputs)
    np.testing.assert_allclose(outputs, forward.outputs[-1, 0], rtol=1e-12)
    np.testing.assert_allclose(state, forward.last[0], rtol=1e-12)
    np.testing.assert_allclose(run(rows, None)[0], outputs, rtol=1e-12)


def test_float32_stays_float32():
    network, theta, inputs, draw = case("rnn", OPTIONS[1], torch.float32)
    run = network.forward(theta, inputs)

    assert network.backward(run, draw(7, 5, 2)).dtype == torch.float32
    assert network.r_forward(run, draw(network.n_weights))[0].dtype == torch.float32
