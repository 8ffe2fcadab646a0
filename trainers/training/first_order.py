"""The base of first-order solvers, and the hook for those of a user: any optimizer of torch."""

from __future__ import annotations

import inspect
from abc import abstractmethod

import torch

from trainers.training.epochs import ClosureEpochs, MinibatchEpochs
from trainers.training.problem import EpochRunner, Solver, TrainingProblem
from trainers.training.used import FULL_BATCH, MINIBATCH


class FirstOrderSolver(Solver):
    """Base of the solvers that update all weights by one optimizer of `torch.optim`.

    A solver of one's own is a subclass whose `optimizer` returns any `torch.optim.Optimizer`. Its
    settings are parameters of its constructor, as those of every scikit-learn estimator, and are
    reached by nested names: `RNNRegressor(solver=AdagradSolver())` has a `solver__lr_decay`.

    Attributes
    ----------
    learning_rate : float
        The learning rate where the network's `learning_rate` is None; 1e-3 where the subclass has
        no such parameter.
    rate_decay : float
        Factor on the learning rate after every epoch; 1 where the subclass has no such parameter.
    full_batch : bool
        Whether `optimizer.step` is called once an epoch with a closure that computes the loss and
        the gradient on all training data, as L-BFGS needs it; else once a minibatch, without one.
    double : bool
        Whether dtype="auto" means float64.
    uses : frozenset of str
        The network's parameters that it uses; with `full_batch` those of batches are refused.

    See Also
    --------
    AdamSolver : Adaptive steps, the default.
    LBFGSSolver : A solver on all data at once.

    Notes
    -----
    `warm_start` and `partial_fit` go on from the `state_dict` of the optimizer, which is stored as
    NumPy arrays in `solver_state_`. To save such a model, make the class known by
    `reservoirs.persistence.register`; to choose it by name, enter it in `trainers.solvers.SOLVERS`.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from reservoirs import next_step
    >>> from trainers import RNNRegressor
    >>> from trainers.solvers import FirstOrderSolver
    >>> class AdagradSolver(FirstOrderSolver):
    ...     def __init__(self, *, learning_rate=0.05, lr_decay=0.0):
    ...         self.learning_rate = learning_rate
    ...         self.lr_decay = lr_decay
    ...
    ...     def optimizer(self, parameter, learning_rate):
    ...         return torch.optim.Adagrad([parameter], lr=learning_rate, lr_decay=self.lr_decay)
    >>> X, y = next_step(np.sin(0.3 * np.arange(60)))
    >>> model = RNNRegressor(solver=AdagradSolver(), n_units=8, max_iter=3, random_state=0)
    >>> losses = model.fit(X, y).loss_curve_
    >>> losses[-1] < losses[0]
    True
    """

    learning_rate: float = 1e-3
    rate_decay: float = 1.0

    @property
    def uses(self) -> frozenset[str]:  # type: ignore[override] # depends on full_batch
        """Names of the network's parameters that it uses."""
        return FULL_BATCH if self.full_batch else MINIBATCH

    def epoch_runner(self, problem: TrainingProblem, learning_rate: float | None) -> EpochRunner:
        """Return epochs of minibatches, or of steps on all data, by this solver's optimizer.

        Parameters
        ----------
        problem : TrainingProblem
            What is trained on what.
        learning_rate : float or None
            The learning rate of the network; None for the solver's own.

        Returns
        -------
        EpochRunner
            One call trains for one epoch.

        Raises
        ------
        TypeError
            If `optimizer` returns another object, or one that works only with `full_batch`.
        """
        rate = self.learning_rate if learning_rate is None else learning_rate
        optimizer = self._checked(self.optimizer(problem.theta, rate))
        epochs = ClosureEpochs if self.full_batch else MinibatchEpochs
        return epochs(problem, optimizer, self.rate_decay, self.weights)

    def _checked(self, optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
        name = type(self).__name__
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise TypeError(
                f"{name}.optimizer must return a torch.optim.Optimizer, got "
                f"{type(optimizer).__name__}"
            )
        # torch says nowhere which optimizers need a closure; the signature of `step` does.
        closure = inspect.signature(optimizer.step).parameters.get("closure")
        needed = closure is not None and closure.default is inspect.Parameter.empty
        if needed and not self.full_batch:
            raise TypeError(
                f"{type(optimizer).__name__} needs a closure, which minibatches have not; set the "
                f"class attribute full_batch = True of {name}"
            )
        if closure is None and self.full_batch:
            raise TypeError(
                f"{type(optimizer).__name__} takes no closure; set the class attribute "
                f"full_batch = False of {name}"
            )
        return optimizer

    @abstractmethod
    def optimizer(self, parameter: torch.Tensor, learning_rate: float) -> torch.optim.Optimizer:
        """Return the optimizer of all weights.

        Parameters
        ----------
        parameter : torch.Tensor of shape (n_weights,)
            All weights of the network in one vector; its `grad` is set before every step.
        learning_rate : float
            The learning rate to start with.

        Returns
        -------
        torch.optim.Optimizer
            An optimizer of `[parameter]`.
        """

    def weights(self, optimizer: torch.optim.Optimizer, parameter: torch.Tensor) -> torch.Tensor:
        """Return the weights to evaluate: those that are trained.

        For an optimizer that keeps other weights in the parameter between steps, override this.

        Parameters
        ----------
        optimizer : torch.optim.Optimizer
            What `optimizer` returned, before its first step or after any; to be left as it is.
        parameter : torch.Tensor of shape (n_weights,)
            The weights that are trained.

        Returns
        -------
        torch.Tensor of shape (n_weights,)
            A copy.
        """
        return parameter.clone()
