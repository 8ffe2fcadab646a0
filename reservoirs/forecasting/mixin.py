"""What makes a regressor a forecaster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.series import SeriesMixin, States, split_context
from reservoirs.forecasting.backtesting import backtest
from reservoirs.forecasting.bounds import Bounds
from reservoirs.forecasting.closed_loop import forecast
from reservoirs.forecasting.filler import Filler, fill_inputs
from reservoirs.forecasting.frames import drop_output_axis
from reservoirs.forecasting.gaps import WholeStarts, complete_end, open_rows, passes
from reservoirs.forecasting.held_out import LoopOrigins, find_residuals, in_sample_residuals
from reservoirs.forecasting.interval_rows import IntervalRows
from reservoirs.forecasting.intervals import ROLLING, check_coverage, half_widths
from reservoirs.forecasting.loop import DIVERGED, Loop
from reservoirs.forecasting.own_units import refuse_transformed, unscale
from reservoirs.forecasting.runs import feed_back
from reservoirs.forecasting.start import Start
from reservoirs.forecasting.training_end import TrainingEnd, check_output_names
from reservoirs.missing import MissingValuesError
from reservoirs.sequences import Array, InitialState, Layout, SeriesLike, flatten
from reservoirs.targets import Targets, check_targets


class ForecastMixin(SeriesMixin):
    """`predict`, `forecast`, `backtest` and `score` of a regressor that carries a state.

    It provides what `SeriesMixin` asks for, and its `fit` sets `training_end_` and `last_states_`.

    Attributes
    ----------
    training_end_ : TrainingEnd
        Where the training series ended.
    own_units_ : bool
        Set, to True, where targets were learned in the units of their own series.
    interval_rows_ : IntervalRows or None
        The last training rows, for intervals; None where a forecast cannot have them.
    transformed_target_ : bool
        Set, to True, where what `Log` or `Difference` made of the targets was learned.
    """

    training_end_: TrainingEnd
    own_units_: bool
    interval_rows_: IntervalRows | None
    bound: float | None
    interval_origins: int | None
    transformed_target_: bool

    @property
    def n_outputs_(self) -> int:
        """Number of outputs."""
        return self.training_end_.n_outputs

    @property
    def loop_(self) -> Loop | None:
        """Scale and shift from y[t] to X[t+1, :n_outputs]; None where the loop cannot close."""
        return self.training_end_.loop

    @property
    def layout_(self) -> Layout:
        """Container and series of the X of `fit`."""
        return self.training_end_.layout

    @inherit_parameters(SERIES)
    def predict(
        self,
        X: SeriesLike,
        *,
        context: SeriesLike = None,
        initial_state: InitialState = None,
        return_state: bool = False,
        series_id: SeriesLike = None,
    ) -> SeriesLike:
        """Predict with a known input; gaps in what a forecast feeds back are filled by its outputs.

        Parameters
        ----------
        return_state : bool, default=False
            Also return the state after the last row of each series.

        Returns
        -------
        predictions : array, list of arrays
            One row per row of X in the container of X, or one row per series.
        states : array of shape (n_series, state_size)
            States after the last rows, only with return_state.

        Raises
        ------
        ValueError
            For bad data, another number of contexts than series, or a state that cannot be used.
        """
        refuse_transformed(self)
        values, layout, ends = self._outputs(X, context, initial_state, series_id)
        values = unscale(self, values, X, layout)
        values = drop_output_axis(values, self.training_end_.flat_targets)
        predictions = self._restored(values, layout)
        return (predictions, self._stack_states(ends)) if return_state else predictions

    def _open(
        self,
        X: SeriesLike,
        context: SeriesLike,
        initial_state: InitialState,
        series_id: SeriesLike,
    ) -> tuple[Array, Layout, States, list[Array] | None]:
        """Return checked rows, the states before them and earlier rows, their gaps filled."""
        try:
            return super()._open(X, context, initial_state, series_id)
        except MissingValuesError:
            pass
        rows, layout, gaps = open_rows(self, X, series_id=series_id, reset=False)
        earlier, of_context = None, None
        if context is not None:
            before, pieces, of_context = open_rows(self, context, reset=False, where="context")
            earlier = split_context(before, pieces, layout)
        for missing in (of_context, gaps):
            if missing is not None:
                missing.check(self.loop_, starts=missing is of_context or context is None)
        states = self._start_states(initial_state, layout.n_series)
        filler = Filler(self._drive, self.loop_, self.training_end_.target_size)
        rows, earlier = fill_inputs(filler, rows, layout, earlier, states)
        return rows, layout, states, earlier

    def _training_starts(self, n_series: int) -> States:
        """Return the state before each training series, as training had it."""
        return self._start_states(None, n_series)

    def _passes(
        self, data: WholeStarts, loop: Loop | None, *, fitted: bool = False
    ) -> Iterator[tuple[Array, Targets]]:
        """Yield the rows and the targets of every pass of a fit."""
        filler = Filler(self._drive, loop, data.targets.largest)
        return passes(filler, self._training_starts, data, fitted=fitted)

    def _complete(self, end: TrainingEnd, data: WholeStarts, *, changed: bool) -> TrainingEnd:
        """Return the end of training without NaN; store the states there."""
        filler = Filler(self._drive, end.loop, end.target_size)
        end, states = complete_end(filler, self._training_starts, end, data, changed=changed)
        for number, state in states.items():
            self.last_states_[number] = state
        return end

    def _closed_loop(
        self,
        observation: Array,
        exog: Array,
        loop: Loop,
        state: Array,
        bounds: Bounds | None = None,
    ) -> Array:
        """Feed every prediction back, row by row; an estimator with a compiled loop has its own."""
        scale, shift = loop
        limit = DIVERGED * self.training_end_.target_size

        def next_row(observation: Array, inputs: Array) -> Array:
            return np.concatenate([observation * scale + shift, inputs])

        with self._row_runner(state) as step:
            return feed_back(step, next_row, observation, exog, limit, bounds)

    def _settled(self, kept: IntervalRows) -> Array:
        """Return which kept rows, (n_rows,) of bool, loops may start from."""
        return np.ones(len(kept.rows), dtype=bool)

    _widened = ROLLING  # a factor of intervals

    def _loop_residuals(self, origins: LoopOrigins) -> Array:
        """Return the errors of loops, (n_loops, horizon, n_outputs), along rows that were learned.

        A readout that can be had without some rows has its own.
        """
        return in_sample_residuals(self, origins)

    def _interval(
        self, values: Array, state: Array, levels: list[float], start: Start | None = None
    ) -> tuple[Array, Array]:
        """Return the ends of intervals around a forecast, in the units of the targets learned."""
        widths = self._half_widths(len(values), levels)
        return values - widths, values + widths

    def _half_widths(
        self, n_steps: int, levels: list[float], undo: Callable[[Array], Array] | None = None
    ) -> Array:
        """Return half the width of intervals, (n_levels, n_steps, n_outputs).

        `undo` takes the errors of loops to the units wanted.
        """
        residuals = find_residuals(self)
        check_coverage(levels, len(residuals), "raise interval_origins, or fit a longer series")
        errors = residuals if undo is None else undo(residuals)
        return half_widths(errors, n_steps, levels, widened=self._widened)

    @inherit_parameters(forecast)
    def forecast(
        self,
        n_steps: int,
        *,
        context: SeriesLike = None,
        exog: SeriesLike = None,
        initial_state: InitialState = None,
        bound: float | str | None = "auto",
        level: float | Sequence[float] | None = None,
    ) -> SeriesLike:
        """Forecast in a closed loop; `reservoirs.forecast` tells the rules.

        Returns
        -------
        array of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
            The forecast, 1-D where y was; without context one per training series. With a level a
            tuple of it, the lower and the upper ends; a DataFrame has columns for these.
        """
        return forecast(
            self,
            n_steps,
            context=context,
            exog=exog,
            initial_state=initial_state,
            bound=bound,
            level=level,
        )

    @inherit_parameters(backtest)
    def backtest(
        self,
        series: SeriesLike,
        *,
        horizon: int,
        step: int,
        exog: SeriesLike = None,
        bound: float | str | None = "auto",
    ) -> tuple[Array, Array]:
        """Forecast from many origins without refitting; `reservoirs.backtest` tells the rules.

        Returns
        -------
        truth : array of shape (n_origins, horizon, n_outputs)
            The observations after each origin.
        forecast : array of shape (n_origins, horizon, n_outputs)
            The forecasts of them.
        """
        return backtest(self, series, horizon=horizon, step=step, exog=exog, bound=bound)

    @inherit_parameters(SERIES)
    def score(
        self,
        X: SeriesLike,
        y: SeriesLike,
        sample_weight: SeriesLike = None,
        *,
        series_id: SeriesLike = None,
    ) -> float:
        """Return R^2 of the predictions, over all rows of all series that have a target.

        Where a series begins in a gap of X, so does the score after it: a fold of a
        cross-validation may do so.

        Returns
        -------
        float
            1 for perfect predictions, 0 for the mean of the targets.
        """
        from sklearn.metrics import r2_score  # not for `import reservoirs`

        _, layout = flatten(X, series_id)
        check_is_fitted(self)
        refuse_transformed(self)
        check_output_names(y, self.training_end_)
        targets = check_targets(self, y, layout, allow_nan=True)
        try:
            predicted = self.predict(X, series_id=series_id)
        except MissingValuesError:
            predicted = self._predict_after_starts(X, series_id)
        if isinstance(predicted, list):
            predicted = np.concatenate(predicted)
        predicted = np.reshape(predicted, targets.rows.shape)
        known, weights = np.zeros(len(predicted), dtype=bool), sample_weight
        known[targets.known] = True
        known &= ~np.isnan(predicted).any(axis=1)
        weights = weights if weights is None else np.asarray(weights)[known]
        return float(r2_score(targets.rows[known], predicted[known], sample_weight=weights))

    def _predict_after_starts(self, X: SeriesLike, series_id: SeriesLike) -> Array:
        """Return predictions from the first whole row of each series on, NaN before it."""
        rows, layout, gaps = open_rows(self, X, series_id=series_id, reset=False)
        assert gaps is not None  # `predict` has found some
        whole = gaps.after_starts()
        lengths = [int(whole[span].sum()) for span in layout.slices()]
        gaps.check(self.loop_, starts=not any(lengths))
        pieces = Layout("list", tuple(filter(None, lengths)))
        states = self._start_states(None, pieces.n_series)
        filler = Filler(self._drive, self.loop_, self.training_end_.target_size)
        filled, _ = fill_inputs(filler, rows[whole], pieces, None, states)
        read = np.concatenate(self._read_all(filled, pieces, states)[0])
        values = np.full((len(rows), read.shape[1]), np.nan)
        values[whole] = read
        return unscale(self, values, X, layout)

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn has no stubs
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        # before `fit` only the data can tell: NaN is filled where they close a loop, else refused
        tags.input_tags.allow_nan = getattr(self, "loop_", None) is not None
        return tags
