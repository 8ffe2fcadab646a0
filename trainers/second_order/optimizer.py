"""HessianFree, an optimizer for any torch.nn.Module."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from reservoirs.suggestions import suggest_parameters
from trainers.second_order.checked_optimizer import (
    COUNT,
    NOT_NEGATIVE,
    POSITIVE,
    CheckedOptimizer,
    to_number,
)
from trainers.second_order.closure import Closure, ClosureLoss, differentiable_kernels, join, split
from trainers.second_order.conjugate_gradient import RESIDUAL_NORM
from trainers.second_order.replicas import Replicas
from trainers.second_order.step import (
    HFBatches,
    HFRecord,
    HFSettings,
    HFState,
    hf_step,
    update_damping,
)
from trainers.second_order.total_loss import TotalLoss


@suggest_parameters
class HessianFree(CheckedOptimizer):
    """Hessian-free optimisation of any `torch.nn.Module`.

    (J'HJ + lambda I + lambda mu S) d = -g, by conjugate gradients; theta += length d

    The closure must give the same loss for the same parameters at every call of a step: no dropout,
    no fresh data, and batch normalisation in evaluation mode. It does not call `backward`. Where it
    calls a `DistributedDataParallel` module, the step is one on the data of all its processes.

    Parameters
    ----------
    params : iterable of torch.nn.Parameter or dict
        Parameters, or groups of them; those with requires_grad=False stay as they are. Groups may
        have their own `lr`, `damping` and `weight_decay`.
    lr : float or torch.Tensor, default=1.0
        Factor on the step that the line search accepted, at least 0; for schedulers.
    damping : float, default=0.1
        First lambda, in units of the curvature of the loss.
    structural_damping : float, default=0.0
        Weight mu of structural damping relative to lambda, for closures that also return the
        pre-activations of tanh units; 0 for none.
    max_cg : int, default=250
        Conjugate gradient iterations per step at most.
    tolerance : float, default=5e-4
        Relative progress per iteration below which conjugate gradients stop; 0 never stops on it.
    squared_gradients : callable or None, default=None
        Gives the mean squared gradient of single cases, a tensor per trained parameter: the
        diagonal preconditioner of Martens (2010); None for none. It is not part of the state dict.
    rho_model : {"damped", "undamped"}, default="damped"
        Whether damping counts in the change of the loss that the quadratic model predicts.
    weight_decay : float, default=0.0
        Factor c of an L2 term, c theta^2 / 2, at least 0, in the loss, its gradient and its
        curvature.
    maximize : bool, default=False
        Maximise the closure's loss.

    Attributes
    ----------
    record : HFRecord or None
        What the last step did; None before the first. Its losses hold the L2 term, and minus the
        closure's loss with `maximize`.

    Raises
    ------
    TypeError
        For a setting that it does not have, in a group too, or one of another type.
    ValueError
        For a damping <= 0, a negative structural damping, tolerance, lr or weight decay,
        max_cg < 1, another `rho_model`, or complex parameters.

    See Also
    --------
    SutskeverMomentum : A first-order optimizer.
    trainers.solvers.HessianFreeSolver : The same for the networks of this package.

    References
    ----------
    Martens (2010), Deep learning via Hessian-free optimization.
    Martens & Sutskever (2011), Learning recurrent neural networks with Hessian-free optimization.

    Examples
    --------
    >>> import torch
    >>> from trainers import HessianFree
    >>> inputs = torch.linspace(-1, 1, 20)[:, None]
    >>> model = torch.nn.Linear(1, 1)
    >>> optimizer = HessianFree(model.parameters(), damping=1e-3)
    >>> def closure():
    ...     outputs = model(inputs)
    ...     return torch.nn.functional.mse_loss(outputs, 2 * inputs + 1), outputs
    >>> for _ in range(5):
    ...     loss = optimizer.step(closure)
    >>> loss < 1e-6
    True
    """

    rules: ClassVar = {
        "lr": NOT_NEGATIVE,
        "damping": POSITIVE,
        "structural_damping": NOT_NEGATIVE,
        "max_cg": COUNT,
        "tolerance": NOT_NEGATIVE,
        "weight_decay": NOT_NEGATIVE,
    }
    switches = ("maximize",)
    attributes = ("squared_gradients", "record")
    state_key = "direction"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        *,
        damping: float = 0.1,
        structural_damping: float = 0.0,
        max_cg: int = 250,
        tolerance: float = 5e-4,
        squared_gradients: Callable[[], Sequence[Tensor]] | None = None,
        rho_model: str = "damped",
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        if squared_gradients is not None and not callable(squared_gradients):
            raise TypeError(
                "squared_gradients must be a function that returns a tensor for every trained "
                f"parameter, or None, got {type(squared_gradients).__name__}"
            )
        self.squared_gradients = squared_gradients
        self.record: HFRecord | None = None
        settings = {
            "lr": lr,
            "damping": damping,
            "structural_damping": structural_damping,
            "max_cg": max_cg,
            "tolerance": tolerance,
            "rho_model": rho_model,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, settings)

    def _checked_settings(self, group: dict[str, Any]) -> dict[str, Any]:
        if group["rho_model"] not in ("damped", "undamped"):
            raise ValueError(
                f"rho_model must be 'damped' or 'undamped', got {group['rho_model']!r}"
            )
        return {**super()._checked_settings(group), "rho_model": group["rho_model"]}

    def _check_parameters(self, parameters: list[Tensor]) -> None:
        for p in parameters:
            if p.is_complex():
                raise ValueError(
                    f"HessianFree trains real parameters, got one of type {p.dtype}; keep its real "
                    "and imaginary part in a real parameter and use torch.view_as_complex"
                )

    def check_groups(self) -> None:
        """Refuse settings out of their range, and those that groups cannot have apart.

        Raises
        ------
        ValueError
            For such a setting.
        """
        super().check_groups()
        one_for_all = {"structural_damping", "max_cg", "tolerance", "rho_model", "maximize"}
        if self.param_groups[0]["structural_damping"]:
            one_for_all.add("damping")  # it multiplies the curvature of hidden units too
        for name in sorted(one_for_all):
            values = [group[name] for group in self.param_groups]
            if any(value != values[0] for value in values):
                raise ValueError(
                    f"{name} must be the same in all parameter groups of HessianFree, which are "
                    f"one vector, got {values}"
                )

    @property
    def trained(self) -> list[Tensor]:
        """The parameters that steps change, of all groups."""
        return [p for group in self.param_groups for p in group["params"] if p.requires_grad]

    def step(  # type: ignore[override] # the closure returns the outputs too
        self,
        closure: Closure,
        *,
        curvature: Closure | None = None,
        backtracking: Closure | None = None,
        line_search: Closure | None = None,
    ) -> float:
        """Take one step and return the loss before it.

        Parameters
        ----------
        closure : callable
            () -> (loss, outputs) or (loss, outputs, hidden): the loss as a tensor, the outputs
            that it was computed from, and the pre-activations of tanh units.
        curvature : callable or None, default=None
            The same on other data, for Gauss-Newton products; None takes `closure`.
        backtracking : callable or None, default=None
            The same on other data, for the choice of the iterate; None takes that of the curvature.
        line_search : callable or None, default=None
            The same on other data, for the length of the step; None takes `closure`.

        Returns
        -------
        float
            The loss at the start.

        Raises
        ------
        FloatingPointError
            If the loss, its gradient or its curvature is NaN or infinite at the start.
        ValueError
            If the closure gives another loss at another call, as with dropout, or none that
            depends on the parameters.
        """
        self.check_groups()
        parameters = self.trained
        if not parameters:
            with torch.no_grad():
                return float(closure()[0])
        theta, state = join(parameters), self._last_state(parameters)
        replicas = Replicas()
        losses = self._losses(theta, replicas, closure, curvature, backtracking, line_search)
        gradient_loss, curvature_loss, backtracking_loss, line_search_loss = losses
        batches = HFBatches(gradient_loss, curvature_loss, backtracking_loss, line_search_loss)
        new_theta = theta
        try:
            with differentiable_kernels(), replicas:
                if not self.state:
                    _check_twice(losses, theta)
                new_theta, self.record = self._move(theta, state, batches)
        finally:  # an interrupted step leaves the parameters as they were
            with torch.no_grad():
                for p, weights in zip(parameters, split(new_theta, parameters), strict=True):
                    p.copy_(weights)
        _warn_of_no_step(self.record)
        for group in self.param_groups:
            # In the groups and the state, which state_dict() saves.
            group["damping"] = update_damping(group["damping"], self.record.rho)
        for p, direction in zip(parameters, split(state.direction, parameters), strict=True):
            self.state[p]["direction"] = direction
        loss = self.record.loss_before - line_search_loss.penalty(theta)
        return -loss if self.param_groups[0]["maximize"] else loss

    def _losses(
        self, theta: Tensor, replicas: Replicas, closure: Closure, *others: Closure | None
    ) -> list[TotalLoss]:
        """Return the loss of each part of the step, one object for one closure.

        `hf_step` spares evaluations where two sets are one object.
        """
        decay, maximize = self._per_weight("weight_decay"), self.param_groups[0]["maximize"]
        curvature, backtracking, line_search = others
        curvature = closure if curvature is None else curvature
        backtracking = curvature if backtracking is None else backtracking
        line_search = closure if line_search is None else line_search
        closures = (closure, curvature, backtracking, line_search)
        losses = {
            id(c): ClosureLoss(c, self.trained, self.squared_gradients, maximize) for c in closures
        }
        totals = {key: TotalLoss(loss, theta, decay, replicas) for key, loss in losses.items()}
        return [totals[id(c)] for c in closures]

    def _move(self, theta: Tensor, state: HFState, batches: HFBatches) -> tuple[Tensor, HFRecord]:
        """Return the weights after the step, of which `lr` is the share taken."""
        group = self.param_groups[0]
        settings = HFSettings(
            structural=group["structural_damping"],
            max_cg=group["max_cg"],
            tolerance=group["tolerance"],
            preconditioner=self.squared_gradients is not None,
            rho_model=group["rho_model"],
        )
        new_theta, record = hf_step(theta, state, batches, settings)
        rate = self._per_weight("lr")
        if record.step_length and (isinstance(rate, Tensor) or rate != 1.0):
            new_theta = theta + rate * (new_theta - theta)
            record = replace(record, loss_after=batches.line_search.value(new_theta))
        return new_theta, record

    def _per_weight(self, name: str) -> float | Tensor:
        """Return a setting of the groups as one number, or one for each weight."""
        numbers = [to_number(name, group[name]) for group in self.param_groups]
        if len(set(numbers)) == 1:
            return numbers[0]
        return join(
            [
                torch.full_like(p, number, dtype=torch.float64)
                for group, number in zip(self.param_groups, numbers, strict=True)
                for p in group["params"]
                if p.requires_grad
            ]
        )

    def _last_state(self, parameters: list[Tensor]) -> HFState:
        """Return the damping and the direction of the step before."""
        states = [self.state.get(p, {}) for p in parameters]
        directions = [
            state.get("direction", torch.zeros_like(p))
            for p, state in zip(parameters, states, strict=True)
        ]
        damping, first = self._per_weight("damping"), self.param_groups[0]["damping"]
        relative = damping / first if isinstance(damping, Tensor) else None
        return HFState(first, join(directions), relative)


def _check_twice(losses: list[TotalLoss], theta: Tensor) -> None:
    """Evaluate at the start, twice, what the step itself would not: a check of the first step."""
    for loss in {id(loss): loss for loss in losses[1:] if loss is not losses[0]}.values():
        loss.value(theta)
        loss.value(theta)


def _warn_of_no_step(record: HFRecord) -> None:
    """Warn where conjugate gradients could not begin: every further step would end alike."""
    if not (record.cg_iterations or record.step_length) and record.gradient_norm > RESIDUAL_NORM:
        warnings.warn(
            "HessianFree took no step: the curvature of the loss by the outputs is not positive "
            "along the gradient. Take a loss that is convex in the outputs (with maximize, a "
            "concave one), or a larger damping",
            RuntimeWarning,
            stacklevel=4,
        )
