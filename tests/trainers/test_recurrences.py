import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from trainers.second_order.closure import ClosureLoss, differentiable_kernels, join
from trainers.second_order.operations import LeanDerivatives

SERIES = torch.randn(5, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
STATE = torch.randn(2, 1, 3, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


class Layer(nn.Module):
    """A recurrent layer, what is taken of its results, and the state to begin with."""

    def __init__(self, kind, take=lambda out: out[0], state=None, **settings):
        super().__init__()
        self.layer, self.take = kind(2, 4, **settings), take
        self.start = None if state is None else nn.Parameter(state.clone())

    def forward(self, x):
        if self.start is None:
            return self.take(self.layer(x))
        h, c = self.start
        return self.take(self.layer(x, (h, c) if isinstance(self.layer, nn.LSTM) else h))


class Packed(Layer):
    def forward(self, x):
        packed = pack_padded_sequence(x, torch.tensor([5, 4, 2]))
        return self.layer(packed)[0].data


LAYERS = {
    "LSTM": lambda: Layer(nn.LSTM),
    "tanh": lambda: Layer(nn.RNN),
    "relu": lambda: Layer(nn.RNN, nonlinearity="relu"),
    "GRU": lambda: Layer(nn.GRU),
    "layers": lambda: Layer(nn.LSTM, num_layers=2, bidirectional=True),
    "no bias, batch first": lambda: Layer(nn.RNN, bias=False, batch_first=True),
    "projection": lambda: Layer(nn.LSTM, proj_size=2),
    "packed": lambda: Packed(nn.LSTM),
    "last h": lambda: Layer(nn.LSTM, lambda out: out[1][0], num_layers=2),
    "last c": lambda: Layer(nn.LSTM, lambda out: out[1][1]),
    "last c and all h": lambda: Layer(nn.LSTM, lambda out: out[0] + out[1][1]),
    "last h of tanh": lambda: Layer(nn.RNN, lambda out: out[1], bidirectional=True),
    "learned state": lambda: Layer(nn.LSTM, state=STATE),
    "learned state of tanh": lambda: Layer(nn.RNN, state=STATE),
}


def prepared(name):
    torch.manual_seed(1)
    return LAYERS[name]().double()


def products(model, forward):
    """Return a product of ours and by the dense Jacobian, for the mean square of the outputs."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    v = torch.linspace(-1, 1, sum(p.numel() for p in parameters), dtype=torch.float64)

    def closure():
        outputs = forward(SERIES)
        return outputs.square().mean(), outputs

    with differentiable_kernels():
        ours = ClosureLoss(closure, parameters).matrix(join(parameters)).product(v)
        rows = [
            torch.autograd.grad(z, parameters, retain_graph=True, allow_unused=True)
            for z in forward(SERIES).flatten()
        ]
    loss = ClosureLoss(closure, parameters)
    J = torch.stack([loss.join_gradients(row) for row in rows])
    return ours, J.T @ (J @ v) * 2 / len(J)


@pytest.mark.parametrize("name", LAYERS)
def test_products_of_recurrent_layers_are_those_of_the_dense_jacobian(name):
    model = prepared(name)

    ours, dense = products(model, model)

    torch.testing.assert_close(ours, dense, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", ["LSTM", "tanh", "relu"])
def test_a_derivative_by_the_input_may_be_in_the_outputs(name):
    model = prepared(name)

    def slopes(x):
        x = x.clone().requires_grad_()
        return torch.autograd.grad(model(x).square().sum(), x, create_graph=True)[0]

    ours, dense = products(model, slopes)

    torch.testing.assert_close(ours, dense, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", ["LSTM", "tanh", "relu", "layers", "learned state"])
def test_results_and_gradients_are_those_of_torch(name):
    model = prepared(name)
    parameters = list(model.parameters())
    theirs = model(SERIES)

    with LeanDerivatives() as mode:
        ours = model(SERIES)

    assert mode.has_recurrences
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-13)
    for own, other in zip(
        torch.autograd.grad(ours.sin().sum(), parameters),
        torch.autograd.grad(theirs.sin().sum(), parameters),
        strict=True,
    ):
        torch.testing.assert_close(own, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["GRU", "projection", "packed"])
def test_what_our_cells_do_not_have_is_left_to_torch(name):
    with LeanDerivatives() as mode:
        prepared(name)(SERIES)

    assert not mode.has_recurrences


def test_dropout_in_training_and_low_precision_are_left_to_torch():
    model = Layer(nn.LSTM, num_layers=2, dropout=0.5)

    with LeanDerivatives() as mode:
        model(SERIES.float())
        with torch.autocast("cpu", dtype=torch.bfloat16):
            model.eval()(SERIES.float())
        assert not mode.has_recurrences
        model.eval()(SERIES.float())

    assert mode.has_recurrences
