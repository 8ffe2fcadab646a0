import numpy as np
import plain_torch
import pytest
import torch
from torch.func import jvp

from reservoirs import datasets
from trainers.network.cells import CELLS
from trainers.network.stack import Network

KINDS = [(cell, "tanh") for cell in sorted(CELLS)] + [("rnn", "relu"), ("rnn", "identity")]
CASES = [
    (c, a, layers, learn, bias)
    for c, a in KINDS
    for layers in (1, 2)
    for learn, bias in ((False, True), (True, True), (False, False))
]
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def case(cell, activation, n_layers, learn, bias=True):
    generator = torch.Generator().manual_seed(0)
    network = Network(cell, 3, 4, n_layers, 2, activation, learn, bias, skip=learn)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return network, 0.5 * draw(network.n_weights), draw(7, 5, 3), draw


def test_every_cell_is_held_to_an_oracle():
    assert set(CELLS) == set(plain_torch.CELLS)


@pytest.mark.parametrize(("cell", "activation", "n_layers", "learn", "bias"), CASES)
def test_outputs_and_gradient_equal_autograd(cell, activation, n_layers, learn, bias):
    network, theta, inputs, draw = case(cell, activation, n_layers, learn, bias)
    grad = draw(7, 5, 2)
    tracked = theta.clone().requires_grad_(True)
    expected, _ = plain_torch.run(network, tracked, inputs)
    (expected * grad).sum().backward()

    run = network.forward(theta, inputs)
    gradient = network.backward(run, grad)

    torch.testing.assert_close(run.outputs, expected.detach(), **EXACT)
    torch.testing.assert_close(gradient, tracked.grad, **EXACT)


@pytest.mark.parametrize(("cell", "activation", "n_layers", "learn", "bias"), CASES)
def test_the_r_forward_pass_equals_forward_mode_differentiation(
    cell, activation, n_layers, learn, bias
):
    network, theta, inputs, draw = case(cell, activation, n_layers, learn, bias)
    v = draw(network.n_weights)
    _, (expected, expected_pre) = jvp(lambda t: plain_torch.run(network, t, inputs), (theta,), (v,))

    r_outputs, pre = network.r_forward(network.forward(theta, inputs), v)

    torch.testing.assert_close(r_outputs, expected, **EXACT)
    torch.testing.assert_close(torch.cat(pre), expected_pre, **EXACT)


@pytest.mark.parametrize(("cell", "activation"), KINDS)
def test_doubling_the_output_error_doubles_every_derivative_exactly(cell, activation):
    network, theta, inputs, draw = case(cell, activation, 1, True)
    run, grad = network.forward(theta, inputs), draw(7, 5, 2)

    assert torch.equal(network.backward(run, 2 * grad), 2 * network.backward(run, grad))


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_the_cell_equals_the_one_of_torch(cell):
    network, theta, inputs, _ = case(cell, "tanh", 1, False)
    weights = network.split(theta)
    theirs = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM}[cell](3, 4, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(weights["input_weights_0"])
        theirs.weight_hh_l0.copy_(weights["recurrent_weights_0"])
        theirs.bias_ih_l0.copy_(weights["bias_0"])
        theirs.bias_hh_l0.zero_()
        hidden, _ = theirs(inputs)

    run = network.forward(theta, inputs)

    torch.testing.assert_close(run.tapes[0].hidden[1:], hidden, **EXACT)


def test_the_euler_oscillator_is_an_rnn_cell_with_weights_set_by_hand():
    dt, eta = 0.01, 0.1
    data = datasets.oscillator(500, eta=eta, dt=dt, method="euler", random_state=0)
    network = Network("rnn", 1, 2, 1, 2, activation="identity", learn_initial_state=True)
    weights = {
        "input_weights_0": [[0.0], [dt]],
        "recurrent_weights_0": [[1.0, dt], [-dt, 1.0 - eta * dt]],
        "bias_0": [0.0, 0.0],
        "initial_state_0": [data.x[0], data.v[0]],
        "output_weights": np.eye(2),
        "output_bias": [0.0, 0.0],
    }
    theta = torch.tensor(np.concatenate([np.ravel(weights[name]) for name in network.shapes]))

    outputs = network.forward(theta, torch.tensor(data.force[:-1, None, None])).outputs[:, 0]

    expected = np.column_stack([data.x[1:], data.v[1:]])
    np.testing.assert_allclose(outputs.numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("cell", "activation"), KINDS)
def test_the_loops_of_torch_give_what_the_compiled_ones_give(cell, activation, monkeypatch):
    network, theta, inputs, draw = case(cell, activation, 2, True)
    grad, v = draw(7, 5, 2), draw(network.n_weights)

    def passes():
        run = network.forward(theta, inputs)
        return run.outputs, network.r_forward(run, v)[0].clone(), network.backward(run, grad)

    compiled = passes()
    monkeypatch.setattr("trainers.network.small.SMALL", 0)  # as for large networks, and on a GPU
    by_torch = passes()

    for ours, theirs in zip(compiled, by_torch, strict=True):
        torch.testing.assert_close(ours, theirs, **EXACT)
