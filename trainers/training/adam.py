"""Adam and AdamW, the solvers of most practitioners."""

from __future__ import annotations

from dataclasses import replace

import torch
from sklearn.base import clone

from reservoirs.estimators import inherit_parameters
from trainers.training.first_order import FirstOrderSolver
from trainers.training.problem import EpochRunner, TrainingProblem


class AdamSolver(FirstOrderSolver):
    """Adam by `torch.optim`: a step size for every weight from averages of its gradient.

    m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,  w -= rate m' / sqrt(v')

    Parameters
    ----------
    learning_rate : float, default=1e-3
        Step size.
    beta_1 : float, default=0.9
        Decay b1 of the averaged gradient per update.
    beta_2 : float, default=0.999
        Decay b2 of the averaged squared gradient per update.
    rate_decay : float, default=1.0
        Factor on the learning rate after every epoch.

    See Also
    --------
    RMSpropSolver : The squared gradient alone is averaged.
    NesterovSolver : Momentum with one step size for all weights.

    References
    ----------
    Kingma & Ba (2015), Adam: a method for stochastic optimization, Algorithm 1.

    Examples
    --------
    >>> from trainers import RNNRegressor
    >>> from trainers.solvers import AdamSolver
    >>> RNNRegressor(solver=AdamSolver(beta_2=0.99)).get_params()["solver__beta_2"]
    0.99
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

    @inherit_parameters(FirstOrderSolver.optimizer)
    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return Adam for one flat parameter.

        Returns
        -------
        torch.optim.Adam
            An optimizer of `[parameter]`.
        """
        betas = (self.beta_1, self.beta_2)
        # Fused is one pass over the weights instead of a dozen.
        return torch.optim.Adam([parameter], lr=learning_rate, betas=betas, fused=True)


@inherit_parameters(AdamSolver)
class AdamWSolver(AdamSolver):
    """Adam whose weight decay is apart from the gradient, by `torch.optim`.

    w -= rate (m' / sqrt(v') + c w)

    Parameters
    ----------
    weight_decay : float, default=0.01
        The factor c where the network's `weight_decay` is None.

    See Also
    --------
    AdamSolver : Weight decay is part of the gradient.

    References
    ----------
    Loshchilov & Hutter (2019), Decoupled weight decay regularization, Algorithm 2.

    Examples
    --------
    >>> from trainers.solvers import AdamWSolver
    >>> AdamWSolver(weight_decay=0.1)
    AdamWSolver(weight_decay=0.1)
    """

    def __init__(
        self,
        *,
        learning_rate: float = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        weight_decay: float = 0.01,
        rate_decay: float = 1.0,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate, beta_1=beta_1, beta_2=beta_2, rate_decay=rate_decay
        )
        self.weight_decay = weight_decay

    @inherit_parameters(FirstOrderSolver.epoch_runner)
    def epoch_runner(self, problem: TrainingProblem, learning_rate: float | None) -> EpochRunner:
        """Return epochs whose weight decay is that of the network, where it has one.

        Returns
        -------
        EpochRunner
            One call trains for one epoch.
        """
        own, decay = clone(self), problem.weight_decay
        own.weight_decay = self.weight_decay if decay is None else decay
        problem = replace(problem, weight_decay=None)  # the optimizer's
        return FirstOrderSolver.epoch_runner(own, problem, learning_rate)

    @inherit_parameters(FirstOrderSolver.optimizer)
    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return AdamW for one flat parameter.

        Returns
        -------
        torch.optim.AdamW
            An optimizer of `[parameter]`.
        """
        return torch.optim.AdamW(
            [parameter],
            lr=learning_rate,
            betas=(self.beta_1, self.beta_2),
            weight_decay=self.weight_decay,
            fused=True,
        )
