"""A solver gets a problem and builds what runs the epochs of a training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from torch import Tensor

from reservoirs.parallel import ComputedOnce
from reservoirs.sequences import Array
from reservoirs.suggestions import SuggestingMixin
from reservoirs.version import Documented
from trainers.data.batches import Examples
from trainers.network.losses import Loss
from trainers.network.stack import Network
from trainers.second_order.curvature import Objective
from trainers.second_order.solved_readout import SolvedObjective, best_alpha
from trainers.training.perturbations import Perturbations
from trainers.training.schedules import Schedule
from trainers.training.used import OPTIONAL

EpochRecord: TypeAlias = dict[str, Any]  # numbers and text by name, at least loss, gradient_norm
SolverState: TypeAlias = dict[str, Any]  # arrays, numbers, text, and dicts and lists of them


@dataclass(frozen=True, kw_only=True)
class TrainingProblem:
    """A network, its loss and the examples it learns from.

    Attributes
    ----------
    network : Network
        The network that is trained.
    loss : Loss
        The loss of one step, a function of outputs and targets.
    train : Examples
        The examples to learn from.
    validation : Examples or None
        The examples held out.
    theta : Tensor of shape (n_weights,)
        The weights, updated in place.
    batch_size : int
        Pieces (series or windows) per update.
    truncation : int or None
        Steps per chunk of carried state; None for whole pieces.
    clip_norm : float or None
        Largest norm of a gradient; None for no limit.
    vanishing_penalty : float
        Weight of the regulariser against vanishing gradients.
    rng : numpy.random.Generator
        Draws the order of the batches, and perturbations.
    alpha : float or None, default=None
        The penalty of a readout that is solved; None for one that is trained with the rest.
    weight_decay : float or None, default=None
        Factor c of an L2 term c theta^2 / 2; None for the solver's own.
    perturbations : Perturbations
        What training adds to every batch.
    schedule : Schedule
        The course of the learning rate.
    """

    network: Network
    loss: Loss
    train: Examples
    validation: Examples | None
    theta: Tensor
    batch_size: int
    truncation: int | None
    clip_norm: float | None
    vanishing_penalty: float
    rng: np.random.Generator
    alpha: float | None = None
    weight_decay: float | None = None
    perturbations: Perturbations = Perturbations()
    schedule: Schedule = field(default_factory=Schedule)

    @ComputedOnce
    def objective(self) -> Objective:
        """The loss on all examples to learn from."""
        return self.objective_of(np.arange(self.train.n_pieces))

    def objective_of(self, pieces: Array) -> Objective:
        """Return the loss on some pieces of the examples, by their numbers."""
        data = self.network, self.loss, self.train, pieces
        return Objective(*data) if self.alpha is None else SolvedObjective(*data, self.alpha)

    def with_best_alpha(self, theta: Tensor, alphas: Array) -> Self:
        """Return the problem with the penalty of a grid that generalised cross-validation takes.

        It is chosen for the features that the weights give.
        """
        alpha = float(alphas[0])
        if len(alphas) > 1:
            data = self.network, self.loss, self.train, np.arange(self.train.n_pieces)
            objective = SolvedObjective(*data, alpha)
            alpha = best_alpha(objective.features(theta), objective.targets, alphas)
        return replace(self, alpha=alpha)

    def solved(self, theta: Tensor) -> Tensor:
        """Return weights with the readout solved, if it is not trained with the rest."""
        objective = self.objective
        return objective.solved(theta) if isinstance(objective, SolvedObjective) else theta


class EpochRunner(Protocol):
    """Trains for one epoch at a time."""

    def run_epoch(self) -> EpochRecord:
        """Train for one epoch; return its record, at least `loss` and `gradient_norm`."""

    def weights(self) -> Tensor:
        """Return a copy of the weights to evaluate, (n_weights,)."""

    def state(self) -> SolverState:
        """Return what resuming needs."""

    def resume(self, state: SolverState) -> None:
        """Go on from a state."""


class Solver(Documented, SuggestingMixin, BaseEstimator, ABC):
    """Settings of a training algorithm, which build the runner of its epochs.

    Attributes
    ----------
    full_batch : bool
        Whether one update sees all training data; else it sees `batch_size` pieces.
    double : bool
        Whether dtype="auto" means float64.
    squared_error_only : bool
        Whether it minimises squared errors only, in float64 on the CPU.
    uses : frozenset of str
        Which of `trainers.training.used.OPTIONAL`, the parameters of the network that a solver may
        use or not, it uses; `fit` refuses others than the default of the rest.
    """

    _public_module = "trainers.solvers"
    full_batch: bool = False
    double: bool = False
    squared_error_only: bool = False
    uses: frozenset[str] = OPTIONAL

    @abstractmethod
    def epoch_runner(self, problem: TrainingProblem, learning_rate: float | None) -> EpochRunner:
        """Return what runs the epochs.

        Parameters
        ----------
        problem : TrainingProblem
            What is trained on what.
        learning_rate : float or None
            The estimator's learning rate; None for the solver's own.

        Returns
        -------
        EpochRunner
            One call trains for one epoch.
        """
