"""NAdam, a solver of one's own: a subclass of FirstOrderSolver with any optimizer of torch."""

import torch

from reservoirs import persistence
from trainers.solvers import SOLVERS, FirstOrderSolver


class NAdamSolver(FirstOrderSolver):
    """Adam with Nesterov's momentum (Dozat 2016).

    Parameters
    ----------
    learning_rate : float, default=1e-3
        Step size.
    momentum_decay : float, default=0.004
        How fast the momentum grows to its last value.
    rate_decay : float, default=1.0
        Factor on the learning rate after every epoch.
    """

    def __init__(self, *, learning_rate=1e-3, momentum_decay=0.004, rate_decay=1.0):
        self.learning_rate = learning_rate
        self.momentum_decay = momentum_decay
        self.rate_decay = rate_decay

    def optimizer(self, parameter, learning_rate):
        """Return NAdam for the vector of all weights."""
        return torch.optim.NAdam([parameter], lr=learning_rate, momentum_decay=self.momentum_decay)


def enter():
    """Give the solver a name, and let files hold it: `RNNRegressor(solver="nadam")`."""
    SOLVERS["nadam"] = NAdamSolver
    persistence.register(NAdamSolver, name="mine.NAdamSolver")
