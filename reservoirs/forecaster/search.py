"""Which ways to forecast a series are good: closed loops along blocks left out of the fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reservoirs.estimators.units import measure
from reservoirs.forecaster.training import Training
from reservoirs.forecasting.loop_choice import N_BLOCKS, PENALTIES
from reservoirs.sequences import Array

OUTLIER = 3.0
HOPELESS = 1.5  # times the best score of the first member: no other member tries that penalty
SMALLEST = 1e-9  # errors below are rounding
POWER = 8.0  # weights are scores to the power of -8


@dataclass
class Scored:
    """A way to forecast, with the loops of all its penalties; a baseline has one column.

    Attributes
    ----------
    transform, inputs : str
        What it is called in tables; the name of a baseline and nothing.
    values : array of shape (n_loops, n_alphas, horizon, n_outputs)
        Forecasts of the loops, the mean over members.
    errors : array of shape (n_loops, n_alphas)
        RMSE of each, in deviations of the series, the mean over members.
    training : Training or None
        None for a baseline.
    lag : int
        How many of the last values a baseline repeats; 0: none.
    best : int
        The number of the penalty chosen.
    score : float
        The geometric mean of the errors with it.
    weight : float
        In the combination.
    """

    transform: str
    inputs: str
    values: Array
    errors: Array
    training: Training | None = None
    lag: int = 0
    best: int = 0
    score: float = np.inf
    weight: float = 0.0


def last_origin(n_rows: int, horizon: int) -> int:
    """Return the last known row before the last block of a series."""
    return n_rows - 1 - (horizon + horizon // 2)


def plan_origins(n_rows: int, horizon: int, first: int) -> Array:
    """Return the last known row before each block, evenly spaced.

    None is before `first`, the first row that all ways can start from, if there is room.
    """
    last = last_origin(n_rows, horizon)
    first = min(first, last)
    return np.unique(np.linspace(first, last, N_BLOCKS).round().astype(int))


def loop_origins(starts: Array, horizon: int) -> Array:
    """Return the last known row before each loop: two a block, half a horizon apart."""
    loops: Array = (starts[:, None] + np.array([0, horizon // 2])).ravel()
    return loops


def score_branch(
    training: Training, y: Array, exog: Array, starts: Array, horizon: int, margin: float
) -> Scored:
    """Run all loops of all penalties of every member."""
    branch, course = training.branch, training.course
    length, alphas = horizon + horizon // 2, training.n_rows * PENALTIES
    loops, steps = loop_origins(starts, horizon), np.arange(horizon)
    truth = y[np.add.outer(loops, 1 + steps)]
    total = np.zeros((len(loops), len(alphas)))
    mean = np.zeros((len(loops), len(alphas), horizon, y.shape[1]))
    tried: Array = np.arange(len(alphas))
    for number, member in enumerate(training.members):
        pairs = [member.without(s - course.first, length, alphas[tried]) for s in starts]
        C, c = (np.repeat(np.stack([p[i] for p in pairs]), 2, axis=0) for i in (0, 1))
        flat = C.reshape(-1, *C.shape[2:]), c.reshape(-1, c.shape[2])
        many = np.repeat(loops, len(tried))
        inputs = exog[np.add.outer(many, steps)]
        values = branch.run_together(course, many, inputs, margin, flat, number)
        values = values.reshape(len(loops), len(tried), horizon, -1)
        errors = loop_errors(values, truth, y)
        total[:, tried] += errors
        mean[:, tried] += values
        if not number:
            # the other members try what may still win, which is far cheaper
            scores = np.exp(np.log(errors).mean(axis=0))
            left = scores > HOPELESS * scores.min()
            total[:, left], tried = np.inf, tried[~left]
    n = len(training.members)
    training.release()
    return Scored(branch.transform.name, branch.inputs.name, mean / n, total / n, training)


def loop_errors(values: Array, truth: Array, y: Array) -> Array:
    """Return RMSE over the deviation of the series, (n_loops, n_ways)."""
    with np.errstate(over="ignore"):  # of a way that explodes
        squares = ((values - truth[:, None]) / measure(y)[1]) ** 2
        errors: Array = np.maximum(np.sqrt(squares.mean(axis=(2, 3))), SMALLEST)
    return errors


def score_baseline(name: str, lag: int, y: Array, origins: Array, horizon: int) -> Scored:
    """Score the forecast that repeats the last `lag` values."""
    steps = np.arange(horizon)
    values = y[origins[:, None] + 1 + steps % lag - lag][:, None]
    truth = y[origins[:, None] + 1 + steps]
    return Scored(name, "", values, loop_errors(values, truth, y), lag=lag)


def choose(scored: list[Scored], *, best_only: bool) -> None:
    """Choose the penalty of each way, score it, and weigh all of them."""
    worst = min(float(one.errors.max(axis=0).min()) for one in scored)
    for one in scored:
        logs = np.log(one.errors).mean(axis=0)
        # the geometric mean forgives one bad loop
        logs = np.where(one.errors.max(axis=0) > OUTLIER * worst, np.inf, logs)
        one.best = int(np.argmin(logs))
        one.score = float(np.exp(logs[one.best]))
    lows = np.log([one.score for one in scored])
    weights = np.exp(-POWER * (lows - lows.min()))
    if best_only:
        weights = np.arange(len(scored)) == np.argmin(lows)
    for one, weight in zip(scored, weights / weights.sum(), strict=True):
        one.weight = float(weight)
