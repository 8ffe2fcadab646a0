import pytest
import torch

from trainers.network.cells import CELLS
from trainers.network.stack import Network
from trainers.network.workspace import Workspace

EXACT = {"rtol": 1e-12, "atol": 1e-12}
KINDS = [(cell, "tanh") for cell in sorted(CELLS)] + [("rnn", "relu"), ("rnn", "identity")]
CASES = [
    (cell, activation, layers, learn, bias)
    for cell, activation in KINDS
    for layers in (1, 2)
    for learn, bias in ((False, True), (True, True), (False, False))
]


def case(cell, n_layers, learn, bias=True, activation="tanh"):
    generator = torch.Generator().manual_seed(0)
    network = Network(cell, 3, 4, n_layers, 2, activation, learn, bias, skip=learn)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return network, 0.5 * draw(network.n_weights), draw(7, 5, 3), draw


@pytest.mark.parametrize(("cell", "activation", "n_layers", "learn", "bias"), CASES)
def test_carrying_the_state_over_changes_nothing(cell, activation, n_layers, learn, bias):
    network, theta, inputs, _ = case(cell, n_layers, learn, bias, activation)
    whole = network.forward(theta, inputs)

    head = network.forward(theta, inputs[:3])
    tail = network.forward(theta, inputs[3:], head.last)

    torch.testing.assert_close(torch.cat([head.outputs, tail.outputs]), whole.outputs, **EXACT)
    torch.testing.assert_close(tail.last, whole.last, **EXACT)


def test_a_carried_state_gives_the_learned_one_no_gradient():
    network, theta, inputs, draw = case("rnn", 1, learn=True)
    head = network.forward(theta, inputs[:3])

    tail = network.forward(theta, inputs[3:], head.last)
    gradient = network.split(network.backward(tail, draw(4, 5, 2)))

    assert (gradient["initial_state_0"] == 0).all()


@pytest.mark.parametrize(("cell", "activation", "n_layers", "learn", "bias"), CASES)
def test_the_flat_vector_is_cut_into_weights_without_a_rest(
    cell, activation, n_layers, learn, bias
):
    network, theta, _, _ = case(cell, n_layers, learn, bias, activation)

    weights = network.split(theta)

    torch.testing.assert_close(torch.cat([w.reshape(-1) for w in weights.values()]), theta)
    assert {name: tuple(w.shape) for name, w in weights.items()} == network.shapes


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_outputs_of_the_last_steps_and_their_gradient_are_those_of_all(cell):
    network, theta, inputs, draw = case(cell, 2, learn=True)
    grad = draw(2, 5, 2)
    padded = torch.cat([grad.new_zeros(5, 5, 2), grad])
    run = network.forward(theta, inputs)

    last = network.forward(theta, inputs, n_outputs=2)

    torch.testing.assert_close(last.outputs, run.outputs[-2:], **EXACT)
    torch.testing.assert_close(network.backward(last, grad), network.backward(run, padded), **EXACT)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_reused_workspace_changes_nothing(cell):
    network, theta, inputs, draw = case(cell, 2, learn=True)
    workspace, grad = Workspace(theta), draw(7, 5, 2)
    expected = network.backward(network.forward(theta, inputs), grad)
    network.forward(theta, draw(9, 6, 3), workspace=workspace)

    run = network.forward(theta, inputs, workspace=workspace)

    torch.testing.assert_close(network.backward(run, grad), expected, **EXACT)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_layers_are_shown_from_the_top_down_with_their_errors(cell):
    network, theta, inputs, draw = case(cell, 2, learn=False)
    seen = {}

    network.backward(
        network.forward(theta, inputs),
        draw(7, 5, 2),
        on_layer=lambda layer, found: seen.setdefault(layer, found.errors.shape),
    )

    assert list(seen.items()) == [(1, (7, 5, 4)), (0, (7, 5, 4))]


def test_an_unknown_cell_lists_the_known_ones():
    with pytest.raises(
        ValueError, match=r"cell must be one of \['cornn', 'gru', 'lstm', 'rnn'\], got 'elm'"
    ):
        Network("elm", 1, 2, 1, 1).shapes  # noqa: B018
