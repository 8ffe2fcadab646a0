"""The epoch loop: validation, early stopping, divergence, history."""

from __future__ import annotations

import logging
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
from trainers.training.problem import EpochRecord, EpochRunner, TrainingProblem

logger = logging.getLogger("trainers")
FittedAttributes = Callable[[Tensor], dict[str, object]]


@dataclass(frozen=True, kw_only=True)
class Stopping:
    """When to stop.

    Attributes
    ----------
    max_iter : int
        Epochs at most.
    early_stopping : bool
        Stop when the validation loss (the training loss without one) no longer falls, and take the
        best weights.
    tol : float or None
        Smallest improvement that counts; None never stops on it unless `early_stopping`.
    patience : int
        Epochs without improvement before stopping.
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

    Attributes
    ----------
    theta : Tensor of shape (n_weights,)
        The weights.
    history : list of dict
        One record an epoch.
    status : str
        Why training ended: "max_iter", "converged", "diverged", "stopped" or "interrupted".
    """

    theta: Tensor
    history: list[EpochRecord] = field(default_factory=list)
    status: str = "max_iter"


@dataclass
class _Best:
    """The weights of the smallest loss so far, and for how many epochs it has not improved."""

    theta: Tensor
    loss: float = float("inf")
    n_epochs_since: int = 0

    def update(self, loss: float, theta: Tensor, tol: float) -> None:
        self.n_epochs_since = 0 if loss < self.loss - tol else self.n_epochs_since + 1
        if loss < self.loss:
            self.loss, self.theta = loss, theta


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

    A keyboard interrupt ends training and keeps what was learned.

    Parameters
    ----------
    problem : TrainingProblem
        What is trained on what.
    runner : EpochRunner
        Trains for one epoch at a time.
    stopping : Stopping
        When to stop.
    progress : Progress
        Reports every epoch to callbacks, which may ask to stop.
    attributes_at : callable
        Weights -> the estimator's fitted attributes at these weights, for callbacks.
    verbose : int, default=0
        Log every so many epochs to the logger "trainers"; 0 never.
    n_epochs_before : int, default=0
        Epochs trained before, from which this call counts on.

    Returns
    -------
    TrainingResult
        The weights are the best seen with early stopping and after divergence, else the last.
    """
    validation = _validation_objective(problem)
    result = TrainingResult(runner.weights())
    best, start = _Best(result.theta), time.perf_counter()
    try:
        for number in range(1, stopping.max_iter + 1):
            attributes = partial(_attributes, attributes_at, result)
            with one_thread(problem.network.n_units), progress.task("epoch", attributes) as task:
                record = {"epoch": n_epochs_before + number, **runner.run_epoch()}
                theta = result.theta = runner.weights()
                result.history.append(record)
            record["seconds"] = time.perf_counter() - start
            if validation is not None:
                record["validation_loss"] = validation.value(theta)
            if verbose and number % verbose == 0:
                logger.info(_log_line(record))
            monitored = record.get("validation_loss", record["loss"])
            # The training loss precedes the last update: the weights may have become infinite.
            if not np.isfinite(monitored) or not torch.isfinite(theta).all():
                result.status = "diverged"
                break
            if task.stop:
                result.status = "stopped"
                break
            best.update(monitored, theta, stopping.tol or 0.0)
            if stopping.by_convergence and best.n_epochs_since >= stopping.patience:
                result.status = "converged"
                break
    except KeyboardInterrupt:
        result.status = "interrupted"
    # The last weights are the result unless the best were asked for, or the last are of no use.
    if stopping.early_stopping or result.status == "diverged":
        result.theta = best.theta
    _warn(result, stopping)
    return result


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
