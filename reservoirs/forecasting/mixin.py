"""What makes a regressor a forecaster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from reservoirs.forecasting.closed_loop import backtest, forecast
from reservoirs.forecasting.loop import DIVERGED, Loop
from reservoirs.forecasting.progress import CallbackSupportMixin
from reservoirs.forecasting.settings import check_settings
from reservoirs.forecasting.shaping import shaped_prediction
from reservoirs.parallel import in_order
from reservoirs.persistence.stamp import Stamped
from reservoirs.sequences import (
    Array,
    Layout,
    check_rows,
    check_targets,
    context_rows,
    flatten,
)

Step = Callable[[Array], Array]


class SeriesMixin(Stamped, CallbackSupportMixin):
    """Outputs of an estimator that carries a state along each series.

    It provides `_start_states(initial_state, n_series)`, `_drive(rows, state)` and `_read(rows,
    state)`: outputs of one series and its last state, per step, and as the targets were.
    """

    def _outputs(
        self, X: Any, context: Any, initial_state: Any, series_id: Any
    ) -> tuple[Array, Layout, list[Array]]:
        """Return the outputs of all series, their layout, and the last state of each."""
        check_is_fitted(self)
        model: Any = self
        check_settings(model)  # set_params may have come after fit
        rows, layout = check_rows(self, X, series_id=series_id, reset=False)
        states = model._start_states(initial_state, layout.n_series)
        before = context_rows(self, context, layout)

        def run(i: int, span: slice) -> tuple[Array, Array]:
            state = states[i]
            if before is not None:
                _, state = model._drive(before[i], state)
            return model._read(rows[span], state)

        pairs = in_order(run, enumerate(layout.slices()), getattr(self, "n_jobs", None))
        found, ends = zip(*pairs, strict=True)
        return np.concatenate(found), layout, list(ends)

    @contextmanager
    def _stepping(self, state: Any) -> Iterator[Step]:
        """Yield a function that takes one row after the other, and returns the outputs after it."""
        model: Any = self

        def step(row: Array) -> Array:
            nonlocal state
            outputs, state = model._drive(row[None], state)
            values: Array = outputs[0]
            return values

        yield step

    def _stack_states(self, states: list[Array]) -> Array:
        return np.stack(states)


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
