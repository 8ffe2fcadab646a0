"""AdamW, a solver of one's own: a subclass of FirstOrderSolver with any optimizer of torch."""

import torch

from reservoirs import persistence
from trainers.solvers import SOLVERS, FirstOrderSolver


class AdamWSolver(FirstOrderSolver):
    """Adam whose weight decay is apart from the gradient (Loshchilov & Hutter 2019).

    Parameters
    ----------
    learning_rate : float, default=1e-3
        Step size.
    weight_decay : float, default=0.01
        Share of every weight taken away per step, relative to the learning rate.
    rate_decay : float, default=1.0
        Factor on the learning rate after every epoch.
    """

    def __init__(self, *, learning_rate=1e-3, weight_decay=0.01, rate_decay=1.0):
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.rate_decay = rate_decay

    def optimizer(self, parameter, learning_rate):
        """Return AdamW for the vector of all weights."""
        return torch.optim.AdamW([parameter], lr=learning_rate, weight_decay=self.weight_decay)


def enter():
    """Give the solver a name, and let files hold it: `RNNRegressor(solver="adamw")`."""
    SOLVERS["adamw"] = AdamWSolver
    persistence.register(AdamWSolver, name="mine.AdamWSolver")
