"""Settings of the solvers: small estimators, so that `clone` and `solver__damping` work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from sklearn.base import BaseEstimator

from trainers.training.momentum import SutskeverMomentum


class FirstOrderSolver(BaseEstimator):
    """What the gradient-based solvers share: an optimizer for the flat weight vector."""

    full_batch = False
    double = False

    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return the optimizer of one flat parameter."""
        raise TypeError(f"{type(self).__name__} has no optimizer; use one of {sorted(SOLVERS)}")


class AdamSolver(FirstOrderSolver):
    """Adam (Kingma & Ba 2015) by torch.optim.

    Parameters
    ----------
    learning_rate : step size
    beta_1, beta_2 : decay of the averaged gradient and of its square
    rate_decay : factor on the learning rate after every epoch
    """

    def __init__(
        self,
        *,
        learning_rate: float = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        rate_decay: float = 1.0,
    ) -> None:
        self.learning_rate = learning_rate
        self.rate_decay = rate_decay
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return Adam for one flat parameter."""
        betas = (self.beta_1, self.beta_2)  # fused: one pass over the weights
        return torch.optim.Adam([parameter], lr=learning_rate, betas=betas, fused=True)


class RMSpropSolver(FirstOrderSolver):
    """RMSprop by torch.optim.

    Parameters
    ----------
    learning_rate : step size
    smoothing : share of the averaged squared gradient kept per update
    rate_decay : factor on the learning rate after every epoch
    """

    def __init__(
        self, *, learning_rate: float = 1e-3, smoothing: float = 0.9, rate_decay: float = 1.0
    ) -> None:
        self.learning_rate = learning_rate
        self.smoothing = smoothing
        self.rate_decay = rate_decay

    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return RMSprop for one flat parameter."""
        return torch.optim.RMSprop([parameter], lr=learning_rate, alpha=self.smoothing)


class SGDSolver(FirstOrderSolver):
    """Plain stochastic gradient descent.

    Parameters
    ----------
    learning_rate : step size
    rate_decay : factor on the learning rate after every epoch
    """

    def __init__(self, *, learning_rate: float = 1e-2, rate_decay: float = 1.0) -> None:
        self.learning_rate = learning_rate
        self.rate_decay = rate_decay

    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return gradient descent for one flat parameter."""
        return torch.optim.SGD([parameter], lr=learning_rate)


class MomentumSolver(FirstOrderSolver):
    """Classical momentum (Sutskever et al. 2013, section 2).

    Parameters
    ----------
    learning_rate : step size
    momentum : final coefficient mu
    schedule : "rnn" (0.9 for the first 1000 updates), "autoencoder" or "constant"
    rate_decay : factor on the learning rate after every epoch
    """

    nesterov = False

    def __init__(
        self,
        *,
        learning_rate: float = 1e-3,
        momentum: float = 0.9,
        schedule: str = "rnn",
        rate_decay: float = 1.0,
    ) -> None:
        self.learning_rate = learning_rate
        self.rate_decay = rate_decay
        self.momentum = momentum
        self.schedule = schedule

    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return momentum for one flat parameter."""
        return SutskeverMomentum(
            [parameter],
            lr=learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
            schedule=self.schedule,
        )


class NesterovSolver(MomentumSolver):
    """Nesterov's momentum, exact when its coefficient changes (Sutskever et al. 2013, section 2).

    Parameters
    ----------
    learning_rate : step size
    momentum : final coefficient mu
    schedule : "rnn" (0.9 for the first 1000 updates), "autoencoder" or "constant"
    rate_decay : factor on the learning rate after every epoch
    """

    nesterov = True


class LBFGSSolver(FirstOrderSolver):
    """Limited-memory BFGS with a strong Wolfe line search, on all data at once.

    Parameters
    ----------
    learning_rate : first trial length of the line search
    memory : pairs kept
    steps : inner iterations per epoch
    """

    full_batch = True
    double = True

    def __init__(self, *, learning_rate: float = 1.0, memory: int = 20, steps: int = 10) -> None:
        self.learning_rate = learning_rate
        self.memory = memory
        self.steps = steps

    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return L-BFGS for one flat parameter."""
        return torch.optim.LBFGS(
            [parameter],
            lr=learning_rate,
            max_iter=self.steps,
            history_size=self.memory,
            line_search_fn="strong_wolfe",
        )


class HessianFreeSolver(BaseEstimator):
    """Hessian-free optimisation (Martens 2010; Martens & Sutskever 2011); an epoch is one step.

    Parameters
    ----------
    damping : first lambda, in units of the curvature of the loss per scored step
    structural_damping : mu, weight of structural damping relative to lambda; 0 for none
    max_cg : conjugate gradient iterations per step
    tolerance : of Martens' stop
    curvature_size : pieces (windows or series) for Gauss-Newton products, drawn anew at every step;
        None takes all
    gradient_size, backtracking_size, line_search_size : likewise for the gradient, the choice of
        the iterate, and the line search; None: all, those of the curvature, those of the gradient
    preconditioner : precondition with the squared gradients of the pieces; seldom helps RNNs
    rho_model : "damped" or "undamped", whether the model's damping counts in what it predicted
    """

    full_batch = True
    double = True

    def __init__(
        self,
        *,
        damping: float = 0.1,
        structural_damping: float = 1.0 / 30.0,
        max_cg: int = 100,
        tolerance: float = 5e-4,
        curvature_size: int | None = 500,
        gradient_size: int | None = None,
        backtracking_size: int | None = None,
        line_search_size: int | None = None,
        preconditioner: bool = False,
        rho_model: str = "damped",
    ) -> None:
        self.damping = damping
        self.structural_damping = structural_damping
        self.max_cg = max_cg
        self.tolerance = tolerance
        self.curvature_size = curvature_size
        self.gradient_size = gradient_size
        self.backtracking_size = backtracking_size
        self.line_search_size = line_search_size
        self.preconditioner = preconditioner
        self.rho_model = rho_model


SOLVERS: dict[str, Callable[[], Any]] = {
    "adam": AdamSolver,
    "rmsprop": RMSpropSolver,
    "sgd": SGDSolver,
    "lbfgs": LBFGSSolver,
    "momentum": MomentumSolver,
    "nesterov": NesterovSolver,
    "hessian_free": HessianFreeSolver,
}


def resolve(solver: Any) -> Any:
    """Return settings from a name or from settings.

    Parameters
    ----------
    solver : a key of `SOLVERS` or a settings object

    Raises
    ------
    ValueError
        For an unknown name or another object.
    """
    if isinstance(solver, str) and solver in SOLVERS:
        return SOLVERS[solver]()
    if isinstance(solver, FirstOrderSolver | HessianFreeSolver):
        return solver
    raise ValueError(
        f"solver must be one of {sorted(SOLVERS)} or settings from trainers.solvers, got {solver!r}"
    )
