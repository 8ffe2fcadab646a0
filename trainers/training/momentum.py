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
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from reservoirs.suggestions import suggest_parameters
from trainers.second_order.checked_optimizer import (
    NOT_NEGATIVE,
    SHARE,
    CheckedOptimizer,
    check_finite,
    to_number,
)

Schedule = Callable[[int], float]


def rnn_schedule(momentum: float, step: int, *, n_slow: int = 1000) -> float:
    """Return 0.9 for the first 1000 updates, then the last coefficient.

    The first `n_slow` updates have 0.9; steps count from 0.

    References
    ----------
    Sutskever et al. (2013), section 4.
    """
    return 0.9 if step < n_slow else momentum


def autoencoder_schedule(momentum: float, step: int) -> float:
    """Return a coefficient that grows every 250 updates.

    min(1 - 2^(-1 - log2(floor(step / 250) + 1)), momentum)

    Steps count from 0.

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

REMEDY = "Lower lr, clip the gradient, or look for NaN in the data"


@suggest_parameters
class SutskeverMomentum(CheckedOptimizer):
    """Momentum with a coefficient that may change at every step, as published.

    v' = mu v - e grad(theta + mu v),  theta' = theta + v'

    With Nesterov's form the parameters hold the look-ahead point theta + mu v between steps, where
    the next gradient is taken: phi' = phi - mu v + (1 + mu') v'. Call `settle` to put theta itself
    into the parameters, for evaluation and at the end, and `look_ahead` to go back.

    Parameters
    ----------
    params : iterable of torch.nn.Parameter or dict
        Parameters, or groups of them with settings of their own, all but `schedule` and
        `check_finite`.
    lr : float or torch.Tensor, default=1e-3
        Learning rate e, at least 0.
    momentum : float, default=0.9
        The coefficient mu, or its last and largest value under a schedule. One changed between two
        steps, as by `torch.optim.lr_scheduler.OneCycleLR`, is that of the next look-ahead.
    nesterov : bool, default=True
        Nesterov's form; else the classical one, whose gradient is taken at theta.
    schedule : {"constant", "rnn", "autoencoder"} or callable, default="constant"
        The course of mu: `momentum` throughout, 0.9 for the first 1000 updates, growing every 250
        updates, or a function of the update number, from 0. It is not part of the state dict.
    weight_decay : float, default=0.0
        Factor c of an L2 term, c theta^2 / 2, at least 0: c theta is added to the gradient.
    maximize : bool, default=False
        Climb along the gradient instead of descending.
    check_finite : bool, default=True
        Whether a loss or a gradient that is NaN or infinite is an error; False spares the look at
        every gradient.

    Raises
    ------
    TypeError
        For a setting that it does not have, in a group too, or one of another type.
    ValueError
        For a learning rate or weight decay < 0, a momentum outside [0, 1) or an unknown schedule.

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

    rules: ClassVar = {"lr": NOT_NEGATIVE, "momentum": SHARE, "weight_decay": NOT_NEGATIVE}
    switches = ("nesterov", "maximize")
    attributes = ("schedule", "check_finite")
    state_key = "velocity"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0.9,
        *,
        nesterov: bool = True,
        schedule: str | Schedule = "constant",
        weight_decay: float = 0.0,
        maximize: bool = False,
        check_finite: bool = True,
    ) -> None:
        if not callable(schedule) and not (isinstance(schedule, str) and schedule in SCHEDULES):
            raise ValueError(
                f"schedule must be one of {sorted(SCHEDULES)} or a function of the step, "
                f"got {schedule!r}"
            )
        self.schedule, self.check_finite = schedule, check_finite
        settings = {
            "lr": lr,
            "momentum": momentum,
            "nesterov": nesterov,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, settings)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over a state; one of 0.1.0 does not say how far the parameters look ahead."""
        super().__setstate__(state)
        for group in self.param_groups:
            for p in group["params"]:
                entry = self.state.get(p)
                if entry and "ahead" not in entry:
                    mu = self.coefficient(group, entry["step"])
                    entry["ahead"] = mu if group["nesterov"] else 0.0

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

        Raises
        ------
        ValueError
            If a schedule of one's own leaves [0, 1).
        """
        if isinstance(self.schedule, str):
            return partial(SCHEDULES[self.schedule], group["momentum"])(step)
        mu = to_number("momentum", self.schedule(step))
        if not 0 <= mu < 1:
            raise ValueError(f"the schedule must give a momentum in [0, 1), got {mu} at {step}")
        return mu

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

        Raises
        ------
        FloatingPointError
            For a loss or a gradient that is NaN or infinite; no parameter has moved.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        moving = [
            (p, p.grad, group)
            for group in self.param_groups
            for p in group["params"]
            if p.grad is not None
        ]
        # Everything is checked before the first parameter moves.
        self.check_groups()
        coefficients = [self._coefficients(p, group) for p, _, group in moving]
        if self.check_finite:
            if loss is not None:
                check_finite("the loss", to_number("loss", loss), REMEDY)
            for p, grad, _ in moving:
                check_finite(f"the gradient of a parameter of shape {tuple(p.shape)}", grad, REMEDY)
        for (p, grad, group), (mu, ahead) in zip(moving, coefficients, strict=True):
            self._move(p, grad, group, mu, ahead)
        return loss

    def _coefficients(self, p: Tensor, group: dict[str, Any]) -> tuple[float, float]:
        """Return mu of this step and that of the look-ahead after it."""
        state = self.state.get(p)
        step = state["step"] if state else 0
        # The gradient was taken at w + mu v with the mu that p holds, whatever came since.
        mu = state["ahead"] if state and state["ahead"] else self.coefficient(group, step)
        return mu, self.coefficient(group, step + 1) if group["nesterov"] else 0.0

    def _move(
        self, p: Tensor, grad: Tensor, group: dict[str, Any], mu: float, next_mu: float
    ) -> None:
        state = self.state[p]
        if not state:
            state["step"], state["velocity"], state["ahead"] = 0, torch.zeros_like(p), 0.0
        v, rate = state["velocity"], to_number("lr", group["lr"])
        if group["maximize"]:
            grad = -grad
        if group["weight_decay"]:  # the gradient of the L2 term at the same point as the other
            grad = p.mul(group["weight_decay"]).add_(grad)
        # v <- mu v - lr grad L(w + mu v), w <- w + v. With nesterov p holds w + mu v, where the
        # gradient is taken, so it goes back to w, moves by v, and ahead by the next mu v.
        if state["ahead"]:  # back from the look-ahead point of the step before
            p.add_(v, alpha=-state["ahead"])
        v.mul_(mu).add_(grad, alpha=-rate)
        p.add_(v)
        state["step"] += 1
        state["ahead"] = next_mu
        if group["nesterov"]:  # on to that of the next step, with its own coefficient
            p.add_(v, alpha=next_mu)

    @torch.no_grad()
    def settle(self) -> None:
        """Move the parameters from the look-ahead point back to theta, if they are not there.

        A step from there takes its gradient at theta.
        """
        for p, state in self.state.items():
            if state.get("ahead"):
                p.add_(state["velocity"], alpha=-state["ahead"])
                state["ahead"] = 0.0

    @torch.no_grad()
    def look_ahead(self) -> None:
        """Move the parameters from theta to the look-ahead point again, if they are not there."""
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state.get(p)
                if group["nesterov"] and state and not state["ahead"]:
                    state["ahead"] = self.coefficient(group, state["step"])
                    p.add_(state["velocity"], alpha=state["ahead"])
