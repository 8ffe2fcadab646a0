"""A fitted forecaster as a model whose loop closes: along its own series, and along others."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from reservoirs.estimators.series import Step, match_numbers
from reservoirs.forecaster.combined import CombinedForecast, Past
from reservoirs.forecasting import Bounds, ForecastDivergedWarning, Loop, Start, TrainingEnd
from reservoirs.forecasting.bounds import hold, left_at
from reservoirs.mistakes import callers_level
from reservoirs.sequences import Array, InitialState

if TYPE_CHECKING:
    import pandas as pd


class FollowingMixin:
    """What `reservoirs.forecast` and `backtest` ask of a forecaster with a model for each series.

    Attributes
    ----------
    bound : float or None
        How far the outputs of a way may leave the range it has learned, in ranges.
    models_ : list of CombinedForecast
        Of each training series.
    training_end_ : TrainingEnd
        Where they ended.
    last_states_ : list of Past
        What is known before the last row of each.
    labels_ : list of pandas.Index or None
        Their labels, where they have some.
    """

    level_bound: ClassVar[None] = None  # each way has bounds of its own: a trend leaves the range
    transforms_itself: ClassVar[bool] = True  # no step before it is undone
    bound: float | None
    models_: list[CombinedForecast]
    training_end_: TrainingEnd
    last_states_: list[Past]
    labels_: list[pd.Index | None]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "models_")

    def numbers_of(self, names: pd.Index | None, n_series: int) -> list[int | None]:
        """Return which training series each of some series is.

        Parameters
        ----------
        names : pandas.Index or None
            What they are called.
        n_series : int
            How many there are.

        Returns
        -------
        list of int or None
            By name where both have names, else by place where there are as many as in `fit`; None
            for a series that is none of them.
        """
        return match_numbers(self.training_end_.outer, len(self.models_), names, n_series)

    def start_in(self, number: int | None, initial_state: InitialState) -> Past:
        """Return what is known before the first row of a series.

        Parameters
        ----------
        number : int or None
            Which training series it is.
        initial_state : None
            Nothing else has a meaning.

        Returns
        -------
        Past
            Nothing but the ways of that series.

        Raises
        ------
        ValueError
            If it is none of them, or a state is given.
        """
        if initial_state is not None:
            raise ValueError("initial_state has no meaning here: pass earlier rows as context")
        if number is None:
            raise ValueError(
                f"Forecaster has ways of its own for each of the {len(self.models_)} series of "
                "fit, and this series is none of them; pass as many, in their order, or a "
                "DataFrame with their names, or fit it"
            )
        return self.models_[number].start(number)

    def _start_states(self, initial_state: InitialState, n_series: int) -> list[Past]:
        numbers = self.numbers_of(None, n_series)
        return [self.start_in(number, initial_state) for number in numbers]

    def _drive(self, rows: Array, state: Past) -> tuple[Array, Past]:
        """Return the forecast of the next row after every row, and what is known after the last."""
        d = self.training_end_.n_outputs
        return self.models_[state.number].drive(rows[:, :d], rows[:, d:], state)

    @contextmanager
    def _row_runner(self, state: Past) -> Iterator[Step]:
        def step(row: Array) -> Array:
            nonlocal state
            values, state = self._drive(row[None], state)
            of_row: Array = values[0]
            return of_row

        yield step

    def _closed_loop(
        self,
        observation: Array,
        exog: Array,
        loop: Loop,
        state: Past,
        bounds: Bounds | None = None,
    ) -> Array:
        """Return the forecast of one series, of all ways together; say where they were held."""
        model = self.models_[state.number]
        values, step = model.forecast(observation, exog, state, self.bound)
        held = hold(values, bounds)
        if step is not None and (bounds is None or left_at(held, bounds) is None):  # said once
            what = f"of series {state.number} " if len(self.models_) > 1 else ""
            warnings.warn(
                ForecastDivergedWarning(
                    f"the forecast {what}met its bound at step {step} of {len(exog)}: most ways "
                    "leave the range of what they have learned, and are held there (bound=None "
                    "lets them go). Give the season, a shorter horizon, or a longer series",
                    step,
                ),
                stacklevel=callers_level(),
            )
        return held

    def _interval(
        self, values: Array, state: Past, levels: list[float], start: Start | None = None
    ) -> tuple[Array, Array]:
        """Return the ends of intervals around the forecast of one series."""
        widths = self.models_[state.number].half_widths(len(values), levels)
        return values - widths, values + widths
