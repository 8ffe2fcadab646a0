import pytest
import torch
from torch import nn

from trainers import HessianFree
from trainers.second_order.closure import ClosureLoss, differentiable_kernels, join


class Squared(torch.autograd.Function):
    """A function without a forward mode, whose backward pass torch can differentiate."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.square()

    @staticmethod
    def backward(ctx, error):
        return 2 * ctx.saved_tensors[0] * error


class SquaredOnce(Squared):
    """One whose backward pass torch cannot differentiate either."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, error):
        return 2 * ctx.saved_tensors[0] * error


class SquaredForward(SquaredOnce):
    """One that has a forward mode instead."""

    @staticmethod
    def jvp(ctx, tangent):
        return 2 * ctx.saved_tensors[0] * tangent

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_forward(x)
        return Squared.forward(ctx, x)


class _Refused(torch.autograd.Function):
    @staticmethod
    def forward(ctx, error):
        return error.clone()

    @staticmethod
    def backward(ctx, direction):
        raise RuntimeError(
            "torch.compile with aot_autograd does not currently support double backward"
        )


class SquaredCompiled(SquaredForward):
    """One that answers as a compiled module does: forward mode, but no second backward pass."""

    @staticmethod
    def backward(ctx, error):
        return _Refused.apply(2 * ctx.saved_tensors[0] * error)


class Applied(nn.Module):
    """A linear layer and a function of one's own, alone or beside one of torch."""

    def __init__(self, function, share=0.0):
        super().__init__()
        self.linear, self.function, self.share = nn.Linear(4, 3), function, share

    def forward(self, x):
        hidden = self.linear(x)
        return self.function.apply(hidden) + self.share * torch.sin(hidden)


class Attention(nn.Module):
    """Attention over steps and a readout, causal or not."""

    def __init__(self, causal=False):
        super().__init__()
        self.attention, self.out = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 2)
        self.mask = nn.Transformer.generate_square_subsequent_mask(5) if causal else None

    def forward(self, x):
        mask = None if self.mask is None else self.mask.to(x)
        return self.out(self.attention(x, x, x, attn_mask=mask, need_weights=False)[0])


class Bags(nn.Module):
    """Sums or means of embeddings, behind a tanh."""

    def __init__(self, **settings):
        super().__init__()
        self.bags, self.out = nn.EmbeddingBag(7, 3, **settings), nn.Linear(3, 2)

    def forward(self, rows):
        return self.out(torch.tanh(self.bags(rows)))


def series():
    return torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def rows():
    return torch.randint(0, 7, (6, 3), generator=torch.Generator().manual_seed(0))


MODELS = {
    "attention": (Attention, series),
    "causal attention": (lambda: Attention(causal=True), series),
    "encoder layer": (lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), series),
    "encoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2),
        series,
    ),
    "decoder layer": (
        lambda: TwoInputs(nn.TransformerDecoderLayer(4, 2, 8, batch_first=True)),
        series,
    ),
    "LSTM": (lambda: First(nn.LSTM(4, 3, batch_first=True)), series),
    "layers of LSTM": (
        lambda: First(nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)),
        series,
    ),
    "weight norm": (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)), series),
    "convolution": (lambda: nn.Sequential(nn.Conv1d(5, 3, 2), nn.GroupNorm(1, 3)), series),
    "bag sum": (lambda: Bags(mode="sum"), rows),
    "bag mean": (lambda: Bags(mode="mean"), rows),
    "bag max": (lambda: Bags(mode="max"), rows),
    "sparse bag": (lambda: Bags(mode="sum", sparse=True), rows),
    "own function": (lambda: Applied(Squared), series),
    "own function, once": (lambda: Applied(SquaredOnce), series),
    "own function, forward": (lambda: Applied(SquaredForward), series),
    "own function, compiled": (lambda: Applied(SquaredCompiled), series),
    "own function, partly": (lambda: Applied(SquaredOnce, share=1.0), series),
}


class First(nn.Module):
    """The first output of a module."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)[0]


class TwoInputs(nn.Module):
    """A module that gets its input twice."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x, x)


def prepared(name, dtype=torch.float64):
    build, inputs = MODELS[name]
    torch.manual_seed(1)
    model, x = build().to(dtype).eval(), inputs()
    x = x.to(dtype) if x.is_floating_point() else x
    targets = torch.zeros_like(model(x)) + 0.3

    def closure():
        outputs = model(x)
        return nn.functional.mse_loss(outputs, targets), outputs

    return model, x, closure


@pytest.mark.parametrize("name", MODELS)
def test_products_are_those_of_the_dense_jacobian(name):
    model, x, closure = prepared(name)
    parameters = list(model.parameters())
    loss = ClosureLoss(closure, parameters)
    v = torch.linspace(-1, 1, sum(p.numel() for p in parameters), dtype=torch.float64)

    with differentiable_kernels():
        outputs = model(x).flatten()
        rows_of_J = [
            loss.join_gradients(
                torch.autograd.grad(z, parameters, retain_graph=True, allow_unused=True)
            )
            for z in outputs
        ]
        J = torch.stack(rows_of_J)
        product = loss.matrix(join(parameters)).product(v)

    # of the mean square, whose Hessian by the outputs is 2 / n
    torch.testing.assert_close(product, J.T @ (J @ v) * 2 / len(J), rtol=1e-7, atol=1e-9)
    assert torch.equal(join(parameters), join(list(model.parameters())))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", MODELS)
def test_hessian_free_trains_whatever_torch_can_differentiate_once(name, dtype):
    model, _, closure = prepared(name, dtype)
    optimizer = HessianFree(model.parameters(), max_cg=5)

    losses = [optimizer.step(closure) for _ in range(3)]

    assert losses[-1] < 0.9 * losses[0]
    assert losses == sorted(losses, reverse=True)
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize(("name", "n_calls"), [("attention", 1), ("own function, forward", 4)])
def test_the_closure_runs_once_for_any_number_of_products(name, n_calls):
    model, _, closure = prepared(name)
    parameters, calls = list(model.parameters()), []

    def counted():
        calls.append(1)
        return closure()

    with differentiable_kernels():
        matrix = ClosureLoss(counted, parameters).matrix(join(parameters))
        for _ in range(3):
            matrix.product(torch.ones_like(join(parameters)))

    assert len(calls) == n_calls  # forward mode, where it is all there is, runs it every time


def test_a_product_is_that_of_its_point_wherever_losses_are_computed_meanwhile():
    model, _, closure = prepared("LSTM")
    parameters = list(model.parameters())
    theta, v = join(parameters), torch.ones_like(join(parameters))

    with differentiable_kernels():
        loss = ClosureLoss(closure, parameters)
        matrix = loss.matrix(theta)
        first = matrix.product(v)
        loss.value(2 * theta)
        second = matrix.product(v)

    assert torch.equal(first, second)


def test_an_error_of_the_closure_is_not_taken_for_a_missing_derivative():
    model, calls = nn.Linear(4, 2).double(), []

    def closure():
        calls.append(1)
        if len(calls) == 3:  # after the matrix was made
            raise RuntimeError("the disk is full")
        outputs = model(series())
        return outputs.square().mean(), outputs

    with pytest.raises(RuntimeError, match="the disk is full"):
        HessianFree(model.parameters()).step(closure)
    assert len(calls) == 3


def test_a_loss_without_a_second_derivative_is_refused_by_name():
    model = nn.Linear(4, 3).double()

    def closure():
        outputs = torch.log_softmax(model(series()).transpose(0, 1), dim=-1)
        lengths = torch.tensor([5, 5]), torch.tensor([2, 2])
        return nn.functional.ctc_loss(outputs, torch.ones(2, 2).long(), *lengths), outputs

    before = join(list(model.parameters()))
    with pytest.raises(NotImplementedError, match="second derivative of the loss by the outputs"):
        HessianFree(model.parameters()).step(closure)
    assert torch.equal(join(list(model.parameters())), before)
