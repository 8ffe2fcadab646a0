"""Training in stages: one network after another, each going on with the weights of the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from reservoirs.estimators import Progress
from reservoirs.sequences import Array
from trainers.network.stack import Network
from trainers.training.loop import FittedAttributes, Stopping, TrainingResult, train
from trainers.training.problem import EpochRunner, SolverState, TrainingProblem

MakeRunner = Callable[[TrainingProblem], EpochRunner]


def train_in_stages(
    problem: TrainingProblem,
    networks: Sequence[Network],
    make_runner: MakeRunner,
    stopping: Stopping,
    *,
    alphas: Array | None,
    resume: SolverState | None,
    progress: Progress,
    attributes_at: FittedAttributes,
    verbose: int,
    n_epochs_before: int,
) -> TrainingResult:
    """Train every network for its share of the epochs.

    The networks have the same weights. `alphas` are the penalties of a readout that is solved, None
    for one that is trained. A network that is fed its own outputs trains its readout, as these
    depend on it, from the one that is solved without. `resume` is where the last network goes on
    from, the only one then. For the rest see `train`.

    Raises
    ------
    KeyboardInterrupt
        If interrupted before the first epoch was whole.
    ValueError
        For fewer epochs than stages.
    """
    theta, result = problem.theta, TrainingResult(problem.theta)
    history = result.history
    shares = _divided(stopping.max_iter, len(networks))
    for network, n_epochs in zip(networks, shares, strict=True):
        solved = replace(problem, network=network)
        if alphas is not None:
            plain = replace(problem, network=network.unforced()).with_best_alpha(theta, alphas)
            result.alpha = plain.alpha
            if network.feedback is None:
                solved = replace(solved, alpha=plain.alpha)
            elif not history and resume is None:
                theta = plain.solved(theta)
        stage = replace(solved, theta=theta.clone())
        runner = make_runner(stage)
        if resume is not None:
            runner.resume(resume["epochs"])
            stage.rng.bit_generator.state = resume["rng"]
        try:
            now = train(
                stage,
                runner,
                replace(stopping, max_iter=n_epochs),
                progress=progress,
                attributes_at=attributes_at,
                verbose=verbose,
                n_epochs_before=n_epochs_before + len(history),
            )
        except KeyboardInterrupt:
            if not history:
                raise
            result.status = "interrupted"
            break
        history.extend(now.history)
        theta, alpha = now.theta, result.alpha
        if alphas is not None and stage.alpha is not None:
            chosen = stage.with_best_alpha(theta, alphas)
            theta, alpha = chosen.solved(theta), chosen.alpha
        result = replace(now, theta=theta, history=history, alpha=alpha)
        if result.status in ("diverged", "stopped", "interrupted"):
            break
    return result


def _divided(n_epochs: int, n_stages: int) -> list[int]:
    """Return the epochs of every stage, at least one; of a single one it may be none."""
    if n_stages > max(n_epochs, 1):
        raise ValueError(
            f"teacher_forcing has {n_stages} stages of at least one epoch each, got "
            f"max_iter={n_epochs}; raise max_iter, or pass fewer shares"
        )
    ends = np.round(np.linspace(0, n_epochs, n_stages + 1)).astype(int)
    divided: list[int] = np.diff(ends).tolist()
    return divided
