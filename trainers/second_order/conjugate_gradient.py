"""Conjugate gradients with Martens' stop and the saved iterates that backtracking needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

import torch
from torch import Tensor

RESIDUAL_NORM = 1e-10  # |Ax - b| below which x is the solution in float64


@dataclass
class CGResult:
    """The iterates of conjugate gradients and why they stopped.

    Attributes
    ----------
    iterates : list of Tensor of shape (n,)
        The saved iterates; the last iterate is the last of them.
    numbers : list of int
        Their iteration numbers.
    values : list of float
        phi(x_i) = x'Ax / 2 - b'x after every iteration.
    reason : str
        Why they stopped: "progress", "max_iter", "curvature", "residual" or "not finite".
    """

    iterates: list[Tensor] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    reason: str = "max_iter"

    @property
    def n_iter(self) -> int:
        """Iterations done."""
        return len(self.values)


def saved_numbers(max_iter: int, ratio: float = 1.3) -> set[int]:
    """Return the numbers of the iterations whose iterates are saved.

    ceil(ratio^j), j = 0, 1, ...

    References
    ----------
    Martens (2010), Deep learning via Hessian-free optimization, section 4.6.
    """
    numbers, j = set(), 0
    while (number := ceil(ratio**j)) <= max_iter:
        numbers.add(number)
        j += 1
    return numbers


def stalled(values: list[float], tolerance: float) -> bool:
    """Tell whether the relative progress per iteration has become too small.

    Stop when i > k, phi_i < 0 and (phi_i - phi_(i-k)) / phi_i < k tol, with k = max(10, 0.1 i).

    `values` are phi after every iteration so far; tol is 5e-4 in the paper.

    References
    ----------
    Martens (2010), section 4.4.
    """
    i = len(values)
    k = max(10, int(0.1 * i))
    if i <= k or values[-1] >= 0:
        return False
    return (values[-1] - values[-1 - k]) / values[-1] < k * tolerance


def conjugate_gradient(
    product: Callable[[Tensor], Tensor],
    b: Tensor,
    start: Tensor,
    *,
    max_iter: int = 250,
    tolerance: float = 5e-4,
    preconditioner: Tensor | None = None,
) -> CGResult:
    """Minimise x'Ax / 2 - b'x, with all vectors and sums in float64.

    `product` is v -> A v, A symmetric and positive definite. `tolerance` is that of Martens' stop;
    0 runs until the residual vanishes. The preconditioner is the diagonal of M, which is near that
    of A; None is the identity.

    References
    ----------
    Martens (2010), Deep learning via Hessian-free optimization, sections 4.4-4.6.
    """
    result, saved = CGResult(), saved_numbers(max_iter)
    x = start.clone()
    # r = Ax - b is the gradient of phi, y = M^-1 r, and p the direction of the next step.
    r = product(x) - b
    y = r if preconditioner is None else r / preconditioner
    p, r_dot_y = -y, float(r @ y)
    for number in range(1, max_iter + 1):
        if float(r @ r) ** 0.5 < RESIDUAL_NORM:
            result.reason = "residual"
            break
        Ap = product(p)
        curvature = float(p @ Ap)
        if not curvature > 0 or not torch.isfinite(Ap).all():
            result.reason = "curvature" if curvature <= 0 else "not finite"
            break
        # The minimum of phi along p.
        alpha = r_dot_y / curvature
        x = x + alpha * p
        r = r + alpha * Ap
        # Since Ax = r + b, phi = x'(Ax)/2 - b'x = x'(r - b)/2: no further product.
        result.values.append(0.5 * float(x @ (r - b)))
        if number in saved:
            result.iterates.append(x)
            result.numbers.append(number)
        if stalled(result.values, tolerance):
            result.reason = "progress"
            break
        # The next direction is conjugate to all before: p'Ap_before = 0.
        y = r if preconditioner is None else r / preconditioner
        r_dot_y, r_dot_y_before = float(r @ y), r_dot_y
        p = -y + (r_dot_y / r_dot_y_before) * p
    if not result.numbers or result.numbers[-1] != result.n_iter:
        result.iterates.append(x)
        result.numbers.append(result.n_iter)
    return result
