import numpy as np
import plain_torch
import pytest
import reference
import torch
from torch.func import jacrev, jvp

from trainers.data.batches import Examples
from trainers.network.cells import CELLS
from trainers.network.losses import LOSSES
from trainers.network.stack import Network
from trainers.second_order import curvature
from trainers.second_order.curvature import GaussNewton, Objective

LENGTHS = np.array([6, 4, 6])
STARTS = np.cumsum(LENGTHS) - LENGTHS
MU = 0.7


def problem(draw, cell, loss="squared_error", activation="tanh", learn=True, n_layers=1):
    network = Network(cell, 2, 3, n_layers, 2, activation, learn, skip=learn)
    targets = draw(16, 2)
    if loss == "binary_cross_entropy":
        targets = (targets > 0).double()
    elif loss == "cross_entropy":
        targets = torch.nn.functional.one_hot(targets.argmax(dim=1), 2).double()
    elif loss == "gaussian":
        targets = targets[:, :1]
    scored = torch.ones(16, dtype=torch.bool)
    scored[2] = scored[12] = False
    examples = Examples(draw(16, 2), targets, STARTS, LENGTHS, scored, n_last=None)
    return (
        network,
        Objective(network, LOSSES[loss], examples, np.arange(3)),
        0.7 * draw(network.n_weights),
    )


def output_hessian(loss, o, y):
    if loss == "squared_error":
        return torch.eye(2, dtype=o.dtype).expand(len(o), 2, 2)
    if loss == "cross_entropy":
        p = torch.softmax(o, dim=1)
        return torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    if loss == "binary_cross_entropy":
        p = torch.sigmoid(o)
        return torch.diag_embed(p * (1 - p))
    columns = [LOSSES[loss].hessian(o, y, u.expand_as(o)) for u in torch.eye(2, dtype=o.dtype)]
    return torch.stack(columns, dim=-1)  # test_losses says what they are


CASES = [(c, loss) for c in sorted(CELLS) for loss in LOSSES]
STACKS = [(c, n_layers) for c in sorted(CELLS) for n_layers in (1, 2, 3)]


@pytest.mark.parametrize(
    ("cell", "loss", "n_layers"),
    [*((*case, 1) for case in CASES), *((c, "cross_entropy", 2) for c in sorted(CELLS))],
)
def test_the_product_equals_the_dense_gauss_newton_matrix(draw, cell, loss, n_layers):
    network, objective, theta = problem(draw, cell, loss, n_layers=n_layers)
    batch = objective.batches[0]
    scored = batch.mask[..., 0].bool()

    def outputs(t):
        return plain_torch.run(network, t, batch.inputs)[0][scored]

    hessians = output_hessian(loss, outputs(theta), batch.targets[scored]) / objective.weight
    dense = reference.gauss_newton(jacrev(outputs)(theta).numpy(), hessians.numpy())

    matrix = GaussNewton(objective, theta)
    columns = [matrix.product(e) for e in torch.eye(network.n_weights, dtype=torch.float64)]

    np.testing.assert_allclose(torch.stack(columns).numpy(), dense, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize(("cell", "n_layers"), STACKS)
def test_structural_damping_equals_its_dense_matrix(draw, cell, n_layers):
    network, objective, theta = problem(draw, cell, n_layers=n_layers)
    v = draw(network.n_weights)
    batch, matrix = objective.batches[0], GaussNewton(objective, theta)

    def pre(t):
        return plain_torch.run(network, t, batch.inputs)[1]

    _, along = jvp(pre, (theta,), (v,))
    slopes = torch.cat(matrix.runs[0].slopes)  # layer after layer, as those of plain torch
    weighted = (slopes * along * batch.inside.repeat(n_layers, 1, 1)).detach()
    tracked = theta.clone().requires_grad_(True)
    (pre(tracked) * weighted).sum().backward()

    structural = matrix.product(v, MU) - matrix.product(v)

    torch.testing.assert_close(
        structural, MU * tracked.grad / objective.weight, rtol=1e-10, atol=1e-11
    )


def test_the_structural_term_is_the_curvature_of_the_distance_between_hidden_states(draw):
    network, objective, theta = problem(draw, "rnn")
    v, batch, t = draw(network.n_weights), objective.batches[0], 1e-4

    def probabilities(point):
        hidden = network.forward(point, batch.inputs).tapes[0].hidden[1:]
        return (1 + hidden) / 2  # a logistic function of 2 a

    here = probabilities(theta)

    def distance(point):
        p = probabilities(point)
        entropy = here * (here / p).log() + (1 - here) * ((1 - here) / (1 - p)).log()
        return float((entropy * batch.inside).sum()) / objective.weight

    matrix = objective.matrix(theta)
    structural = float(v @ (matrix.product(v, 1.0) - matrix.product(v)))

    expected = (distance(theta + t * v) + distance(theta - t * v)) / t**2
    assert distance(theta) == 0.0
    assert structural == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("cell", "n_layers"), STACKS[:-1])
def test_the_matrix_is_symmetric_and_positive_semi_definite(draw, cell, n_layers):
    network, objective, theta = problem(draw, cell, n_layers=n_layers)
    matrix = GaussNewton(objective, theta)

    columns = torch.stack(
        [matrix.product(e, MU) for e in torch.eye(network.n_weights, dtype=torch.float64)]
    )

    torch.testing.assert_close(columns, columns.T, rtol=1e-10, atol=1e-12)
    assert torch.linalg.eigvalsh(columns).min() > -1e-12


def test_chunks_add_up(draw, monkeypatch):
    network, objective, theta = problem(draw, "rnn")
    v = draw(network.n_weights)
    in_one_chunk = GaussNewton(objective, theta).product(v, MU)
    loss, gradient = objective.gradient(theta)
    monkeypatch.setattr(curvature, "CHUNK", 1)
    cut = Objective(network, objective.loss, examples_of(objective), np.arange(3))

    product = GaussNewton(cut, theta).product(v, MU)
    cut_loss, cut_gradient = cut.gradient(theta)

    assert len(cut.batches) == 3
    torch.testing.assert_close(product, in_one_chunk, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(cut_gradient, gradient, rtol=1e-12, atol=1e-13)
    assert abs(cut_loss - loss) < 1e-13


def examples_of(objective):
    """Return the examples again, one piece per series of the padded batch."""
    batch = objective.batches[0]
    rows = torch.cat([batch.inputs[:n, i] for i, n in enumerate(LENGTHS)])
    targets = torch.cat([batch.targets[:n, i] for i, n in enumerate(LENGTHS)])
    scored = torch.cat([batch.mask[:n, i, 0] for i, n in enumerate(LENGTHS)]).bool()
    return Examples(rows, targets, STARTS, LENGTHS, scored, n_last=None)


@pytest.mark.parametrize(("cell", "loss"), CASES)
def test_the_gradient_of_the_masked_loss_equals_autograd(draw, cell, loss):
    network, objective, theta = problem(draw, cell, loss)
    batch = objective.batches[0]
    tracked = theta.clone().requires_grad_(True)
    outputs, _ = plain_torch.run(network, tracked, batch.inputs)
    per_step = objective.loss.value(outputs, batch.targets) * batch.mask[..., 0]
    (per_step.sum() / objective.weight).backward()

    value, gradient = objective.gradient(theta)

    assert abs(value - objective.value(theta)) < 1e-14
    torch.testing.assert_close(gradient, tracked.grad, rtol=1e-12, atol=1e-12)


def test_relu_and_identity_cells_have_products_too(draw):
    for activation in ("relu", "identity"):
        network, objective, theta = problem(draw, "rnn", activation=activation)
        v, u = draw(network.n_weights), draw(network.n_weights)
        matrix = GaussNewton(objective, theta)

        assert abs(float(u @ matrix.product(v) - v @ matrix.product(u))) < 1e-10


@pytest.mark.parametrize(("cell", "n_layers"), STACKS)
def test_j_v_of_stacks_equals_finite_differences(draw, cell, n_layers):
    network, objective, theta = problem(draw, cell, n_layers=n_layers)
    inputs, v, t = objective.batches[0].inputs, draw(network.n_weights), 1e-6

    along, _ = network.r_forward(network.forward(theta, inputs), v)

    ahead, behind = (network.forward(theta + s * v, inputs).outputs for s in (t, -t))
    torch.testing.assert_close(along, (ahead - behind) / (2 * t), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("cell", "n_layers"), STACKS)
def test_squared_gradients_are_the_mean_over_single_series(draw, cell, n_layers):
    network, objective, theta = problem(draw, cell, n_layers=n_layers)
    total = torch.zeros_like(theta)
    for i in range(3):
        alone = Objective(network, objective.loss, examples_of(objective), np.array([i]))
        _, gradient = alone.gradient(theta)  # of the mean over its own steps
        total += (gradient * alone.weight).square() / objective.weight

    squares = objective.squared_gradients(theta)

    torch.testing.assert_close(squares, total, rtol=1e-11, atol=1e-13)


def test_float32_data_take_float64_weights(draw):
    network, objective, theta = problem(draw, "rnn")
    examples = examples_of(objective)
    single = Examples(
        examples.rows.float(), examples.targets.float(), STARTS, LENGTHS, examples.scored, None
    )
    rough = Objective(network, objective.loss, single, np.arange(3))
    v = draw(network.n_weights)

    gradient, product = rough.gradient(theta)[1], rough.matrix(theta).product(v, MU)

    assert gradient.dtype == product.dtype == torch.float64
    torch.testing.assert_close(gradient, objective.gradient(theta)[1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        product, objective.matrix(theta).product(v, MU), rtol=1e-4, atol=1e-4
    )


def test_the_product_equals_that_of_curvlinops_on_the_recurrent_layer_of_torch(draw):
    from curvlinops import GGNLinearOperator
    from torch import nn

    class Theirs(nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent, self.readout = nn.RNN(2, 3).double(), nn.Linear(3, 2).double()

        def forward(self, inputs):
            return self.readout(self.recurrent(inputs)[0])

    network = Network("rnn", 2, 3, 1, 2)
    theta, v = 0.7 * draw(network.n_weights), draw(network.n_weights)
    rows, targets = draw(15, 2), draw(15, 2)
    examples = Examples(
        rows, targets, np.array([0, 5, 10]), np.array([5, 5, 5]), torch.ones(15, dtype=bool), None
    )
    objective = Objective(network, LOSSES["squared_error"], examples, np.arange(3))
    batch, model, weights = objective.batches[0], Theirs(), network.split(theta)
    layer = model.recurrent
    parameters = {
        "input_weights_0": layer.weight_ih_l0,
        "recurrent_weights_0": layer.weight_hh_l0,
        "bias_0": layer.bias_ih_l0,
        "output_weights": model.readout.weight,
        "output_bias": model.readout.bias,
    }
    with torch.no_grad():
        layer.bias_hh_l0.zero_()
        for name, parameter in parameters.items():
            parameter.copy_(weights[name])
    data = [(batch.inputs, batch.targets)]
    loss = nn.MSELoss(reduction="sum")  # twice 1/2 |o - y|^2, summed over the steps
    theirs = GGNLinearOperator(model, loss, [parameters[name] for name in network.shapes], data)

    product = objective.matrix(theta).product(v)

    expected = (theirs @ v) / (2 * objective.weight)
    torch.testing.assert_close(product, expected, rtol=1e-10, atol=1e-12)
