import math

import numpy as np
import torch

from trainers.second_order.conjugate_gradient import conjugate_gradient, saved_numbers, stalled


def spd(draw, n):
    root = draw(n, n)
    return root @ root.T + 0.1 * torch.eye(n, dtype=torch.float64)


def test_conjugate_gradients_solve_a_positive_definite_system_in_n_steps(draw):
    A, b = spd(draw, 20), draw(20)

    result = conjugate_gradient(lambda v: A @ v, b, torch.zeros_like(b), max_iter=60, tolerance=0)

    torch.testing.assert_close(A @ result.iterates[-1], b, rtol=1e-8, atol=1e-8)
    assert result.reason == "residual"


def test_conjugate_gradients_agree_with_scipy_step_by_step(draw):
    from scipy.sparse.linalg import cg

    A, b = spd(draw, 12), draw(12)
    theirs = []
    cg(A.numpy(), b.numpy(), maxiter=8, rtol=1e-30, callback=lambda x: theirs.append(x.copy()))

    result = conjugate_gradient(lambda v: A @ v, b, torch.zeros_like(b), max_iter=8, tolerance=0)

    for number, x in zip(result.numbers, result.iterates, strict=True):
        np.testing.assert_allclose(x.numpy(), theirs[number - 1], rtol=1e-7, atol=1e-9)


def test_the_inverse_as_preconditioner_needs_one_step(draw):
    diagonal = 1.0 + draw(20).abs()
    b = draw(20)

    result = conjugate_gradient(
        lambda v: diagonal * v, b, torch.zeros_like(b), tolerance=0, preconditioner=diagonal
    )

    assert result.n_iter == 1
    torch.testing.assert_close(result.iterates[-1], b / diagonal, rtol=1e-12, atol=1e-12)


def test_a_preconditioner_changes_the_way_but_not_the_solution(draw):
    A, b, scale = spd(draw, 20), draw(20), 1.0 + draw(20).abs()

    result = conjugate_gradient(
        lambda v: A @ v, b, draw(20), max_iter=80, tolerance=0, preconditioner=scale
    )

    torch.testing.assert_close(A @ result.iterates[-1], b, rtol=1e-7, atol=1e-7)


def test_the_model_falls_at_every_step(draw):
    A, b = spd(draw, 30), draw(30)

    result = conjugate_gradient(lambda v: A @ v, b, draw(30), max_iter=25, tolerance=0)

    assert (np.diff(result.values) < 1e-12).all()


def test_iterates_are_kept_at_powers_of_1_3():
    expected = sorted({math.ceil(1.3**j) for j in range(20)} & set(range(1, 41)))

    assert sorted(saved_numbers(40)) == expected


def test_martens_stop_is_the_published_rule():
    def literal(values, epsilon):
        i = len(values)
        k = max(10, int(0.1 * i))
        return (
            i > k and values[-1] < 0 and (values[-1] - values[i - 1 - k]) / values[-1] < k * epsilon
        )

    values = list(-1.0 + 0.5 ** np.arange(1, 60))

    for i in range(1, 60):
        assert stalled(values[:i], 5e-4) == literal(values[:i], 5e-4)
    assert stalled(values, 5e-4)
    assert not stalled(values[:12], 5e-4)


def test_a_direction_without_curvature_ends_the_search():
    A = torch.diag(torch.tensor([1.0, -1.0], dtype=torch.float64))
    b = torch.tensor([0.1, 1.0], dtype=torch.float64)

    result = conjugate_gradient(lambda v: A @ v, b, torch.zeros_like(b))

    assert result.reason == "curvature"
    assert torch.isfinite(result.iterates[-1]).all()
