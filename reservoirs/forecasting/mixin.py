"""What makes a regressor a forecaster."""

from __future__ import annotations

from typing import Any

import numpy as np

from reservoirs.estimators.series import SeriesMixin
from reservoirs.forecasting.closed_loop import backtest, forecast
from reservoirs.forecasting.frames import shaped_prediction
from reservoirs.forecasting.loop import DIVERGED, Loop
from reservoirs.sequences import Array, flatten
from reservoirs.targets import check_targets


class ForecastMixin(SeriesMixin):
    """`predict`, `forecast`, `backtest` and `score` of a regressor that carries a state.

    It provides what `SeriesMixin` asks for and calls `remember` at the end of `fit`.
    """

    def predict(
        self,
        X: Any,
        *,
        context: Any = None,
        initial_state: Any = None,
        return_state: bool = False,
        series_id: Any = None,
    ) -> Any:
        """Predict with a known input.

        Parameters
        ----------
        X : any container of series
        context : rows just before X, run first and not returned: (n, n_features), or one array
            per series
        initial_state : (state_size,) or (n_series, state_size) before the first row (of context,
            where given), or a word the estimator knows; None is its own rule
        return_state : also return the state after the last row of each series
        series_id : (n_rows,) ids of a 2-D X

        Returns
        -------
        predictions in the container of X, one row per row of X (or per series); with
        return_state a pair with the states (n_series, state_size)

        Raises
        ------
        ValueError
            For bad data, another number of contexts than series, or a state that cannot be used.
        """
        values, layout, ends = self._outputs(X, context, initial_state, series_id)
        result = shaped_prediction(self, values, layout)
        return (result, self._stack_states(ends)) if return_state else result

    def _free_run(self, observation: Array, exog: Array, loop: Loop, state: Any) -> Array:
        """Feed every prediction back, row by row; an estimator with a compiled loop has its own."""
        scale, shift = loop
        model: Any = self
        values = np.full((len(exog), len(observation)), np.nan)
        with self._stepping(state) as step:
            for t, known in enumerate(exog):
                row = np.concatenate([observation * scale + shift, known])
                values[t] = observation = step(row)
                if not np.abs(observation).max() < DIVERGED * model.target_size_:
                    break
        return values

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
        from sklearn.metrics import r2_score  # not for `import reservoirs`

        _, layout = flatten(X, series_id)
        targets = check_targets(self, y, layout).rows
        predicted = self.predict(X, series_id=series_id)
        if isinstance(predicted, list):
            predicted = np.concatenate(predicted)
        return float(
            r2_score(targets, np.reshape(predicted, targets.shape), sample_weight=sample_weight)
        )

    def _check_closed(self, piped: bool) -> None:
        if self.target_kind_ == "per_series":
            raise ValueError(
                "forecast needs targets per step, but this model was fitted with one target per "
                "series; build X and y with next_step(series)"
            )
        if self.loop_ is None and not piped:
            raise ValueError(
                "the loop cannot close: forecast needs y[t] to be the observation X[t+1, "
                ":n_outputs] (up to a scale and a shift per column), and the data of fit are not "
                "built so; use X, y = next_step(series, exog)"
            )
