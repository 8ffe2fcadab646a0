"""`backtest`: forecasts from many origins along a series, without refitting."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from reservoirs.forecasting.bounds import choose_bound, find_bounds, warn_of_divergence
from reservoirs.forecasting.building import closed_loop_model
from reservoirs.forecasting.columns import Columns
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.nodes import State
from reservoirs.forecasting.panels import match_series, open_panel
from reservoirs.forecasting.runs import fill_observations, input_rows, run_closed_loop, settle
from reservoirs.forecasting.starts import start_of, training_numbers
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.labels import is_frame, load_pandas
from reservoirs.sequences import Array, SeriesLike

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator


def backtest(
    model: ClosedLoopModel | BaseEstimator,
    series: SeriesLike,
    *,
    horizon: int,
    step: int,
    exog: SeriesLike = None,
    bound: float | str | None = "auto",
) -> tuple[SeriesLike, SeriesLike]:
    """Forecast from many origins along a series, without refitting.

    Origins are the rows step - 1, 2 step - 1, ... that have `horizon` rows after them; each
    forecast knows the series up to and including its origin.

    Parameters
    ----------
    model : estimator
        Fitted, as for `forecast`.
    series : array-like of shape (n_rows,) or (n_rows, n_outputs), list of arrays or DataFrame
        Observations, of one series or of several.
    horizon : int
        Steps per forecast.
    step : int
        Rows between origins.
    exog : array-like of shape (n_rows, n_exog), list of arrays or DataFrame, default=None
        Known inputs, one row per row of the series; a DataFrame by its labels.
    bound : float, None or "auto", default="auto"
        As for `forecast`; the context of an origin are the rows up to it.

    Returns
    -------
    truth : array of shape (n_origins, horizon, n_outputs), or DataFrame
        The observations after each origin, NaN where there was none (in the series before an origin
        the model's own predictions stand in); one array per series where there are several. Of a
        DataFrame a DataFrame, its rows labelled by the origin and by their own label.
    forecast : array of shape (n_origins, horizon, n_outputs), or DataFrame
        The forecasts of them.

    Raises
    ------
    TypeError
        If no part of the model is of this library.
    ValueError
        If the loop cannot close, or the series is too short for one origin.

    Warns
    -----
    ForecastDivergedWarning
        If a forecast meets its bound; without one, if it diverges, and then its rows are NaN from
        there on.

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
    fitted, margin = choose_bound(closed_loop_model(model), bound)
    end = fitted.training_end_
    for name, number in (("horizon", horizon), ("step", step)):
        if not isinstance(number, Integral) or number < 1:
            raise ValueError(f"{name} must be an integer >= 1, got {number!r}")
    panel, columns = open_panel(series, "series"), Columns(fitted)
    steps = list[int | None]()
    truths, forecasts = [], []
    numbers = training_numbers(fitted, panel)
    inputs_of = match_series(panel, exog, "exog")
    for member, inputs, known in zip(panel.members, inputs_of, numbers, strict=True):
        observations = columns.observations(member, "series")
        rows = columns.exog_along(inputs, member, len(observations))
        origins = range(step - 1, len(observations) - horizon, step)
        if not origins:
            raise ValueError(
                f"series must have at least step + horizon = {step + horizon} rows, got "
                f"{len(observations)}; lower step or horizon"
            )
        state = start_of(fitted, known, None)
        values, left = run_origins(fitted, state, observations, rows, origins, horizon, margin)
        steps += left
        truth = np.stack([observations[o + 1 : o + 1 + horizon] for o in origins])
        if is_frame(member):
            truths.append(_label(truth, member.index, origins, end))
            forecasts.append(_label(values, member.index, origins, end))
        else:
            truths.append(truth)
            forecasts.append(values)
    warn_of_divergence(steps, int(horizon), bounded=margin is not None)
    return panel.restore(truths), panel.restore(forecasts)


def run_origins(
    model: ClosedLoopModel,
    state: State,
    observations: Array,
    exog: Array,
    origins: Sequence[int],
    horizon: int,
    bound: float | None,
) -> tuple[Array, list[int | None]]:
    """Return the forecasts from all origins of one series, and where each met its bounds."""
    state, n_driven, forecasts = settle(model, observations[: origins[0] + 1], exog, state), 0, []
    known, observations = observations, fill_observations(model, observations, exog, state)
    rows = input_rows(model, observations[: len(exog)], exog)
    steps = []
    # one pass along the series: each origin starts from the state that the one before reached
    for origin in origins:
        if origin > n_driven:
            _, state = model._drive(rows[n_driven:origin], state)
            n_driven = origin
        exog_ahead = exog[origin : origin + horizon]
        bounds = find_bounds(model, bound, known[: origin + 1], exog_ahead, state)
        values, step = run_closed_loop(model, observations[origin], exog_ahead, state, bounds)
        forecasts.append(values)
        steps.append(step)
    return np.stack(forecasts), steps


def _label(values: Array, labels: pd.Index, origins: range, end: TrainingEnd) -> pd.DataFrame:
    """Return values of many origins as a DataFrame: its rows have the origin and their label."""
    pd = load_pandas()
    n_origins, horizon, n_outputs = values.shape
    rows = np.add.outer(np.asarray(origins), 1 + np.arange(horizon)).ravel()
    index = pd.MultiIndex.from_arrays(
        [labels[np.repeat(np.asarray(origins), horizon)], labels[rows]],
        names=["origin", labels.name],
    )
    return pd.DataFrame(values.reshape(-1, n_outputs), index=index, columns=end.columns)
