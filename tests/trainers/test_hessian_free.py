import numpy as np
import pytest
import torch
from small_network import X, Y, fitted

from trainers.data.batches import Examples
from trainers.network.cells import CELLS
from trainers.network.losses import LOSSES
from trainers.network.stack import Network
from trainers.solvers import HessianFreeSolver
from trainers.training import hessian_free
from trainers.training.problem import TrainingProblem


def epochs(draw, monkeypatch, **sizes):
    """Return epochs on 40 pieces, and a list to which every step adds its batches."""
    seen = []

    def step(theta, state, batches, settings):
        seen.append(batches)
        return step_of_ours(theta, state, batches, settings)

    step_of_ours = hessian_free.hf_step
    monkeypatch.setattr(hessian_free, "hf_step", step)
    network = Network("rnn", 2, 3, 1, 1)
    starts, lengths = np.arange(40), np.ones(40, dtype=int)
    scored = torch.ones(40, dtype=torch.bool)
    problem = TrainingProblem(
        network=network,
        loss=LOSSES["squared_error"],
        train=Examples(draw(40, 2), draw(40, 1), starts, lengths, scored, 1),
        validation=None,
        theta=0.3 * draw(network.n_weights),
        batch_size=32,
        truncation=None,
        clip_norm=None,
        vanishing_penalty=0.0,
        rng=np.random.default_rng(0),
    )
    return HessianFreeSolver(**sizes).epoch_runner(problem, None), seen


def test_a_part_of_a_step_without_a_size_sees_the_data_of_the_part_it_follows(draw, monkeypatch):
    runner, seen = epochs(draw, monkeypatch, curvature_size=None)

    runner.run_epoch()

    (batches,) = seen
    assert batches.curvature is batches.gradient is batches.backtracking is batches.line_search
    assert batches.gradient.weight == 40


def test_sizes_are_drawn_anew_at_every_step(draw, monkeypatch):
    sizes = {"curvature_size": 5, "gradient_size": 30, "line_search_size": 20}
    runner, seen = epochs(draw, monkeypatch, **sizes)

    runner.run_epoch()
    runner.run_epoch()

    first, second = seen
    assert [first.curvature.weight, first.gradient.weight, first.line_search.weight] == [5, 30, 20]
    assert first.backtracking is first.curvature
    inputs = [batches.curvature.batches[0].inputs for batches in seen]
    assert not torch.equal(*inputs)


def test_the_weights_are_float64_while_the_network_is_float32():
    model = fitted(solver="hessian_free", window=5, dtype="float32", max_iter=2)

    assert model.dtype_ == "float32"
    assert model.solver_state_["epochs"]["theta"].dtype == np.float64
    assert model.score(X, Y) > 0.0


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("preconditioner", [False, True])
def test_stacked_layers_are_trained_and_go_on_bitwise(cell, preconditioner):
    solver = HessianFreeSolver(preconditioner=preconditioner, max_cg=30)
    settings = {"solver": solver, "cell": cell, "n_layers": 2, "n_units": 4, "window": 5}

    whole = fitted(**settings, max_iter=6)
    parts = fitted(**settings, max_iter=3, warm_start=True).fit(X, Y)

    assert whole.loss_curve_[-1] < 0.8 * whole.history_[0]["loss_before"]
    assert parts.loss_curve_ == whole.loss_curve_
