"""The epoch loop: validation, early stopping, divergence, history."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from reservoirs.estimators import Progress
from trainers.network.small import one_thread
from trainers.second_order.curvature import Objective
from trainers.training.problem import (
    EpochRecord,
    EpochRunner,
    SolverState,
    TrainingProblem,
)

FittedAttributes = Callable[[Tensor], dict[str, object]]


@dataclass(frozen=True, kw_only=True)
class Stopping:
    """When to stop.

    After `max_iter` epochs; with early stopping also when the validation loss (the training loss
    without one) no longer falls by `tol` for `patience` epochs, the best weights being taken. None
    as tol never stops on it unless `early_stopping`.
    """

    max_iter: int
    early_stopping: bool = False
    tol: float | None = None
    patience: int = 1

    @property
    def by_convergence(self) -> bool:
        """Whether training is to end by convergence rather than by the number of epochs."""
        return self.early_stopping or self.tol is not None


@dataclass
class TrainingResult:
    """The trained weights and how training went.

    The history has one record an epoch. The status says why training ended: "max_iter",
    "converged", "diverged", "stopped" or "interrupted". The state is what training can go on from:
    the runner's and that of the generator. `alpha` is the penalty of a readout that is solved.
    """

    theta: Tensor
    history: list[EpochRecord] = field(default_factory=list)
    status: str = "max_iter"
    state: SolverState = field(default_factory=dict)
    alpha: float | None = None


@dataclass(frozen=True)
class _Best:
    """The weights of the smallest loss so far, and for how many epochs it has not improved."""

    theta: Tensor
    loss: float = float("inf")
    n_epochs_since: int = 0

    def updated(self, loss: float, theta: Tensor, tol: float) -> _Best:
        """Return the best after one more epoch."""
        n_epochs_since = 0 if loss < self.loss - tol else self.n_epochs_since + 1
        if loss < self.loss:
            return _Best(theta, loss, n_epochs_since)
        return _Best(self.theta, self.loss, n_epochs_since)


@dataclass(frozen=True)
class _WholeEpoch:
    """Where training stands after an epoch, to which an interrupt in the next one goes back."""

    number: int
    theta: Tensor
    best: _Best
    state: SolverState


@torch.inference_mode()  # spares every small operation its bookkeeping
def train(
    problem: TrainingProblem,
    runner: EpochRunner,
    stopping: Stopping,
    *,
    progress: Progress,
    attributes_at: FittedAttributes,
    verbose: int = 0,
    n_epochs_before: int = 0,
) -> TrainingResult:
    """Run epochs until there is a reason to stop.

    A keyboard interrupt ends training after the last whole epoch; before the first, it goes on.

    Every epoch is reported to callbacks by `progress`; they may ask to stop. `attributes_at` makes
    of weights the estimator's fitted attributes, for callbacks. A line is printed every `verbose`
    epochs, 0 never; epochs count on from `n_epochs_before`. The weights returned are the best seen
    with early stopping and after divergence, else the last.

    Raises
    ------
    KeyboardInterrupt
        If interrupted before the first epoch was whole.
    """
    validation = _validation_objective(problem)
    result = TrainingResult(runner.weights())
    state: SolverState = {}
    if not stopping.max_iter:
        result.theta = problem.solved(result.theta)
        state = {"epochs": runner.state(), "rng": problem.rng.bit_generator.state}
    whole, start = _WholeEpoch(0, result.theta, _Best(result.theta), state), time.perf_counter()
    try:
        for number in range(1, stopping.max_iter + 1):
            attributes = partial(_attributes, attributes_at, result)
            with one_thread(problem.network.n_units), progress.task("epoch", attributes) as task:
                record = {"epoch": n_epochs_before + number, **runner.run_epoch()}
                theta = result.theta = problem.solved(runner.weights())
                result.history.append(record)
            record["seconds"] = time.perf_counter() - start
            if validation is not None:
                record["validation_loss"] = validation.value(theta)
            if verbose and record["epoch"] % verbose == 0:
                print(_log_line(record), flush=True)  # noqa: T201 - asked for
            monitored = record.get("validation_loss", record["loss"])
            problem.schedule.observe(monitored)
            # The training loss precedes the last update: the weights may have become infinite.
            finite = bool(np.isfinite(monitored) and torch.isfinite(theta).all())
            best = whole.best.updated(monitored, theta, stopping.tol or 0.0)
            best = best if finite and not task.stop else whole.best
            state = {"epochs": runner.state(), "rng": problem.rng.bit_generator.state}
            # one assignment: an interrupt sees this epoch whole, or the one before
            whole = _WholeEpoch(number, theta, best, state)
            ended = record.get("converged", False)
            reason = _reason_to_stop(stopping, best, finite=finite, asked=task.stop, ended=ended)
            if reason is not None:
                result.status = reason
                break
    except KeyboardInterrupt:
        if not whole.number:
            raise
        result = TrainingResult(whole.theta, result.history[: whole.number], "interrupted")
    result.state = whole.state
    # The last weights are the result unless the best were asked for, or the last are of no use.
    if stopping.early_stopping or result.status == "diverged":
        result.theta = whole.best.theta
    _warn(result, stopping)
    return result


def _reason_to_stop(
    stopping: Stopping, best: _Best, *, finite: bool, asked: bool, ended: bool
) -> str | None:
    """Return the status that an epoch ends training with, None where it goes on.

    `ended` says that the solver itself has converged.
    """
    if not finite:
        return "diverged"
    if asked:
        return "stopped"
    converged = stopping.by_convergence and best.n_epochs_since >= stopping.patience
    return "converged" if converged or ended else None


def _attributes(attributes_at: FittedAttributes, result: TrainingResult) -> dict[str, object]:
    return {**attributes_at(result.theta), "history_": list(result.history)}


def _log_line(record: EpochRecord) -> str:
    """Return what `verbose` shows of an epoch, and of a Hessian-free step."""
    line = f"epoch {record['epoch']} loss {record['loss']:.4g} after {record['seconds']:.1f} s"
    if "validation_loss" in record:
        line += f", validation {record['validation_loss']:.4g}"
    if "rho" in record:
        line += (
            f", rho {record['rho']:.2g}, lambda {record['damping']:.2g}, iterate "
            f"{record['chosen_iterate']} of {record['cg_iterations']}, length "
            f"{record['step_length']:.2g} ({record['reason']})"
        )
    return line


def _validation_objective(problem: TrainingProblem) -> Objective | None:
    examples = problem.validation
    if examples is None:
        return None
    return Objective(problem.network, problem.loss, examples, np.arange(examples.n_pieces))


def _warn(result: TrainingResult, stopping: Stopping) -> None:
    if result.status == "diverged":
        warnings.warn(
            f"training diverged in epoch {len(result.history)}: the loss or the weights are no "
            "longer finite. The best weights so far are kept; lower learning_rate or set clip_norm",
            ConvergenceWarning,
            stacklevel=4,
        )
    elif result.status == "max_iter" and stopping.by_convergence:
        warnings.warn(
            f"training reached max_iter={stopping.max_iter} before it converged; raise max_iter",
            ConvergenceWarning,
            stacklevel=4,
        )
