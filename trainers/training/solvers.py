"""The solvers that have a name: small estimators, so that `clone` and `solver__damping` work."""

from __future__ import annotations

from collections.abc import Callable

import torch

from reservoirs.estimators import inherit_parameters
from trainers.training.adam import AdamSolver, AdamWSolver
from trainers.training.first_order import FirstOrderSolver
from trainers.training.hessian_free import HessianFreeSolver
from trainers.training.levenberg_marquardt import LevenbergMarquardtSolver
from trainers.training.momentum import SutskeverMomentum
from trainers.training.problem import Solver


@inherit_parameters(AdamSolver)
class RMSpropSolver(FirstOrderSolver):
    """RMSprop by `torch.optim`: steps relative to the root of the averaged squared gradient.

    v = s v + (1 - s) g^2,  w -= rate g / sqrt(v)

    Parameters
    ----------
    smoothing : float, default=0.9
        Share s of the averaged squared gradient kept per update.

    See Also
    --------
    AdamSolver : The gradient is averaged too.

    Examples
    --------
    >>> from trainers.solvers import RMSpropSolver
    >>> RMSpropSolver(smoothing=0.99)
    RMSpropSolver(smoothing=0.99)
    """

    def __init__(
        self, *, learning_rate: float = 1e-3, smoothing: float = 0.9, rate_decay: float = 1.0
    ) -> None:
        self.learning_rate = learning_rate
        self.smoothing = smoothing
        self.rate_decay = rate_decay

    @inherit_parameters(FirstOrderSolver.optimizer)
    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return RMSprop for one flat parameter.

        Returns
        -------
        torch.optim.RMSprop
            An optimizer of `[parameter]`.
        """
        return torch.optim.RMSprop([parameter], lr=learning_rate, alpha=self.smoothing)


@inherit_parameters(AdamSolver)
class SGDSolver(FirstOrderSolver):
    """Plain stochastic gradient descent.

    w -= rate g

    Parameters
    ----------
    learning_rate : float, default=1e-2
        Step size.

    See Also
    --------
    MomentumSolver : Gradients are accumulated in a velocity.

    Examples
    --------
    >>> from trainers.solvers import SGDSolver
    >>> SGDSolver(learning_rate=0.1)
    SGDSolver(learning_rate=0.1)
    """

    def __init__(self, *, learning_rate: float = 1e-2, rate_decay: float = 1.0) -> None:
        self.learning_rate = learning_rate
        self.rate_decay = rate_decay

    @inherit_parameters(FirstOrderSolver.optimizer)
    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return gradient descent for one flat parameter.

        Returns
        -------
        torch.optim.SGD
            An optimizer of `[parameter]`.
        """
        return torch.optim.SGD([parameter], lr=learning_rate)


@inherit_parameters(AdamSolver)
class MomentumSolver(FirstOrderSolver):
    """Classical momentum with the published schedules.

    v = mu v - rate g,  w += v

    Parameters
    ----------
    momentum : float, default=0.9
        The coefficient mu, or its last and largest value under a schedule.
    schedule : {"rnn", "autoencoder", "constant"}, default="rnn"
        The course of mu: 0.9 for the first 1000 updates ("rnn"), growing every 250 updates
        ("autoencoder"), or `momentum` throughout.

    See Also
    --------
    NesterovSolver : The gradient is taken at the point that the velocity leads to.
    trainers.SutskeverMomentum : The optimizer for any `torch.nn.Module`.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013), On the importance of initialization and momentum in
    deep learning, eqs. 1-2 and section 4.

    Examples
    --------
    >>> from trainers.solvers import MomentumSolver
    >>> MomentumSolver(momentum=0.98)
    MomentumSolver(momentum=0.98)
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

    @inherit_parameters(FirstOrderSolver.optimizer)
    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> SutskeverMomentum:
        """Return momentum for one flat parameter.

        Returns
        -------
        SutskeverMomentum
            An optimizer of `[parameter]`.
        """
        return SutskeverMomentum(
            [parameter],
            lr=learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
            schedule=self.schedule,
            check_finite=False,  # the loop over epochs looks at the loss and the weights
        )


@inherit_parameters(MomentumSolver)
class NesterovSolver(MomentumSolver):
    """Nesterov's momentum, exact when its coefficient changes.

    v = mu v - rate g(w + mu v),  w += v

    See Also
    --------
    MomentumSolver : The gradient is taken at w.
    trainers.SutskeverMomentum : The optimizer for any `torch.nn.Module`.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013), On the importance of initialization and momentum in
    deep learning, eqs. 3-4 and section 4.

    Examples
    --------
    >>> from trainers.solvers import NesterovSolver
    >>> NesterovSolver(momentum=0.98, schedule="constant")
    NesterovSolver(momentum=0.98, schedule='constant')
    """

    nesterov = True

    @inherit_parameters(FirstOrderSolver.weights)
    def weights(self, optimizer: torch.optim.Optimizer, parameter: torch.Tensor) -> torch.Tensor:
        """Return w itself, not the point w + mu v ahead that is kept in the parameter.

        Returns
        -------
        torch.Tensor of shape (n_weights,)
            A copy.
        """
        assert isinstance(optimizer, SutskeverMomentum)
        optimizer.settle()
        settled = parameter.clone()
        optimizer.look_ahead()
        return settled


class LBFGSSolver(FirstOrderSolver):
    """Limited-memory BFGS with a strong Wolfe line search, on all data at once, in float64.

    Parameters
    ----------
    learning_rate : float, default=1.0
        First trial length of the line search.
    memory : int, default=20
        Pairs of steps and changes of the gradient that the curvature is estimated from.
    steps : int, default=10
        Iterations per epoch.

    See Also
    --------
    HessianFreeSolver : Second order by products with the Gauss-Newton matrix.

    References
    ----------
    Nocedal & Wright (2006), Numerical optimization, algorithms 3.5 and 7.5.

    Examples
    --------
    >>> from trainers.solvers import LBFGSSolver
    >>> LBFGSSolver(steps=5)
    LBFGSSolver(steps=5)
    """

    full_batch = True
    double = True

    def __init__(self, *, learning_rate: float = 1.0, memory: int = 20, steps: int = 10) -> None:
        self.learning_rate = learning_rate
        self.memory = memory
        self.steps = steps

    @inherit_parameters(FirstOrderSolver.optimizer)
    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return L-BFGS for one flat parameter.

        Returns
        -------
        torch.optim.LBFGS
            An optimizer of `[parameter]`.
        """
        return torch.optim.LBFGS(
            [parameter],
            lr=learning_rate,
            max_iter=self.steps,
            history_size=self.memory,
            line_search_fn="strong_wolfe",
        )


SOLVERS: dict[str, Callable[[], Solver]] = {
    "adam": AdamSolver,
    "adamw": AdamWSolver,
    "rmsprop": RMSpropSolver,
    "sgd": SGDSolver,
    "lbfgs": LBFGSSolver,
    "momentum": MomentumSolver,
    "nesterov": NesterovSolver,
    "hessian_free": HessianFreeSolver,
    "levenberg_marquardt": LevenbergMarquardtSolver,
}


def resolve(solver: str | Solver) -> Solver:
    """Return a solver from its name or from itself.

    A name, a key of `SOLVERS`, takes the default settings.

    Raises
    ------
    ValueError
        For an unknown name or another object.
    """
    if isinstance(solver, str) and solver in SOLVERS:
        return SOLVERS[solver]()
    if isinstance(solver, Solver):
        return solver
    raise ValueError(
        f"solver must be one of {sorted(SOLVERS)} or a solver from trainers.solvers, got {solver!r}"
    )
