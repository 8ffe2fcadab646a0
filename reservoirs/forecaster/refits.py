"""Ways of any regressor: a Pipeline for each transform, compared by refits on the first rows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, clone

from reservoirs.forecaster.transforms import Transform
from reservoirs.forecasting import closed_loop_model
from reservoirs.forecasting.backtesting import run_origins
from reservoirs.forecasting.bounds import ForecastDivergedWarning, choose_bound, find_bounds
from reservoirs.forecasting.nodes import State
from reservoirs.forecasting.runs import run_closed_loop
from reservoirs.forecasting.starts import start_of
from reservoirs.invertible import Difference, Log
from reservoirs.sequences import Array

SHARE = 0.65  # of the rows, those that are learned from before the loops
N_LOOPS = 20


@dataclass
class Refit:
    """A transform, a scaler and a regressor for each member, fitted on one series.

    Attributes
    ----------
    transform : Transform
        Of the series.
    models : list of Pipeline
        One for each member.
    """

    transform: Transform
    models: list[BaseEstimator]

    @property
    def n_before(self) -> int:
        """Rows before the last known one that a forecast needs to know."""
        return self.transform.reach

    def starts(self) -> list[State]:
        """Return the states before a series."""
        return [start_of(closed_loop_model(model), None, None) for model in self.models]

    def ends(self) -> list[State]:
        """Return the states before the last row of the training series."""
        return [closed_loop_model(model).last_states_[0] for model in self.models]

    def drive(self, rows: Array, exog: Array, states: list[State]) -> tuple[Array, list[State]]:
        """Return the next row after each, (n, n_outputs), and the last states."""
        inputs = np.hstack([rows, exog])
        pairs = [
            closed_loop_model(model)._drive(inputs, state)
            for model, state in zip(self.models, states, strict=True)
        ]
        mean: Array = np.mean([values for values, _ in pairs], axis=0)
        return mean, [state for _, state in pairs]

    def forecast(
        self, known: Array, exog: Array, states: list[State], margin: float | None
    ) -> tuple[Array, Array]:
        """Return the forecast, (n_steps, n_outputs), and where one of the members met its bounds.

        The rows known are (n, n_outputs), exog (n_steps, n_exog), the states those before the last
        row.
        """
        values, met = [], np.zeros(len(exog), dtype=bool)
        for model, state in zip(self.models, states, strict=True):
            fitted, _ = choose_bound(closed_loop_model(model), margin)
            bounds = find_bounds(fitted, margin, known, exog, state)
            with warnings.catch_warnings():  # all ways together say so
                warnings.simplefilter("ignore", ForecastDivergedWarning)
                found, step = run_closed_loop(fitted, known[-1], exog, state, bounds)
            values.append(found)
            met[len(exog) if step is None else step :] = True
        return np.mean(values, axis=0), met

    def along(self, y: Array, exog: Array, origins: Array, horizon: int) -> Array:
        """Return forecasts from many rows of a series, (n_origins, horizon, n_outputs)."""
        found = []
        for model in self.models:
            fitted, margin = choose_bound(closed_loop_model(model), "auto")
            start = start_of(fitted, None, None)
            with warnings.catch_warnings():  # a bad way weighs little
                warnings.simplefilter("ignore", ForecastDivergedWarning)
                values, _ = run_origins(fitted, start, y, exog, origins.tolist(), horizon, margin)
            found.append(values)
        mean: Array = np.mean(found, axis=0)
        return mean


def refit(
    transform: Transform, estimator: BaseEstimator, seeds: list[int], y: Array, exog: Array
) -> Refit:
    """Fit a Pipeline for each seed on a series, (n, n_outputs), and its exogenous inputs."""
    from sklearn import pipeline, preprocessing  # not for `import reservoirs`

    first = [Log()] if transform.log else []
    steps = [*first, *(Difference(lag=lag) for lag in transform.lags)]
    models = []
    for seed in seeds:
        regressor = clone(estimator)
        if "random_state" in regressor.get_params():
            regressor.set_params(random_state=seed)
        scaler = preprocessing.StandardScaler()
        model = pipeline.make_pipeline(*(clone(s) for s in steps), scaler, regressor)
        models.append(model.fit(np.hstack([y[:-1], exog[: len(y) - 1]]), y[1:]))
        if "random_state" not in regressor.get_params():
            break
    return Refit(transform, models)


def plan_refit_origins(n_rows: int, horizon: int) -> tuple[int, Array]:
    """Return how many rows are learned from, and the last known row of each loop after them."""
    n_first = min(int(SHARE * n_rows), n_rows - horizon)
    last = n_rows - 1 - horizon
    places = np.linspace(n_first - 1, last, N_LOOPS).round().astype(int)
    return n_first, np.unique(places)
