"""`backtest`: forecasts from many origins along a series, without refitting."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from reservoirs.forecasting.model import ClosedLoopModel, split_pipeline
from reservoirs.forecasting.runs import input_rows, run_closed_loop
from reservoirs.forecasting.starts import check_exog, check_observations, count_exog
from reservoirs.forecasting.training_end import check_loop
from reservoirs.sequences import Array, SeriesLike

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def backtest(
    model: ClosedLoopModel | Pipeline,
    series: SeriesLike,
    *,
    horizon: int,
    step: int,
    exog: SeriesLike = None,
) -> tuple[Array, Array]:
    """Forecast from many origins along a series, without refitting.

    Origins are the rows step - 1, 2 step - 1, ... that have `horizon` rows after them; each
    forecast knows the series up to and including its origin.

    Parameters
    ----------
    model : estimator or Pipeline
        A fitted regressor of this library, or a Pipeline that ends in one, as for `forecast`.
    series : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Observations.
    horizon : int
        Steps per forecast.
    step : int
        Rows between origins.
    exog : array-like of shape (n_rows, n_exog), default=None
        Known inputs, row j enters with observation j.

    Returns
    -------
    truth : array of shape (n_origins, horizon, n_outputs)
        The observations after each origin.
    forecast : array of shape (n_origins, horizon, n_outputs)
        The forecasts of them.

    Raises
    ------
    TypeError
        If the model is neither a regressor of this library nor a Pipeline that ends in one.
    ValueError
        If the loop cannot close, or the series is too short for one origin.

    Warns
    -----
    ForecastDivergedWarning
        If a forecast diverges; its rows are NaN from there on.

    See Also
    --------
    forecast : One forecast, from the end of training or after a context.
    reservoirs.model_selection.RollingOriginSplit : Refit at every origin instead.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import ESNRegressor, backtest, next_step
    >>> wave = np.sin(0.2 * np.arange(400))
    >>> model = ESNRegressor(n_units=50, random_state=0).fit(*next_step(wave[:300]))
    >>> truth, predicted = backtest(model, wave[300:], horizon=10, step=30)
    >>> truth.shape, predicted.shape
    ((3, 10, 1), (3, 10, 1))
    """
    estimator, pipeline = split_pipeline(model)
    end = estimator.training_end_
    check_loop(end, piped=pipeline is not None)
    for name, number in (("horizon", horizon), ("step", step)):
        if not isinstance(number, Integral) or number < 1:
            raise ValueError(f"{name} must be an integer >= 1, got {number!r}")
    observations = check_observations(series, end.n_outputs, "series")
    origins = range(step - 1, len(observations) - horizon, step)
    if not origins:
        raise ValueError(
            f"series must have at least step + horizon = {step + horizon} rows, got "
            f"{len(observations)}; lower step or horizon"
        )
    inputs = check_exog(exog, len(observations), count_exog(estimator, pipeline), exact=False)
    rows = input_rows(pipeline, end.loop, observations, inputs)
    state, n_driven, forecasts = estimator._start_states(None, 1)[0], 0, []
    # one pass along the series: each origin starts from the state that the one before reached
    for origin in origins:
        if origin > n_driven:
            _, state = estimator._drive(rows[n_driven:origin], state)
            n_driven = origin
        exog_ahead = inputs[origin : origin + horizon]
        forecasts.append(
            run_closed_loop(estimator, pipeline, observations[origin], exog_ahead, state)
        )
    truth = np.stack([observations[o + 1 : o + 1 + horizon] for o in origins])
    return truth, np.stack(forecasts)
