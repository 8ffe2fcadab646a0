import math

import numpy as np
import pytest
import torch

from trainers.data.batches import Examples
from trainers.network.initialization import initial_weights
from trainers.network.losses import LOSSES
from trainers.network.stack import Network
from trainers.second_order.conjugate_gradient import CGResult
from trainers.second_order.curvature import Objective
from trainers.second_order.step import (
    HFBatches,
    HFSettings,
    HFState,
    best_iterate,
    hf_step,
    reduction_ratio,
    update_damping,
)


def spd(draw, n):
    root = draw(n, n)
    return root @ root.T + 0.1 * torch.eye(n, dtype=torch.float64)


def step(theta, state, loss, **settings):
    """Take a step with the same data for every part."""
    return hf_step(theta, state, HFBatches(loss, loss, loss, loss), HFSettings(**settings))


def linear_problem(draw):
    """Return an RNN with identity activation that learns a linear map."""
    network = Network("rnn", 2, 2, 1, 1, activation="identity")
    rows, lengths = draw(40, 2), np.full(40, 1)
    examples = Examples(
        rows, rows @ draw(2, 1), np.arange(40), lengths, torch.ones(40, dtype=torch.bool), 1
    )
    return network, Objective(network, LOSSES["squared_error"], examples, np.arange(40))


class Quadratic:
    """A stand-in objective 1/2 (x - c)' A (x - c) that Gauss-Newton describes exactly."""

    def __init__(self, draw, n):
        self.A, self.centre = spd(draw, n), draw(n)
        self.batches = []

    def value(self, x):
        return float(0.5 * (x - self.centre) @ self.A @ (x - self.centre))

    def gradient(self, x):
        return self.value(x), self.A @ (x - self.centre)

    def matrix(self, x):
        return self

    def product(self, v, structural=0.0):
        return self.A @ v

    def squared_gradients(self, x):
        return self.A.diagonal()


def test_a_quadratic_is_solved_in_one_step(draw):
    problem = Quadratic(draw, 15)
    state = HFState(1e-10, torch.zeros(15, dtype=torch.float64))

    theta, record = step(draw(15), state, problem, max_cg=200, tolerance=0.0)

    torch.testing.assert_close(theta, problem.centre, rtol=1e-5, atol=1e-6)
    assert abs(record.rho - 1.0) < 1e-6
    assert record.step_length == 1.0


def test_the_next_search_starts_from_095_of_the_last_direction(draw):
    start, state = draw(15), HFState(0.1, torch.zeros(15, dtype=torch.float64))

    theta, record = step(start, state, Quadratic(draw, 15), max_cg=40)

    assert record.step_length == 1.0
    torch.testing.assert_close(state.direction, 0.95 * (theta - start))


@pytest.mark.parametrize(
    ("losses", "chosen"), [((5.0, 2.0, 1.0, 3.0), 2), ((0.0, 2.0, 1.0), 2), ((4.0, math.nan), 0)]
)
def test_backtracking_walks_back_while_the_loss_falls(losses, chosen):
    class Table:
        def value(self, theta):
            return losses[int(theta)]

    result = CGResult(iterates=[torch.tensor(float(i)) for i in range(len(losses))])

    assert best_iterate(result, Table(), torch.tensor(0.0)) == (chosen, losses[chosen])


def test_every_step_lowers_the_loss_and_is_recorded(draw):
    network, objective = linear_problem(draw)
    theta, state = (
        0.3 * draw(network.n_weights),
        HFState(0.1, torch.zeros(network.n_weights).double()),
    )
    losses = [objective.value(theta)]

    for _ in range(8):
        theta, record = step(theta, state, objective, structural=1 / 30)
        losses.append(record.loss_after)
        assert record.loss_before >= record.loss_after
        assert record.cg_iterations >= record.chosen_iterate >= 1

    assert losses[-1] < 1e-6 * losses[0]


def test_a_step_that_cannot_lower_the_loss_is_rejected_and_changes_nothing(draw):
    network, objective = linear_problem(draw)
    theta = draw(network.n_weights)
    objective.value = lambda theta: 1e9
    state = HFState(0.1, torch.zeros_like(theta))

    after, record = step(theta, state, objective)

    assert torch.equal(after, theta)
    assert record.reason == "rejected"
    assert (state.direction == 0).all()
    assert state.damping == pytest.approx(0.15)


def test_each_part_of_a_step_sees_its_own_data(draw):
    class Counted(Quadratic):
        def __init__(self, like):
            self.A, self.centre, self.seen = like.A, like.centre, set()

        def value(self, x):
            self.seen.add("value")
            return super().value(x)

        def gradient(self, x):
            self.seen.add("gradient")
            return Quadratic.value(self, x), self.A @ (x - self.centre)

        def product(self, v, structural=0.0):
            self.seen.add("product")
            return self.A @ v

        def squared_gradients(self, x):
            self.seen.add("squares")
            return self.A.diagonal()

    like = Quadratic(draw, 6)
    parts = [Counted(like) for _ in range(4)]
    state = HFState(1e-3, torch.zeros(6, dtype=torch.float64))

    hf_step(draw(6), state, HFBatches(*parts), HFSettings(preconditioner=True))

    assert [part.seen for part in parts] == [
        {"gradient"},
        {"product", "value", "squares"},
        {"value"},
        {"value"},
    ]


def test_the_undamped_model_predicts_a_quadratic_exactly_whatever_the_damping(draw):
    ratios = {}
    for model in ("damped", "undamped"):
        problem = Quadratic(draw, 8)
        state = HFState(5.0, torch.zeros(8, dtype=torch.float64))
        _, record = step(draw(8), state, problem, tolerance=0.0, rho_model=model)
        ratios[model] = record.rho

    assert ratios["undamped"] == pytest.approx(1.0)
    assert ratios["damped"] > 1.0
    with pytest.raises(ValueError, match="'damped' or 'undamped'"):
        step(draw(8), state, problem, rho_model="other")


@pytest.mark.parametrize(
    ("rho", "factor"), [(0.1, 1.5), (0.5, 1.0), (0.9, 2 / 3), (-np.inf, 1.5), (np.nan, 1.0)]
)
def test_damping_follows_levenberg_and_marquardt(rho, factor):
    assert update_damping(0.3, rho) == pytest.approx(0.3 * factor)


def test_damping_stays_within_its_bounds():
    assert update_damping(1e6, 0.0) == 1e6
    assert update_damping(1e-10, 1.0) == 1e-10


@pytest.mark.parametrize(
    ("before", "after", "predicted", "expected"),
    [
        (1.0, 0.5, -0.5, 1.0),
        (1.0, 1.2, -0.5, -np.inf),
        (1.0, np.nan, -0.5, -np.inf),
        (1.0, 1.0 - 1e-15, -1e-15, np.nan),
    ],
)
def test_the_reduction_ratio_guards_against_rounding(before, after, predicted, expected):
    np.testing.assert_equal(reduction_ratio(before, after, predicted), expected)


@pytest.mark.parametrize("seed", [0, 1])
def test_structural_damping_learns_to_remember_five_bits(seed):
    lag, n_units = 8, 30
    rng = np.random.default_rng(seed)
    bits = np.array(np.meshgrid(*[[0, 1]] * 5)).reshape(5, -1).T
    n_steps = lag + 10
    inputs, targets = np.zeros((32, n_steps, 4)), np.zeros((32, n_steps, 3))
    for i, word in enumerate(bits):
        inputs[i, np.arange(5), word] = 1.0
        inputs[i, 5:, 2] = 1.0
        inputs[i, lag + 4, 2:] = [0.0, 1.0]
        targets[i, : lag + 5, 2] = 1.0
        targets[i, lag + 5 + np.arange(5), word] = 1.0
    network = Network("rnn", 4, n_units, 1, 3)
    theta = torch.tensor(initial_weights(network, "sparse", np.zeros(3), rng))
    examples = Examples(
        torch.tensor(inputs.reshape(-1, 4)),
        torch.tensor(targets.reshape(-1, 3)),
        np.arange(32) * n_steps,
        np.full(32, n_steps),
        torch.ones(32 * n_steps, dtype=torch.bool),
        None,
    )
    objective = Objective(network, LOSSES["cross_entropy"], examples, np.arange(32))
    state = HFState(0.1, torch.zeros_like(theta))

    for _ in range(60):
        theta, _ = step(theta, state, objective, structural=1 / 30, max_cg=100)
        outputs = network.forward(theta, objective.batches[0].inputs).outputs
        answers = outputs.argmax(dim=2)[-5:].T.numpy()
        if (answers == bits).all():
            break

    assert (answers == bits).all()
