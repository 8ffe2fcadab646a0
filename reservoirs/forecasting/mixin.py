"""What makes a regressor a forecaster."""

from __future__ import annotations

from typing import Any

import numpy as np

from reservoirs.forecasting.closed_loop import backtest, forecast
from reservoirs.sequences import Array, check_targets, flatten


class ForecastMixin:
    """`forecast` and `backtest` as methods, and what a regressor keeps to support them.

    A regressor provides `_start_states(initial_state, n_series)`, `_drive(rows, state)` and
    `_free_run(observation, exog, loop, state)`, and calls `remember` at the end of `fit`.
    """

    def forecast(
        self, n_steps: int, *, context: Any = None, exog: Any = None, initial_state: Any = None
    ) -> Any:
        """Forecast in a closed loop; see `reservoirs.forecast` for the arguments and the rules."""
        return forecast(self, n_steps, context=context, exog=exog, initial_state=initial_state)

    def backtest(
        self, series: Any, *, horizon: int, step: int, exog: Any = None
    ) -> tuple[Array, Array]:
        """Forecast from many origins without refitting; see `reservoirs.backtest`."""
        return backtest(self, series, horizon=horizon, step=step, exog=exog)

    def score(self, X: Any, y: Any, sample_weight: Any = None, *, series_id: Any = None) -> float:
        """Return R^2 of the predictions, over all rows of all series.

        Parameters
        ----------
        X : any container of series
        y : targets, as in `fit`
        sample_weight : (n_rows,) weights, or None
        series_id : (n_rows,) ids of a 2-D X
        """
        from sklearn.metrics import r2_score

        _, layout = flatten(X, series_id)
        targets = check_targets(self, y, layout).rows
        predicted = self.predict(X, series_id=series_id)  # type: ignore[attr-defined] # a mixin
        if isinstance(predicted, list):
            predicted = np.concatenate(predicted)
        return float(
            r2_score(targets, np.reshape(predicted, targets.shape), sample_weight=sample_weight)
        )

    def _check_closed(self, piped: bool) -> None:
        if self.target_kind_ == "per_series":  # type: ignore[attr-defined] # set by fit
            raise ValueError(
                "forecast needs targets per step, but this model was fitted with one target per "
                "series; build X and y with next_step(series)"
            )
        if self.loop_ is None and not piped:  # type: ignore[attr-defined] # set by fit
            raise ValueError(
                "the loop cannot close: forecast needs y[t] to be the observation X[t+1, "
                ":n_outputs] (up to a scale and a shift per column), and the data of fit are not "
                "built so; use X, y = next_step(series, exog)"
            )
