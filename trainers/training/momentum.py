"""Classical and exact Nesterov momentum, and the schedules of Sutskever et al. (2013).

    classical   v' = mu v - e grad(theta),          theta' = theta + v'
    Nesterov    v' = mu v - e grad(theta + mu v),   theta' = theta + v'

`torch.optim.SGD(nesterov=True)` uses one coefficient for the old and the new look-ahead, which is
not this recursion once the coefficient changes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import floor, log2
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

Schedule = Callable[[int], float]


def rnn_schedule(momentum: float, step: int, *, n_slow: int = 1000) -> float:
    """Return 0.9 for the first 1000 updates, then the last coefficient.

    Parameters
    ----------
    momentum : float
        The last coefficient.
    step : int
        Update number, from 0.
    n_slow : int, default=1000
        How many updates have 0.9.

    Returns
    -------
    float
        The coefficient of this update.

    References
    ----------
    Sutskever et al. (2013), section 4.
    """
    return 0.9 if step < n_slow else momentum


def autoencoder_schedule(momentum: float, step: int) -> float:
    """Return a coefficient that grows every 250 updates.

    min(1 - 2^(-1 - log2(floor(step / 250) + 1)), momentum)

    Parameters
    ----------
    momentum : float
        The largest coefficient.
    step : int
        Update number, from 0.

    Returns
    -------
    float
        The coefficient of this update.

    References
    ----------
    Sutskever et al. (2013), eq. 5.
    """
    return min(1.0 - 2.0 ** (-1.0 - log2(floor(step / 250) + 1)), momentum)


def constant_schedule(momentum: float, step: int) -> float:
    """Return the coefficient whatever the step."""
    return momentum


SCHEDULES: dict[str, Callable[[float, int], float]] = {
    "constant": constant_schedule,
    "rnn": rnn_schedule,
    "autoencoder": autoencoder_schedule,
}


class SutskeverMomentum(torch.optim.Optimizer):
    """Momentum with a coefficient that may change at every step, as published.

    v' = mu v - e grad(theta + mu v),  theta' = theta + v'

    With Nesterov's form the parameters hold the look-ahead point theta + mu v between steps, where
    the next gradient is taken: phi' = phi - mu v + (1 + mu') v'. Call `settle` to put theta itself
    into the parameters, for evaluation and at the end, and `look_ahead` to go back.

    Parameters
    ----------
    params : iterable of torch.nn.Parameter or dict
        Parameters, or groups of them.
    lr : float, default=1e-3
        Learning rate e.
    momentum : float, default=0.9
        The coefficient mu, or its last and largest value under a schedule.
    nesterov : bool, default=True
        Nesterov's form; else the classical one, whose gradient is taken at theta.
    schedule : {"constant", "rnn", "autoencoder"} or callable, default="constant"
        The course of mu: `momentum` throughout, 0.9 for the first 1000 updates, growing every 250
        updates, or a function of the update number, from 0.

    Raises
    ------
    ValueError
        For a learning rate <= 0, a momentum outside [0, 1) or an unknown schedule.

    See Also
    --------
    HessianFree : A second-order optimizer.
    trainers.solvers.NesterovSolver : The same for the networks of this package.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013), On the importance of initialization and momentum in
    deep learning, eqs. 1-4.

    Examples
    --------
    >>> import torch
    >>> from trainers import SutskeverMomentum
    >>> x = torch.nn.Parameter(torch.ones(1))
    >>> optimizer = SutskeverMomentum([x], lr=0.1, momentum=0.5)
    >>> for _ in range(50):
    ...     x.grad = 2 * x.detach()  # of x^2
    ...     optimizer.step()
    >>> optimizer.settle()
    >>> bool(x.abs() < 1e-4)
    True
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        momentum: float = 0.9,
        *,
        nesterov: bool = True,
        schedule: str | Schedule = "constant",
    ) -> None:
        if not lr > 0:
            raise ValueError(f"lr must be positive, got {lr}")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be in [0, 1), got {momentum}")
        if isinstance(schedule, str) and schedule not in SCHEDULES:
            raise ValueError(
                f"schedule must be one of {sorted(SCHEDULES)} or a function of the step, "
                f"got {schedule!r}"
            )
        super().__init__(params, {"lr": lr, "momentum": momentum, "nesterov": nesterov})
        self._schedule = schedule

    def coefficient(self, group: dict[str, Any], step: int) -> float:
        """Return mu of one parameter group at one step.

        Parameters
        ----------
        group : dict
            The parameter group, with its `momentum`.
        step : int
            Update number, from 0.

        Returns
        -------
        float
            The coefficient mu.
        """
        if isinstance(self._schedule, str):
            return partial(SCHEDULES[self._schedule], group["momentum"])(step)
        return self._schedule(step)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override] # torch types it as overloads
        """Take one step from the gradients at the look-ahead point.

        Parameters
        ----------
        closure : callable or None, default=None
            Evaluates the loss and the gradients anew, and returns the loss.

        Returns
        -------
        float or None
            What the closure returned.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._move(p, p.grad, group)
        return loss

    def _move(self, p: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        state = self.state[p]
        if not state:
            state["step"], state["velocity"] = 0, torch.zeros_like(p)
        # v <- mu v - lr grad L(w + mu v), w <- w + v. With nesterov p holds w + mu v, where the
        # gradient is taken, so it goes back to w, moves by v, and ahead by the next mu v.
        step, v = state["step"], state["velocity"]
        mu = self.coefficient(group, step)
        if group["nesterov"]:  # back from the look-ahead point of the step before
            p.add_(v, alpha=-mu)
        v.mul_(mu).add_(grad, alpha=-group["lr"])
        p.add_(v)
        state["step"] = step + 1
        if group["nesterov"]:  # on to that of the next step, with its own coefficient
            p.add_(v, alpha=self.coefficient(group, step + 1))

    @torch.no_grad()
    def _shift(self, sign: float) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if group["nesterov"] and state:
                    mu = self.coefficient(group, state["step"])
                    p.add_(state["velocity"], alpha=sign * mu)

    def settle(self) -> None:
        """Move the parameters from the look-ahead point back to theta."""
        self._shift(-1.0)

    def look_ahead(self) -> None:
        """Move the parameters from theta to the look-ahead point again."""
        self._shift(1.0)
