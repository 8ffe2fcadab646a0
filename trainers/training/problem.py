"""A solver gets a problem and builds what runs the epochs of a training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from torch import Tensor

from reservoirs.suggestions import SuggestingMixin
from reservoirs.version import Documented
from trainers.data.batches import Examples
from trainers.network.losses import Loss
from trainers.network.stack import Network
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
        Draws the order of the batches.
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
    single_layer : bool
        Whether it trains networks of one layer only.
    uses : frozenset of str
        Which of `trainers.training.used.OPTIONAL`, the parameters of the network that a solver may
        use or not, it uses; `fit` refuses others than the default of the rest.
    """

    _public_module = "trainers.solvers"
    full_batch: bool = False
    double: bool = False
    single_layer: bool = False
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
