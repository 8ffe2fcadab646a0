"""The closed loop of an echo state network."""

from __future__ import annotations

import numpy as np

from reservoirs import compiled
from reservoirs.esn.nearest import OpenStart, start_loop
from reservoirs.forecasting import Bounds, ForecastMixin, Loop, hold
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array


class LoopingMixin(ForecastMixin):
    """Forecasts of a reservoir with a readout, by a compiled loop."""

    reservoir_: Reservoir
    coef_: Array
    intercept_: Array

    def _training_starts(self, n_series: int) -> Array:
        return self.reservoir_.check_state(None, n_series)

    def _closed_loop(
        self,
        observation: Array,
        exog: Array,
        loop: Loop,
        state: Array,
        bounds: Bounds | None = None,
    ) -> Array:
        if isinstance(state, OpenStart):
            first, observation, state = start_loop(
                state, self._drive, loop, observation, exog, lambda y: hold(y, bounds)
            )
            if isinstance(state, OpenStart) or len(first) == len(exog):
                return first
            rest = self._closed_loop(observation, exog[len(first) :], loop, state, bounds)
            return np.vstack([first, rest])
        readout = (self.coef_, self.intercept_)
        return compiled.closed_loops.run_closed_loop(
            observation, exog, state, self.reservoir_.pack(), loop, readout, bounds
        )
