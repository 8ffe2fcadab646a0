import numpy as np
import plain_torch
import pytest
import torch
from sklearn.base import clone
from small_network import X, Y
from torch.func import grad, jacrev

from reservoirs import next_step
from trainers import RNNClassifier, RNNRegressor
from trainers.data.batches import Examples
from trainers.network.losses import LOSSES
from trainers.network.stack import Network
from trainers.solvers import LevenbergMarquardtSolver
from trainers.training import levenberg_marquardt
from trainers.training.problem import TrainingProblem

SMALL = RNNRegressor(n_units=4, max_iter=5, solver="levenberg_marquardt", random_state=0)


def problem(draw, alpha):
    lengths = np.array([9, 7, 8])
    network = Network("gru", 2, 3, 2, 2, learn_initial_state=True, skip=True)
    scored = torch.ones(24, dtype=torch.bool)
    scored[[0, 12]] = False
    examples = Examples(
        *(draw(24, 2), draw(24, 2), np.cumsum(lengths) - lengths, lengths, scored),
        n_last=None,
        weights=draw(24, 1).square() + 0.1,
    )
    return TrainingProblem(
        network=network, loss=LOSSES["squared_error"], train=examples, validation=None,
        theta=0.5 * draw(network.n_weights), batch_size=1, truncation=None, clip_norm=None,
        vanishing_penalty=0.0, rng=np.random.default_rng(0), alpha=alpha,
    )  # fmt: skip


@pytest.mark.parametrize("alpha", [None, 0.3])
def test_the_model_of_a_step_is_the_dense_gauss_newton_one(draw, alpha):
    p = problem(draw, alpha)
    (batch,) = p.objective.batches
    mask, theta = batch.mask[..., 0], p.solved(p.theta)
    roots = mask[mask > 0].sqrt()[:, None]

    def residuals(t):
        outputs = plain_torch.run(p.network, t, batch.inputs)[0]
        return (outputs - batch.targets)[mask > 0] * roots

    n = p.network.n_weights if alpha is None else p.network.n_recurrent_weights
    J = jacrev(residuals)(theta)[..., :n].numpy()
    rest = J
    if alpha is not None:
        A = p.objective.features(theta)
        penalised = np.sqrt(alpha) * np.eye(A.shape[1])[1:]
        Q = np.linalg.qr(np.vstack([A, penalised]))[0][: len(A)]
        rest = J - np.einsum("rk,sk,sop->rop", Q, Q, J)
    slope = grad(lambda t: 0.5 * residuals(t).square().sum())(theta)[:n]

    runner = LevenbergMarquardtSolver().epoch_runner(p, None)
    point = runner._evaluate(p.theta)
    gradient, curvature = runner._model(point)

    weight = batch.weight
    assert point.loss == pytest.approx(p.objective.value(p.theta), rel=1e-12)
    np.testing.assert_allclose(gradient, slope / weight, rtol=1e-9, atol=1e-12)
    dense = np.einsum("rop,roq->pq", J, rest) / weight
    np.testing.assert_allclose(np.triu(curvature), np.triu(dense), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("settings", [{}, {"readout": "ridge"}, {"window": 6}], ids=str)
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_loss_falls_at_every_step(cell, settings):
    model = clone(SMALL).set_params(cell=cell, **settings).fit(X[:80], Y[:80])

    assert (np.diff(model.loss_curve_) < 0).all()
    assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]


def test_a_few_units_learn_a_sine_to_many_digits_and_stop():
    y = np.sin(0.2 * np.arange(900))
    model = clone(SMALL).set_params(n_units=8, readout="ridge", alpha=1e-13, washout=50)
    model.set_params(solver=LevenbergMarquardtSolver(tolerance=0.05), max_iter=200)

    model.fit(*next_step(y[:400]))

    np.testing.assert_allclose(model.forecast(500), y[400:], atol=1e-4)
    assert model.status_ == "converged"
    assert model.n_iter_ < 200


def test_a_step_that_lowers_nothing_ends_training():
    model = clone(SMALL).set_params(n_units=1, activation="identity", max_iter=400)
    model.set_params(solver=LevenbergMarquardtSolver(tolerance=0.0)).fit(X[:80], Y[:80])

    assert model.status_ == "converged"
    assert model.history_[-1]["tries"] == levenberg_marquardt.MAX_TRIES
    assert model.loss_curve_[-1] == model.loss_curve_[-2]


def test_what_it_cannot_do_is_refused_with_what_to_write(monkeypatch):
    with pytest.raises(ValueError, match="at most 3000, got 4353; lower n_units, or use solver='h"):
        clone(SMALL).set_params(n_units=64).fit(X, Y)
    monkeypatch.setattr(levenberg_marquardt, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="derivatives of 240 scored targets by 33 weights"):
        clone(SMALL).fit(X, Y)
    with pytest.raises(ValueError, match="and another error; use 'hessian_free'"):
        RNNClassifier(solver="levenberg_marquardt").fit(X, Y[:, 0] > 0)
