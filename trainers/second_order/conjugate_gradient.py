"""Conjugate gradients with Martens' stop and the kept iterates that backtracking needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

import torch
from torch import Tensor


@dataclass
class CGResult:
    """What conjugate gradients found.

    Attributes
    ----------
    iterates : kept iterates, the last one at the end
    numbers : their iteration numbers
    values : phi(x_i) = x'Ax / 2 - b'x after every iteration
    reason : why it stopped: "progress", "max_iter", "curvature", "residual" or "not finite"
    """

    iterates: list[Tensor] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    reason: str = "max_iter"

    @property
    def n_iter(self) -> int:
        """Iterations done."""
        return len(self.values)


def kept_numbers(max_iter: int, ratio: float = 1.3) -> set[int]:
    """Return the iteration numbers ceil(ratio^j) whose iterates are kept (Martens 2010, 4.6)."""
    numbers, j = set(), 0
    while (number := ceil(ratio**j)) <= max_iter:
        numbers.add(number)
        j += 1
    return numbers


def stalled(values: list[float], tolerance: float) -> bool:
    """Tell whether the relative progress per iteration has become too small.

    Stop when i > k, phi_i < 0 and (phi_i - phi_(i-k)) / phi_i < k tol, with k = max(10, 0.1 i).

    Parameters
    ----------
    values : phi after every iteration so far
    tolerance : tol, 5e-4 in the paper

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

    Parameters
    ----------
    product : v -> A v, A symmetric positive definite
    b : (n,) float64
    start : (n,) first x
    max_iter : iterations at most
    tolerance : of Martens' stop; 0 runs until the residual vanishes
    preconditioner : (n,) diagonal of M, near that of A; None is the identity

    Returns
    -------
    Kept iterates, the course of phi and the reason for stopping.

    References
    ----------
    Martens (2010), Deep learning via Hessian-free optimization, sections 4.4-4.6.
    """
    result, keep = CGResult(), kept_numbers(max_iter)
    x = start.clone()
    r = product(x) - b
    y = r if preconditioner is None else r / preconditioner
    p, square = -y, float(r @ y)
    for number in range(1, max_iter + 1):
        if float(r @ r) ** 0.5 < 1e-10:
            result.reason = "residual"
            break
        Ap = product(p)
        curvature = float(p @ Ap)
        if not curvature > 0 or not torch.isfinite(Ap).all():
            result.reason = "curvature" if curvature <= 0 else "not finite"
            break
        alpha = square / curvature
        x = x + alpha * p
        r = r + alpha * Ap
        result.values.append(0.5 * float(x @ (r - b)))
        if number in keep:
            result.iterates.append(x)
            result.numbers.append(number)
        if stalled(result.values, tolerance):
            result.reason = "progress"
            break
        y = r if preconditioner is None else r / preconditioner
        square, before = float(r @ y), square
        p = -y + (square / before) * p
    if not result.numbers or result.numbers[-1] != result.n_iter:
        result.iterates.append(x)
        result.numbers.append(result.n_iter)
    return result
