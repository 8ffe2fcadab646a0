"""Classical and exact Nesterov momentum, and the schedules of Sutskever et al. (2013).

    classical   v' = mu v - e grad(theta),          theta' = theta + v'
    Nesterov    v' = mu v - e grad(theta + mu v),   theta' = theta + v'

`torch.optim.SGD(nesterov=True)` uses one coefficient for the old and the new look-ahead, which is
not this recursion once the coefficient changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import floor, log2
from typing import Any

import torch
from torch import Tensor

Schedule = Callable[[int], float]


def rnn_schedule(momentum: float, step: int, *, first: int = 1000) -> float:
    """Return 0.9 for the first 1000 updates, then the final coefficient.

    Parameters
    ----------
    momentum : the final coefficient
    step : update number, from 0
    first : how many updates start slow

    References
    ----------
    Sutskever et al. (2013), section 4.
    """
    return 0.9 if step < first else momentum


def autoencoder_schedule(momentum: float, step: int) -> float:
    """Return min(1 - 2^(-1 - log2(floor(step / 250) + 1)), momentum).

    Parameters
    ----------
    momentum : the largest coefficient
    step : update number, from 0

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

    With Nesterov's form the parameters hold the look-ahead point theta + mu v between steps, where
    the next gradient is wanted:

        phi' = phi - mu v + (1 + mu') v'

    Call `settle` to put theta itself into the parameters, for evaluation and at the end, and
    `look_ahead` to go back.

    Parameters
    ----------
    params : parameters or groups of them
    lr : learning rate e
    momentum : mu, or its final value under a schedule
    nesterov : Nesterov's form, else classical
    schedule : "constant", "rnn", "autoencoder", or a function of the step

    Raises
    ------
    ValueError
        For a learning rate <= 0, a momentum outside [0, 1) or an unknown schedule.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013), eqs. 1-4.
    """

    def __init__(
        self,
        params: Iterable[Any],
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
        """Return mu of one parameter group at one step."""
        if isinstance(self._schedule, str):
            return partial(SCHEDULES[self._schedule], group["momentum"])(step)
        return self._schedule(step)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override] # torch types it as overloads
        """Take one step from the gradients at the look-ahead point.

        Parameters
        ----------
        closure : reevaluates the loss and the gradients; optional
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
        step, v = state["step"], state["velocity"]
        mu = self.coefficient(group, step)
        if group["nesterov"]:
            p.add_(v, alpha=-mu)
        v.mul_(mu).add_(grad, alpha=-group["lr"])
        p.add_(v)
        state["step"] = step + 1
        if group["nesterov"]:
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
