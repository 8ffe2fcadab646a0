"""The epoch loop: validation, early stopping, divergence, history."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from reservoirs.estimators import Progress
from trainers.network.small import one_thread
from trainers.second_order.curvature import Objective
from trainers.training.epochs import Problem, Stepper

logger = logging.getLogger("trainers")


@dataclass
class Stopping:
    """When to stop.

    Attributes
    ----------
    max_iter : epochs at most
    early : stop when the validation loss (the training loss without one) no longer falls
    tol : smallest improvement that counts; None never stops on it unless `early`
    patience : epochs without improvement before stopping
    """

    max_iter: int
    early: bool
    tol: float | None
    patience: int


@dataclass
class Outcome:
    """What training left behind: weights, history, the stepper's state and why it ended."""

    theta: Tensor
    history: list[dict[str, Any]] = field(default_factory=list)
    status: str = "max_iter"


@torch.inference_mode()  # spares every small operation its bookkeeping
def train(
    problem: Problem,
    stepper: Stepper,
    stopping: Stopping,
    *,
    progress: Progress,
    changed: Callable[[Tensor], dict[str, Any]],
    verbose: int = 0,
    done: int = 0,
) -> Outcome:
    """Run epochs until a reason to stop.

    Parameters
    ----------
    problem : what is trained on what
    stepper : how
    stopping : when to stop
    progress : told of every epoch; may ask to stop
    changed : weights -> the estimator's attributes that they are, told to callbacks with history_
    verbose : log every so many epochs to the logger "trainers"; 0 never
    done : epochs trained before, from which this one counts on

    Returns
    -------
    The weights: with early stopping and after divergence the best seen, else the last. A keyboard
    interrupt ends training and keeps what was learned.
    """
    valid = _validation(problem)
    outcome = Outcome(stepper.weights())
    best, since, began = float("inf"), 0, time.perf_counter()
    best_theta = outcome.theta
    try:
        for number in range(stopping.max_iter):
            now = partial(_told, changed, outcome)
            with one_thread(problem.network.n_units), progress.task("epoch", now) as task:
                record = {"epoch": done + number + 1, **stepper.epoch()}
                theta = outcome.theta = stepper.weights()
                outcome.history.append(record)
            record["seconds"] = time.perf_counter() - began
            if valid is not None:
                record["validation_loss"] = valid.value(theta)
            watched = record.get("validation_loss", record["loss"])
            if verbose and (number + 1) % verbose == 0:
                logger.info(_line(record))
            if not np.isfinite(watched) or not torch.isfinite(theta).all():
                outcome.status = "diverged"
                break
            if task.stop:
                outcome.status = "stopped"
                break
            since = 0 if watched < best - (stopping.tol or 0.0) else since + 1
            if watched < best:
                best, best_theta = watched, theta
            if (stopping.early or stopping.tol is not None) and since >= stopping.patience:
                outcome.status = "converged"
                break
    except KeyboardInterrupt:
        outcome.status = "interrupted"
    if stopping.early or outcome.status == "diverged":
        outcome.theta = best_theta
    _warn(outcome, stopping)
    return outcome


def _told(changed: Callable[[Tensor], dict[str, Any]], outcome: Outcome) -> dict[str, Any]:
    return {**changed(outcome.theta), "history_": list(outcome.history)}


def _line(record: dict[str, Any]) -> str:
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


def _validation(problem: Problem) -> Objective | None:
    if problem.valid is None:
        return None
    pieces = np.arange(problem.valid.n_pieces)
    return Objective(problem.network, problem.loss, problem.valid, pieces)


def _warn(outcome: Outcome, stopping: Stopping) -> None:
    if outcome.status == "diverged":
        warnings.warn(
            f"training diverged in epoch {len(outcome.history)}: the loss or the weights are no "
            "longer finite. The best weights so far are kept; lower learning_rate or set clip_norm",
            ConvergenceWarning,
            stacklevel=4,
        )
    elif outcome.status == "max_iter" and (stopping.early or stopping.tol is not None):
        warnings.warn(
            f"training reached max_iter={stopping.max_iter} before it converged; raise max_iter",
            ConvergenceWarning,
            stacklevel=4,
        )
