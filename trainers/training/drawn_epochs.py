"""Epochs of one step each on sequences that nobody has seen before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from torch import Tensor

from trainers.data.batches import Examples
from trainers.training.problem import EpochRecord, EpochRunner, Solver, SolverState, TrainingProblem

DrawExamples = Callable[[np.random.Generator], Examples]


class DrawnEpochs:
    """Epochs of a solver, each on examples that are drawn by the generator of the problem.

    An epoch goes on from the state of the one before, as a warm start on other data does.
    """

    def __init__(
        self,
        problem: TrainingProblem,
        solver: Solver,
        learning_rate: float | None,
        draw: DrawExamples,
    ) -> None:
        self.problem, self.solver, self.draw = problem, solver, draw
        self.learning_rate = learning_rate
        self.latest: EpochRunner = solver.epoch_runner(problem, learning_rate)

    def run_epoch(self) -> EpochRecord:
        """Draw examples and train on them for one epoch."""
        state = self.latest.state()
        problem = replace(self.problem, train=self.draw(self.problem.rng))
        self.latest = self.solver.epoch_runner(problem, self.learning_rate)
        self.latest.resume(state)
        return self.latest.run_epoch()

    def weights(self) -> Tensor:
        """Return a copy of the weights to evaluate."""
        return self.latest.weights()

    def state(self) -> SolverState:
        """Return what resuming needs."""
        return self.latest.state()

    def resume(self, state: SolverState) -> None:
        """Go on from a state."""
        self.latest.resume(state)
