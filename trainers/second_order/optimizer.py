"""HessianFree, an optimizer for any torch.nn.Module."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from trainers.second_order.closure import Closure, ClosureLoss, differentiable_kernels, join
from trainers.second_order.step import HFBatches, HFRecord, HFSettings, HFState, hf_step


class HessianFree(torch.optim.Optimizer):
    """Hessian-free optimisation of any `torch.nn.Module`.

    (J'HJ + lambda I + lambda mu S) d = -g, by conjugate gradients; theta += length d

    The closure must give the same loss for the same parameters at every call of a step: no dropout,
    no fresh data, and batch normalisation in evaluation mode. It does not call `backward`.

    Parameters
    ----------
    params : iterable of torch.nn.Parameter or dict
        Parameters, or groups of them; those with requires_grad=False stay as they are.
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
        diagonal preconditioner of Martens (2010); None for none.
    rho_model : {"damped", "undamped"}, default="damped"
        Whether damping counts in the change of the loss that the quadratic model predicts.

    Attributes
    ----------
    record : HFRecord or None
        What the last step did; None before the first.

    Raises
    ------
    ValueError
        For a damping <= 0, a negative structural damping or tolerance, or max_cg < 1.

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

    def __init__(
        self,
        params: ParamsT,
        *,
        damping: float = 0.1,
        structural_damping: float = 0.0,
        max_cg: int = 250,
        tolerance: float = 5e-4,
        squared_gradients: Callable[[], Sequence[Tensor]] | None = None,
        rho_model: str = "damped",
    ) -> None:
        if not damping > 0:
            raise ValueError(f"damping must be positive, got {damping}")
        if not (structural_damping >= 0 and tolerance >= 0 and max_cg >= 1):
            raise ValueError(
                "structural_damping and tolerance must be at least 0 and max_cg at least 1, got "
                f"{structural_damping}, {tolerance} and {max_cg}"
            )
        super().__init__(params, {"damping": damping})
        self.settings = HFSettings(
            structural_damping, max_cg, tolerance, squared_gradients is not None, rho_model
        )
        self.squared_gradients = squared_gradients
        self.record: HFRecord | None = None

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
        """
        parameters = self.trained
        # One object per closure: hf_step spares evaluations where two sets are one object.
        losses = {
            id(c): ClosureLoss(c, parameters, self.squared_gradients)
            for c in (closure, curvature, backtracking, line_search)
            if c is not None
        }
        gradient_loss = losses[id(closure)]
        curvature_loss = gradient_loss if curvature is None else losses[id(curvature)]
        batches = HFBatches(
            gradient=gradient_loss,
            curvature=curvature_loss,
            backtracking=curvature_loss if backtracking is None else losses[id(backtracking)],
            line_search=gradient_loss if line_search is None else losses[id(line_search)],
        )
        theta, state = join(parameters), self._last_state(parameters)
        new_theta = theta
        try:
            with differentiable_kernels():
                new_theta, self.record = hf_step(theta, state, batches, self.settings)
        finally:  # an interrupted step leaves the parameters as they were
            with torch.no_grad():
                for p, weights in zip(parameters, gradient_loss.split(new_theta), strict=True):
                    p.copy_(weights)
        for group in self.param_groups:
            # In the groups and the state, which state_dict() saves.
            group["damping"] = state.damping
        for p, direction in zip(parameters, gradient_loss.split(state.direction), strict=True):
            self.state[p]["direction"] = direction
        return self.record.loss_before

    def _last_state(self, parameters: list[Tensor]) -> HFState:
        """Return the damping and the direction of the step before."""
        directions = [self.state[p].get("direction", torch.zeros_like(p)) for p in parameters]
        return HFState(self.param_groups[0]["damping"], join(directions))
