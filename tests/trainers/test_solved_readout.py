import numpy as np
import plain_torch
import pytest
import torch
from sklearn.linear_model import Ridge
from torch.func import grad, jacrev

from trainers.data.batches import Examples
from trainers.network.cells import CELLS
from trainers.network.losses import LOSSES
from trainers.network.stack import Network
from trainers.second_order import curvature
from trainers.second_order.solved_readout import SolvedObjective, best_alpha, solve

LENGTHS = np.array([9, 7, 9, 8])
STARTS = np.cumsum(LENGTHS) - LENGTHS
ALPHA = 0.3
MU = 0.7
OPTIONS = [{}, {"n_layers": 2}, {"learn_initial_state": True, "hidden_bias": False}]


def problem(draw, cell, options):
    network = Network(cell, 2, 3, **{"n_layers": 1, **options}, n_outputs=2, skip=True)
    scored = torch.ones(33, dtype=torch.bool)
    scored[[0, 1, 12]] = False
    weights = draw(33, 1).square() + 0.1
    examples = Examples(
        draw(33, 2), draw(33, 2), STARTS, LENGTHS, scored, n_last=None, weights=weights
    )
    loss = LOSSES["squared_error"]
    objective = SolvedObjective(network, loss, examples, np.arange(4), ALPHA)
    return objective, 0.7 * draw(network.n_weights)


def residuals(objective, theta):
    """Rows of [sqrt(w) (C phi - y); sqrt(alpha) C] at C*, by an explicit least-squares solve."""
    network, rows, targets = objective.network, [], []
    for batch in objective.batches:
        states = hidden(network, theta, batch.inputs)
        mask = batch.mask[..., 0]
        root = mask[mask > 0].sqrt()[:, None]
        ones = torch.ones_like(batch.mask)
        rows.append(torch.cat([ones, batch.inputs, states], dim=2)[mask > 0] * root)
        targets.append(batch.targets[mask > 0] * root)
    A, y = torch.cat(rows), torch.cat(targets)
    n = A.shape[1]
    penalty = ALPHA * torch.diag(torch.tensor([0.0] + [1.0] * (n - 1), dtype=A.dtype))
    C = torch.linalg.solve(A.T @ A + penalty, A.T @ y)
    return torch.cat([(A @ C - y), ALPHA**0.5 * C[1:]])


def hidden(network, theta, inputs):
    """The states of the uppermost layer, by plain torch: an identity reads them."""
    n = network.n_units
    reader = Network(
        network.cell, network.n_inputs, n, network.n_layers, n,
        learn_initial_state=network.learn_initial_state, hidden_bias=network.hidden_bias,
    )  # fmt: skip
    eye = torch.eye(n, dtype=theta.dtype).reshape(-1)
    recurrent = theta[: network.n_recurrent_weights]
    return plain_torch.run(reader, torch.cat([recurrent, eye, eye.new_zeros(n)]), inputs)[0]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_loss_and_gradient_equal_autograd_through_the_solve(draw, cell, options, monkeypatch):
    monkeypatch.setattr(curvature, "CHUNK", 3)  # two batches, which one readout is solved for
    objective, theta = problem(draw, cell, options)

    def loss(t):
        return 0.5 * residuals(objective, t).square().sum() / objective.weight

    value, gradient = objective.gradient(theta)

    assert len(objective.batches) == 2
    assert value == pytest.approx(float(loss(theta)), rel=1e-12)
    assert objective.value(theta) == pytest.approx(value, rel=1e-14)
    torch.testing.assert_close(gradient, grad(loss)(theta), rtol=1e-9, atol=1e-12)
    assert curvature.Objective.value(objective, objective.solved(theta)) < value  # and penalty


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_the_product_is_that_of_kaufmans_jacobian(draw, cell, options, monkeypatch):
    monkeypatch.setattr(curvature, "CHUNK", 3)
    objective, theta = problem(draw, cell, options)
    solved, n = objective.solved(theta), objective.network.n_recurrent_weights

    def fixed(t):  # the rows at fixed C*
        rows = []
        for batch in objective.batches:
            outputs = plain_torch.run(objective.network, t, batch.inputs)[0]
            mask = batch.mask[..., 0]
            rows.append(outputs[mask > 0] * mask[mask > 0].sqrt()[:, None])
        return torch.cat(rows)

    J = jacrev(fixed)(solved)[..., :n].numpy()
    A = objective.features(theta)
    penalised = np.sqrt(ALPHA) * np.eye(A.shape[1])[1:]
    Q = np.linalg.qr(np.vstack([A, penalised]))[0][: len(A)]
    rest = J - np.einsum("rk,sk,sop->rop", Q, Q, J)
    dense = np.einsum("rop,roq->pq", J, rest) / objective.weight
    v = draw(objective.network.n_weights)

    product = objective.matrix(theta).product(v)

    np.testing.assert_allclose(product[:n], dense @ v[:n].numpy(), rtol=1e-9, atol=1e-12)
    assert (product[n:] == 0).all()


def test_structural_damping_is_that_of_the_plain_matrix(draw):
    objective, theta = problem(draw, "rnn", {})
    solved, n = objective.solved(theta), objective.network.n_recurrent_weights
    v = draw(objective.network.n_weights)
    v[n:] = 0.0

    projected = objective.matrix(theta).product(v, MU) - objective.matrix(theta).product(v)

    plain = curvature.GaussNewton(objective, solved)
    expected = plain.product(v, MU) - plain.product(v)
    torch.testing.assert_close(projected[:n], expected[:n], rtol=1e-9, atol=1e-12)


def test_the_readout_is_that_of_ridge_regression_of_weighted_rows(draw):
    A, y, w = draw(30, 4).numpy(), draw(30, 2).numpy(), draw(30).square().numpy()
    expected = Ridge(alpha=ALPHA, solver="svd").fit(A, y, sample_weight=w)
    root = np.sqrt(w)[:, None]

    solution = solve(root * np.column_stack([np.ones(30), A]), root * y, ALPHA)

    np.testing.assert_allclose(solution.coefficients[1:], expected.coef_.T, rtol=1e-10)
    np.testing.assert_allclose(solution.coefficients[0], expected.intercept_, rtol=1e-10)
    assert best_alpha(np.column_stack([root, root * A]), root * y, np.array([1e9, 1e-9])) == 1e-9


@pytest.mark.parametrize("n_rows", [5, 30])
def test_features_that_depend_on_each_other_have_the_smallest_of_the_best_readouts(draw, n_rows):
    A, y = draw(n_rows, 4).numpy(), draw(n_rows, 2).numpy()
    features = np.column_stack([np.ones(n_rows), A, A[:, :2], np.ones(n_rows), np.zeros(n_rows)])
    expected, *_ = np.linalg.lstsq(features, y, rcond=None)

    solution = solve(features, y, alpha=0.0)

    np.testing.assert_allclose(solution.coefficients, expected, rtol=1e-8, atol=1e-10)
    left = solution.project(y)
    np.testing.assert_allclose(left, y - features @ expected, rtol=1e-8, atol=1e-10)
    assert solution.basis.shape == (n_rows, 5)
    assert solution.below.shape == (8, 5)
