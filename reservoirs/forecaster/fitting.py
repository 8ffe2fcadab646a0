"""The fit of one series: every way is tried, compared by its loops, and weighed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator

from reservoirs.forecaster.branch import Branch
from reservoirs.forecaster.combined import CombinedForecast, Past, Way
from reservoirs.forecaster.plan import Plan
from reservoirs.forecaster.refits import plan_refit_origins, refit
from reservoirs.forecaster.search import (
    Scored,
    choose,
    last_origin,
    loop_errors,
    loop_origins,
    plan_origins,
    score_baseline,
    score_branch,
)
from reservoirs.forecaster.training import Training
from reservoirs.forecasting.loop_choice import PENALTIES
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array

NEGLIGIBLE = 1e-3  # weights below are not run


def fit_series(
    y: Array, exog: Array, plan: Plan, reservoirs: list[Reservoir], number: int
) -> tuple[CombinedForecast, Past]:
    """Try all ways of a plan on one series.

    Parameters
    ----------
    y : array of shape (n, n_outputs)
        The series.
    exog : array of shape (n, n_exog)
        Exogenous inputs beside it; the last row is not read.
    plan : Plan
        What is tried.
    reservoirs : list of Reservoir
        One for each member.
    number : int
        Of the series.

    Returns
    -------
    model : CombinedForecast
        What forecasts.
    past : Past
        What is known before the last row, from which forecasts go on.
    """
    last = last_origin(len(y), plan.horizon)
    pairs = itertools.product(plan.transforms, plan.inputs)
    # what reaches further back than the last block begins could not be compared
    ways = [(way, inputs) for way, inputs in pairs if way.reach + inputs.reach <= last]
    baselines = {name: lag for name, lag in plan.baselines.items() if lag - 1 <= last}
    before = [way.reach + inputs.n_lags for way, inputs in ways]
    starts = plan_origins(len(y), plan.horizon, max([*before, *baselines.values()]))
    starts = plan.comparable(starts, plan.horizon + plan.horizon // 2)
    scored: list[Scored] = []
    for transform, inputs in ways:
        training = Training(Branch.measured(transform, inputs, reservoirs, y), y, exog)
        scored.append(score_branch(training, y, exog, starts, plan.horizon, plan.margin))
    origins = loop_origins(starts, plan.horizon)
    for name, lag in baselines.items():
        scored.append(score_baseline(name, lag, y, origins, plan.horizon))
    choose(scored, best_only=plan.best_only)
    steps = 1 + np.arange(plan.horizon)
    found = sum(s.weight * s.values[:, s.best] for s in scored if s.weight > 0)
    residuals: Array = y[np.add.outer(origins, steps)] - found
    solved = [_solved(one) for one in scored]
    model = CombinedForecast(y, [way for way, _ in solved], residuals)
    states = [ends for way, ends in solved if way.lag or way.branch is not None]
    past, last = model.start(number), len(y) - 1
    tail = y[max(last - model.n_before, 0) : last]
    return model, replace(past, n_rows=last, tail=tail, states=states)


def fit_by_refits(
    y: Array, exog: Array, plan: Plan, estimator: BaseEstimator, seeds: list[int], number: int
) -> tuple[CombinedForecast, Past]:
    """Try the transforms of a plan before any regressor, as `fit_series` tries all ways.

    Each is fitted on the first rows, and compared by its loops from the rest, then fitted on all.
    """
    n_first, origins = plan_refit_origins(len(y), plan.horizon)
    origins = plan.comparable(origins, plan.horizon)
    ahead = np.add.outer(origins, 1 + np.arange(plan.horizon))
    scored: list[Scored] = []
    for transform in plan.transforms:
        first = refit(transform, estimator, seeds, y[:n_first], exog[:n_first])
        values = first.along(y, exog, origins, plan.horizon)[:, None]
        scored.append(Scored(transform.name, "", values, loop_errors(values, y[ahead], y)))
    for name, lag in plan.baselines.items():
        scored.append(score_baseline(name, lag, y, origins, plan.horizon))
    choose(scored, best_only=plan.best_only)
    residuals = y[ahead] - sum(s.weight * s.values[:, s.best] for s in scored if s.weight > 0)
    ways, states = [], []
    for place, one in enumerate(scored):
        way = Way(one.transform, one.inputs, np.nan, one.score, one.weight)
        if one.weight > NEGLIGIBLE and place < len(plan.transforms):
            again = refit(plan.transforms[place], estimator, seeds, y, exog)
            way = replace(way, refit=again)
            states.append(again.ends())
        elif one.weight > NEGLIGIBLE:
            way = replace(way, lag=one.lag)
            states.append([])
        ways.append(way)
    model, last = CombinedForecast(y, ways, residuals), len(y) - 1
    tail = y[max(last - model.n_before, 0) : last]
    return model, replace(model.start(number), n_rows=last, tail=tail, states=states)


def _solved(scored: Scored) -> tuple[Way, list[Array]]:
    """Return a way with the readouts of all rows, and its states before the last."""
    way = Way(scored.transform, scored.inputs, np.nan, scored.score, scored.weight)
    heavy, training = scored.weight > NEGLIGIBLE, scored.training
    if training is None:
        return replace(way, lag=scored.lag if heavy else 0), []
    alpha = training.n_rows * float(PENALTIES[scored.best])
    branch = training.solve(alpha) if heavy else None
    return replace(way, alpha=alpha, branch=branch), training.ends
