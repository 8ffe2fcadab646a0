import pytest
import torch

from trainers.network.cells import CELLS, get_cell
from trainers.network.stack import Network
from trainers.network.torch_layers import LayerRun, is_faster

KINDS = [(cell, "tanh") for cell in sorted(CELLS)] + [("rnn", "relu")]
KINDS = [kind for kind in KINDS if get_cell(*kind).torch_name]


@pytest.fixture
def by_torch(monkeypatch):
    """Let torch run every layer that it has, whatever the size."""

    def everywhere(name, keep, inputs, n_units):
        fused = name == "lstm" and inputs.dtype == torch.float32
        return bool(name) and (keep == "nothing" or (keep == "gradient" and fused))

    monkeypatch.setattr("trainers.network.stack.is_faster", everywhere)


def case(cell, activation="tanh", n_layers=2, bias=True, learn=True):
    network = Network(cell, 3, 4, n_layers, 2, activation, learn, bias, skip=True)
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return network, 0.5 * draw(network.n_weights), draw(7, 5, 3), draw(4, 5, 2), draw


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize(("cell", "activation"), KINDS)
def test_torch_gives_what_the_cells_give(by_torch, cell, activation, n_layers, bias):
    network, theta, inputs, _, draw = case(cell, activation, n_layers, bias)

    for state in (None, draw(5, network.state_size)):
        own = network.forward(theta, inputs, state, n_outputs=4)
        other = network.forward(theta, inputs, state, n_outputs=4, keep="nothing")
        torch.testing.assert_close(other.outputs, own.outputs, rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(other.last, own.last, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("n_layers", [1, 2])
def test_gradients_of_onednn_are_those_of_the_loops(by_torch, n_layers, bias, carried):
    network, theta, inputs, grad, draw = case("lstm", "tanh", n_layers, bias)
    state = draw(5, network.state_size) if carried else None
    masks = [draw(7, 5, 4) for _ in range(n_layers - 1)]  # of dropout
    own = network.forward(theta, inputs, state, n_outputs=4, masks=masks)
    exact = network.backward(own, grad)
    single = None if state is None else state.float()
    by_series = inputs.float().transpose(0, 1).contiguous().transpose(0, 1)

    with torch.inference_mode():  # as in training
        run = network.forward(
            theta.float(),
            by_series,
            single,
            n_outputs=4,
            masks=[mask.float() for mask in masks],
            keep="gradient",
        )
        gradient = network.backward(run, grad.float())

    assert all(isinstance(layer, LayerRun) for layer in run.layers)
    scale = exact.abs().max()
    torch.testing.assert_close(gradient.double() / scale, exact / scale, rtol=1e-4, atol=1e-6)
    learned = network.split(gradient)[f"initial_state_{n_layers - 1}"]
    assert (learned == 0).all() == carried


def test_what_was_not_kept_is_asked_for(by_torch):
    network, theta, inputs, grad, _ = case("lstm")
    theta, inputs, grad = theta.float(), inputs.float(), grad.float()
    nothing = network.forward(theta, inputs, n_outputs=4, keep="nothing")

    with pytest.raises(AssertionError, match="keep='gradient'"):
        network.backward(nothing, grad)
    with pytest.raises(AssertionError, match="keep='tape'"):
        network.r_forward(nothing, theta)


def test_small_batches_and_other_needs_are_left_to_the_loops():
    def inputs(batch, dtype=torch.float64):
        return torch.empty(5, batch, 3, dtype=dtype)

    assert not is_faster("rnn_tanh", "nothing", inputs(32), 16)
    assert not is_faster("rnn_tanh", "nothing", inputs(32), 64)
    assert is_faster("rnn_tanh", "nothing", inputs(8), 128)
    assert is_faster("gru", "nothing", inputs(1), 300)
    assert not is_faster("lstm", "gradient", inputs(256), 256)
    assert is_faster("lstm", "gradient", inputs(32, torch.float32), 16)
    assert not is_faster("lstm", "gradient", inputs(1, torch.float32), 256)
    assert not is_faster("lstm", "tape", inputs(32, torch.float32), 64)
    assert not is_faster("lstm", "nothing", inputs(1, torch.float32), 256)
    assert is_faster("lstm", "nothing", inputs(1, torch.float32).repeat(10, 1, 1), 256)
    assert not is_faster("", "nothing", inputs(32), 64)


def test_a_linear_cell_is_none_of_torchs():
    assert get_cell("rnn", "identity").torch_name == ""
